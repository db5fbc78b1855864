"""How far colours are off after they went in and out, in CIEDE2000, by Little CMS: the table of docs/colour.md.

    pip install '.[bench,demo,deep]' && python benchmarks/colour.py

A photograph in several colour spaces goes through files: written as PNG, coded, decoded to PNG, read again. `coded` is
what coding costs: the same numbers coded as sRGB, then taken for what they are. `kept` is what comes out of
`coin decode`, told by the profile in its PNG. `converted` is `coin decode --srgb` against Little CMS's conversion of
the same samples.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from skimage import color, data

from coincodec import Colour, image
from coincodec.cli import main as coin
from coincodec.colour import icc

CROP = 256
FIT = ("--preset", "instant", "--quality", "85", "--quiet", "--force")

ADOBE = icc.of_chromaticities((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), (0.3127, 0.329), gamma=563 / 256, grey=False)
LAB = ImageCms.createProfile("LAB")
SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True)
class Case:
    """make: samples of the space from those of an sRGB photograph."""

    name: str
    colour: Colour
    make: Callable[[NDArray[np.uint8]], NDArray[np.uint8] | NDArray[np.uint16]]


def as_it_is(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same numbers, which then mean more saturated colours."""
    return photo


def light(photo: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Linear light, 1 being white."""
    v = photo / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def linear(photo: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Linear sRGB of 16 bits."""
    return np.rint(65535 * light(photo)).astype(np.uint16)


def pq(photo: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Rec. 2100 PQ of 16 bits, white at 1,000 nits."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    y = (light(photo) / 10) ** m1
    return np.rint(65535 * ((c1 + c2 * y) / (1 + c3 * y)) ** m2).astype(np.uint16)


def grey(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of one channel."""
    return np.asarray(Image.fromarray(photo).convert("L"))[:, :, None]


CASES = (
    Case("sRGB", Colour(), as_it_is),
    Case("Display P3", Colour(12, 13), as_it_is),
    Case("Adobe RGB (profile)", Colour.of_profile(ADOBE), as_it_is),
    Case("linear sRGB, 16 bits", Colour(1, 8), linear),
    Case("Rec. 2100 PQ, 16 bits", Colour(9, 16), pq),
    Case("grey, gamma 2.2", Colour(1, 4), grey),
)


def of_8_bits(samples: NDArray[np.uint8] | NDArray[np.uint16]) -> Image.Image:
    """For Little CMS, which takes no more; here and there alike."""
    eight = image.to_8_bits(samples)
    return Image.fromarray(eight[:, :, 0] if eight.shape[2] == 1 else eight)


def lab(samples: NDArray[np.uint8] | NDArray[np.uint16], profile: bytes | None) -> NDArray[np.float64]:
    """L*a*b* by Little CMS."""
    picture = of_8_bits(samples)
    source = SRGB if profile is None else ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if profile is None:
        picture = picture.convert("RGB")
    converted = ImageCms.profileToProfile(picture, source, LAB, outputMode="LAB")
    assert converted is not None
    coded = np.asarray(converted).astype(np.int16)
    coded[..., 1:] = coded[..., 1:].astype(np.int8)  # as Pillow has a* and b*
    return coded / (2.55, 1, 1)


def off(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Mean difference."""
    return float(color.deltaE_ciede2000(a, b).mean())


def through(folder: Path, png: bytes, *options: str) -> image.Picture:
    """What comes out of the two commands."""
    (folder / "in.png").write_bytes(png)
    files = [str(folder / name) for name in ("in.png", "a.coin", "out.png")]
    assert coin(["encode", files[0], "-o", files[1], *FIT]) == 0
    assert coin(["decode", files[1], "-o", files[2], "-q", "--force", *options]) == 0
    return image.load(files[2])


def main() -> None:
    """Prints the table."""
    photo = data.astronaut()[:CROP, 96 : 96 + CROP]
    print("| colours | coded | kept | converted |\n| --- | --- | --- | --- |")
    with TemporaryDirectory() as folder:
        for case in CASES:
            samples = case.make(photo)
            profile = case.colour.profile(samples.shape[2] == 1)
            plain = through(Path(folder), image.to_bytes(samples, "PNG").data)
            tagged = image.to_bytes(samples, "PNG", colour=case.colour).data
            kept = through(Path(folder), tagged)
            assert kept.colour == case.colour, kept.colour
            converted = through(Path(folder), tagged, "--srgb").samples
            if profile is None:
                by_little_cms: NDArray[np.float64] = lab(kept.samples, None)
            else:
                picture = of_8_bits(kept.samples)
                source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
                intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
                srgb = ImageCms.profileToProfile(picture, source, SRGB, renderingIntent=intent, outputMode="RGB")
                by_little_cms = lab(np.asarray(srgb), None)
            original = lab(samples, profile)
            figures = (
                off(original, lab(plain.samples, profile)),
                off(original, lab(kept.samples, kept.colour.profile(samples.shape[2] == 1))),
                off(by_little_cms, lab(converted, None)) if case.colour.transfer != 16 else float("nan"),
            )
            print(f"| {case.name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
