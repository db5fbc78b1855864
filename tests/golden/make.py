"""Writes the golden files of the current version of the format, those that do not exist yet.

A golden file is never rewritten: it holds what some encoder has written, and every later decoder must
read it. Run as `python tests/golden/make.py` after adding a case.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import skimage.data

import coincodec
from coincodec import container
from coincodec.latent import stream as latent_stream
from coincodec.siren import stream
from coincodec.siren.model import SirenShape

sys.path.insert(0, str(Path(__file__).parents[1]))
import grids

FOLDER = Path(__file__).parent / f"v{container.VERSION}"


def picture(height: int, width: int, channels: int, dtype: type) -> np.ndarray:
    """Smooth, with an edge, different in every channel."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    planes = [y, x, 0.5 + 0.5 * np.sin(9 * x + 4 * y), np.where(x > y, 0.9, 0.2)][-channels:]
    return np.round(np.stack(planes, -1) * np.iinfo(dtype).max).astype(dtype)


def worked_example() -> bytes:
    """The stream that docs/format.md takes apart: 3x2 grey, one sine layer of one feature."""
    shape = SirenShape(2, 1, 1, 1)
    weights = np.array([0, 1.5, 0.25, 0.5, 0.5], np.float32)
    header = container.Header(stream.FAMILY, 3, 2, 1, 8, stream.header_parameters(shape))
    return container.write(header, [stream.write_half(shape, weights)])


def worked_example_coded() -> bytes:
    """The same network with integer weights: every step 1/4."""
    shape = SirenShape(2, 1, 1, 1)
    levels = (np.array([[0, 6, 1]], np.int32), np.array([[2, 2]], np.int32))
    header = container.Header(stream.FAMILY, 3, 2, 1, 8, stream.header_parameters(shape))
    return container.write(header, [stream.write_coded(shape, stream.QuantisedWeights(levels, (48, 48)))])


def golden(name: str) -> bytes:
    """A golden stream."""
    return (FOLDER / f"{name}.coin").read_bytes()


def in_tiles(data: bytes, bits: list[int]) -> bytes:
    """A stream with its finest grids in tiles of 2^bits, the others whole."""
    levels = latent_stream.read_shape(container.read_layout(data).header).levels
    return grids.in_tiles(data, [*bits, *[20] * levels][:levels])


def main() -> None:
    """Writes what is missing."""
    fitted = {"layers": 3, "width": 10, "steps": 400, "weights": "fp16"}
    coded = {**fitted, "weights": "coded"}
    latent = {"model": "latent", "preset": "fast", "steps": 200}
    streams = {
        "siren-fp16-worked-example": worked_example,
        "siren-fp16-rgb8": lambda: coincodec.encode(picture(24, 40, 3, np.uint8), **fitted),
        "siren-fp16-rgba8": lambda: coincodec.encode(picture(33, 17, 4, np.uint8), **fitted),
        "siren-fp16-grey16": lambda: coincodec.encode(picture(20, 30, 1, np.uint16), **fitted),
        "siren-fp16-greyalpha16": lambda: coincodec.encode(picture(1, 64, 2, np.uint16), **fitted),
        "siren-fp16-paper-preset": lambda: coincodec.encode(
            picture(16, 24, 3, np.uint8), preset="paper", layers=5, width=8, steps=1000
        ),
        "siren-coded-worked-example": worked_example_coded,
        "siren-coded-rgb8": lambda: coincodec.encode(picture(24, 40, 3, np.uint8), **coded),
        "siren-coded-rgba8": lambda: coincodec.encode(picture(33, 17, 4, np.uint8), bits=3.5, **coded),
        "siren-coded-grey16": lambda: coincodec.encode(picture(20, 30, 1, np.uint16), bits=11, **coded),
        "siren-coded-photograph": lambda: coincodec.encode(
            skimage.data.astronaut()[::4, ::4], model="siren", bytes=900
        ),
        # Contexts of the latent streams but those named "magnitudes" take max(., 0): no encoder writes those any more.
        "latent-rgb8": lambda: coincodec.encode(picture(24, 40, 3, np.uint8), **latent),
        "latent-rgba8": lambda: coincodec.encode(picture(33, 17, 4, np.uint8), **latent),
        "latent-grey16": lambda: coincodec.encode(picture(20, 30, 1, np.uint16), **latent, quality=90),
        "latent-one-pixel": lambda: coincodec.encode(picture(1, 1, 3, np.uint8), **latent),
        "latent-large": lambda: coincodec.encode(
            picture(40, 64, 3, np.uint8), model="latent", preset="best", steps=300
        ),
        "latent-photograph": lambda: coincodec.encode(skimage.data.astronaut()[::4, ::4], **latent, bytes=2500),
        "latent-magnitudes-grey16": lambda: coincodec.encode(picture(20, 30, 1, np.uint16), **latent, quality=90),
        "latent-magnitudes-photograph": lambda: coincodec.encode(
            skimage.data.astronaut()[::4, ::4], **latent, quality=60
        ),
        # Networks of these are differences from a start.
        "latent-differences-photograph": lambda: coincodec.encode(
            skimage.data.astronaut()[::4, ::4], **latent, quality=55
        ),
        "latent-differences-greyalpha16": lambda: coincodec.encode(picture(60, 90, 2, np.uint16), **latent),
        "latent-differences-rgba8": lambda: coincodec.encode(picture(33, 40, 4, np.uint8), **latent, quality=80),
        "latent-differences-large": lambda: coincodec.encode(
            skimage.data.chelsea()[::3, ::3], model="latent", preset="best", steps=300, quality=95
        ),
        # Networks of these are codes of a start.
        "latent-codes-photograph": lambda: coincodec.encode(
            skimage.data.astronaut()[::8, ::8], **latent, lambda_=0.004
        ),
        "latent-codes-grey16": lambda: coincodec.encode(
            picture(40, 56, 1, np.uint16), **latent, tune="psnr", lambda_=0.004
        ),
        # Grids of these are in tiles.
        "latent-tiles-large": lambda: in_tiles(golden("latent-differences-large"), [5, 5, 6, 5]),
        "latent-tiles-greyalpha16": lambda: in_tiles(golden("latent-differences-greyalpha16"), [6, 5, 5]),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, make in streams.items():
        path = FOLDER / f"{name}.coin"
        if not path.exists():
            path.write_bytes(make())
            np.save(path.with_suffix(".npy"), coincodec.decode(path.read_bytes()))


if __name__ == "__main__":
    main()
