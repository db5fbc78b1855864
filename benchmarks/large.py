"""Photographs of many megapixels: time, memory and bytes of encodes, against AVIF; what decoding them and a part costs.

    pip install '.[bench]' && python benchmarks/large.py photo.jpg --preset fast --tune psnr --prices 0.001,0.0002

AVIF is aom's, 4:4:4, speed 6, with the tune that suits; its bytes are those of the same PSNR, or SSIMULACRA 2, between
the points of its curve. Times that are compared are taken in turn.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import coincodec
from coincodec import native
from coincodec.bench import codecs
from coincodec.looks.ssimulacra2 import Ssimulacra2
from coincodec.metrics import rgb_psnr
from decode import in_turn
from memory import MEASURE

AVIF = {"psnr": "avif", "eye": "avif-eye"}
SIDE = 512

# A process of its own, for the peak of its memory.
ENCODE = """
import json, sys, time
import numpy as np
from PIL import Image
import coincodec
source, target, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
picture = Image.open(source).convert("RGB")
picture.load()
begun = time.perf_counter()
data = coincodec.encode(picture, **options)
print(time.perf_counter() - begun)
open(target, "wb").write(data)
"""


def curve(name: str, picture: np.ndarray, quality_of) -> list[tuple[float, int]]:  # type: ignore[no-untyped-def]
    """Quality and bytes of another codec's points, from low to high."""
    codec = codecs.make(name)
    points = []
    for point in codec.points:
        data = codec.encode(picture, point)
        points.append((quality_of(codec.decode(data)), len(data)))
    return sorted(points)


def bytes_at(points: list[tuple[float, int]], quality: float) -> float:
    """Of a codec at a quality, logarithms in a straight line between its points; not a number beyond them."""
    qualities, sizes = zip(*points, strict=True)
    return float(np.exp(np.interp(quality, qualities, np.log(sizes), np.nan, np.nan)))


def decoding(data: bytes, width: int, height: int) -> str:
    """Times of the whole picture and of a part in its middle."""
    left, top = (width - SIDE) // 2 // SIDE * SIDE, (height - SIDE) // 2 // SIDE * SIDE
    aligned, shifted = ((left + s, top + s, left + s + SIDE, top + s + SIDE) for s in (0, 100))
    threads = native.resolve_threads(None)
    works = {
        "whole": lambda: coincodec.decode(data, threads=threads),
        "one thread": lambda: coincodec.decode(data, threads=1),
        "a part": lambda: coincodec.decode(data, region=aligned, threads=threads),
        "shifted": lambda: coincodec.decode(data, region=shifted, threads=threads),
    }
    times = {name: float(np.median(found)) for name, found in in_turn(works, 5).items()}
    whole = times.pop("whole")
    parts = ", ".join(f"{name} {seconds / whole:.3f}x" for name, seconds in times.items())
    return f"decode {whole:.2f} s, {parts}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--tune", default="psnr", choices=AVIF)
    parser.add_argument("--prices", default="0.001,0.0002")
    options = parser.parse_args()
    for path in options.pictures:
        picture = np.asarray(Image.open(path).convert("RGB"))
        height, width, _ = picture.shape
        if options.tune == "eye":
            looks = Ssimulacra2(picture, native.resolve_threads(None))
        quality_of = looks if options.tune == "eye" else lambda shown, of=picture: rgb_psnr(shown, of)
        other = curve(AVIF[options.tune], picture, quality_of)
        print(f"{path.name}, {width}x{height}, {options.preset}, {options.tune}", flush=True)
        for price in map(float, options.prices.split(",")):
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "picture.coin"
                asked = json.dumps(
                    {"lambda_": price, "preset": options.preset, "tune": options.tune, "model": "latent"}
                )
                command = [sys.executable, "-c", MEASURE, sys.executable, "-c", ENCODE, str(path), str(target), asked]
                seconds, kilobytes = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
                data = target.read_bytes()
            quality = quality_of(np.asarray(coincodec.decode(data)))
            against = 100 * (len(data) / bytes_at(other, quality) - 1)
            print(
                f"  {price:g}: {8 * len(data) / height / width:.4f} bits per pixel, {quality:.2f}, {against:+.1f} % of "
                f"AVIF's bytes; {float(seconds):.0f} s, {int(kilobytes) / 1024:.0f} MB; "
                f"{decoding(data, width, height)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
