"""Do targets hold? Encodes every picture of a folder at several sizes and qualities, and prints the worst of each.

    COINCODEC_KODAK=FOLDER python benchmarks/targets.py [--model latent] [--preset fast] [--only kodim05,kodim15]

Targets of PSNR are what the files of the byte targets have, rounded up to a tenth of a dB. A file over its bytes, or
under its PSNR, makes the exit status 1. "used" is the share of the bytes that the file has, "over" how many dB the
picture is above what was asked. Times of targets that need a search are
in units of an encode without one: for a PSNR of a siren, one to as many bytes; of a latent model, one at quality 50.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import coincodec
from coincodec import metrics
from coincodec.errors import TargetError

BYTES = {"siren": (1_000, 2_500, 6_000, 14_000), "latent": (4_000, 10_000, 25_000, 60_000)}

Rgb = NDArray[np.uint8]


def pictures(only: str | None) -> Iterator[tuple[str, Rgb]]:
    """Names and samples of the pictures in COINCODEC_KODAK."""
    if "COINCODEC_KODAK" not in os.environ:
        sys.exit("set COINCODEC_KODAK to the folder of the Kodak images")
    for path in sorted(Path(os.environ["COINCODEC_KODAK"]).glob("*.png")):
        if only is None or path.stem in only.split(","):
            yield path.stem, np.asarray(Image.open(path).convert("RGB"))


def encode(samples: Rgb, **options: object) -> tuple[bytes, float]:
    """A stream and the seconds it took."""
    start = time.perf_counter()
    data = coincodec.encode(samples, **options)  # type: ignore[arg-type]
    return data, time.perf_counter() - start


def quality(samples: Rgb, data: bytes) -> float:
    """PSNR of the decoded picture in dB."""
    return metrics.rgb_psnr(coincodec.decode(data), samples)


def main() -> None:
    """Prints a row per picture and target, and a summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=BYTES, default="latent")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--only")
    arguments = parser.parse_args()
    usual = {"model": arguments.model, "preset": arguments.preset}
    used, over, ratios, broken, unreachable = [], [], [], 0, 0
    for name, samples in pictures(arguments.only):
        plain = encode(samples, quality=50, **usual)[1] if arguments.model == "latent" else None
        targets = []
        for budget in BYTES[arguments.model]:
            data, seconds = encode(samples, bytes=budget, **usual)
            used.append(len(data) / budget)
            broken += len(data) > budget
            targets.append(math.ceil(10 * quality(samples, data)) / 10)
            time_of = f"{seconds:.1f} s"
            if plain is not None:
                ratios.append(seconds / plain)
                time_of = f"{ratios[-1]:.2f}x"
            print(f"{name} --bytes {budget}: {len(data):,} bytes, {used[-1]:.2%} used, {time_of}", flush=True)
        for target in targets:
            try:
                data, seconds = encode(samples, psnr=target, **usual)
            except TargetError as error:
                unreachable += 1
                print(f"{name} --psnr {target}: {error}", flush=True)
                continue
            over.append(quality(samples, data) - target)
            broken += over[-1] < 0
            ratios.append(seconds / (plain or encode(samples, bytes=len(data), **usual)[1]))
            print(f"{name} --psnr {target}: {over[-1]:.3f} dB over, {len(data):,} bytes, {ratios[-1]:.2f}x", flush=True)
    print(f"bytes: {len(used)} files, from {min(used):.2%} to {max(used):.2%} of the budget used")
    if over:
        print(f"PSNR: {len(over)} files, {min(over):.3f} to {max(over):.3f} dB over, {unreachable} out of reach")
    if ratios:
        print(f"time of a target: {np.median(ratios):.2f}x (median), {max(ratios):.2f}x (most)")
    print(f"broken: {broken}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
