"""Small pictures against WebP, AVIF and JPEG: whole files at equal PSNR, or with --tune eye at equal SSIMULACRA 2.

    python benchmarks/small.py FOLDER --sizes 64,128,256 --tune psnr --preset default

Of every picture in the folder a square is taken from the middle and one from the picture made smaller (Lanczos), its
shorter side one and a half times the square's. Others: WebP (method 6), AVIF (speed 6, 4:2:0 and 4:4:4, tune psnr or,
for eyes, ssimulacra2), JPEG (optimised, 4:2:0 and 4:4:4, progressive or not), the smallest of each codec's, between its
qualities straight in the logarithm of bytes. Where ours lies outside a codec's curve there is nothing to compare.
"""

from __future__ import annotations

import argparse
import io
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import coincodec
from coincodec.image import Samples
from coincodec.looks.ssimulacra2 import Ssimulacra2
from coincodec.metrics import rgb_psnr

Judge = Callable[[Samples], float]


def squares(path: Path, side: int) -> Iterator[Samples]:
    """Two of a picture."""
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    shortest = min(whole.size)
    small = whole.resize([round(n * 1.5 * side / shortest) for n in whole.size], Image.Resampling.LANCZOS)
    for picture in (whole, small):
        left, top = ((n - side) // 2 for n in picture.size)
        yield np.ascontiguousarray(picture.crop((left, top, left + side, top + side)))


def settings(tune: str) -> dict[str, list[tuple[str, dict[str, object], range]]]:
    """Of each codec: formats, options and qualities."""
    avif_tune = {"tune": "psnr" if tune == "psnr" else "ssimulacra2"}
    return {
        "WebP": [("WEBP", {"method": 6}, range(1, 100, 4))],
        "AVIF": [
            ("AVIF", {"speed": 6, "subsampling": sub, "advanced": avif_tune}, range(4, 97, 4))
            for sub in ("4:2:0", "4:4:4")
        ],
        "JPEG": [
            ("JPEG", {"optimize": True, "progressive": progressive, "subsampling": sub}, range(4, 97, 4))
            for sub in ("4:2:0", "4:4:4")
            for progressive in (False, True)
        ],
    }


def curve(samples: Samples, judge: Judge, tries: list[tuple[str, dict[str, object], range]]) -> list[tuple[float, int]]:
    """(quality, bytes) of what no other is both better and smaller than, by quality."""
    points = []
    for name, options, qualities in tries:
        for quality in qualities:
            out = io.BytesIO()
            Image.fromarray(samples).save(out, name, quality=quality, **options)
            with Image.open(out) as image:
                points.append((judge(np.asarray(image.convert("RGB"))), len(out.getvalue())))
    best: list[tuple[float, int]] = []
    for value, size in sorted(points, key=lambda p: (p[1], -p[0])):
        if not best or value > best[-1][0]:
            best.append((value, size))
    return best


def against(best: list[tuple[float, int]], value: float, size: int) -> float | None:
    """The logarithm of our bytes in theirs at that quality, if they have it."""
    values = [v for v, _ in best]
    if not values[0] <= value <= values[-1]:
        return None
    return math.log(size) - float(np.interp(value, values, np.log([s for _, s in best])))


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", default="64,128,256")
    parser.add_argument("--tune", default="psnr", choices=("psnr", "eye"))
    parser.add_argument("--preset", default="default")
    parser.add_argument("--prices", default="0.006,0.002,0.0007")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    paths = sorted(p for p in arguments.folder.iterdir() if p.suffix.lower() in (".png", ".jpg", ".webp"))
    print(f"{'size':>6} {'price':>8} {'pictures':>9} {'bytes':>7} {'quality':>8} {'time':>7}   against (compared)")
    for side in map(int, arguments.sizes.split(",")):
        pictures = [samples for path in paths for samples in squares(path, side)]
        rivals = []
        for samples in pictures:
            judge = (lambda s, o=samples: rgb_psnr(s, o)) if arguments.tune == "psnr" else Ssimulacra2(samples, 1)
            rivals.append(
                (judge, {name: curve(samples, judge, tries) for name, tries in settings(arguments.tune).items()})
            )
        for price in map(float, arguments.prices.split(",")):
            ratios, sizes, values, begun = defaultdict(list), [], [], time.perf_counter()
            for samples, (judge, curves) in zip(pictures, rivals, strict=True):
                data = coincodec.encode(
                    samples,
                    model="latent",
                    preset=arguments.preset,
                    tune=arguments.tune,
                    lambda_=price,
                    threads=arguments.threads,
                )
                sizes.append(len(data))
                values.append(judge(coincodec.decode(data)))
                for name, best in curves.items():
                    ratio = against(best, values[-1], len(data))
                    if ratio is not None:
                        ratios[name].append(ratio)
            each = (time.perf_counter() - begun) / len(pictures)
            found = ", ".join(
                f"{name} {100 * math.expm1(np.mean(r)):+.1f} % ({len(r)})" for name, r in sorted(ratios.items())
            )
            print(
                f"{side:6} {price:8} {len(pictures):9} {np.mean(sizes):7.0f} {np.mean(values):8.2f} {each:6.1f}s   "
                + found,
                flush=True,
            )


if __name__ == "__main__":
    main()
