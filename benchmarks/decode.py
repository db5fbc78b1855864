"""Decoding a 768x512 picture of a 10x28 network: the work alone, and `coin decode` as a whole process.

python benchmarks/decode.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import coincodec
from coincodec import native
from coincodec.siren.model import SirenShape

SHAPE = SirenShape(2, 3, 10, 28)
HEIGHT, WIDTH = 512, 768


def compare(half: bytes, coded: bytes) -> None:
    """Prints how much longer integer weights take, decoding both in turn."""
    times: dict[bytes, list[float]] = {half: [], coded: []}
    for _ in range(40):
        for data, spent in times.items():
            start = time.perf_counter()
            coincodec.decode(data)
            spent.append(time.perf_counter() - start)
    ratio = statistics.median(times[coded]) / statistics.median(times[half])
    print(f"integer weights ({len(coded):,} bytes) over half floats: {ratio:.3f}x the time")


def main() -> None:
    """Prints the times."""
    y, x = np.ogrid[0:HEIGHT, 0:WIDTH]
    photo = np.stack([np.sin(x / 97 + k) * np.cos(y / 61 - k) * 90 + 128 for k in range(3)], -1).astype(np.uint8)
    network = {"layers": SHAPE.layers, "width": SHAPE.width, "steps": 200}
    data, coded = (coincodec.encode(photo, weights=weights, **network) for weights in ("fp16", "coded"))

    print(f"{WIDTH}x{HEIGHT}, network {SHAPE}, {len(data):,} bytes, {native.selected_isa()}")
    compare(data, coded)
    for threads in (1, 2):
        times = []
        for _ in range(20):
            start = time.perf_counter()
            coincodec.decode(data, threads=threads)
            times.append(time.perf_counter() - start)
        share = SHAPE.macs * HEIGHT * WIDTH / min(times) / native.fma_peak(threads)
        print(
            f"decode(), {threads} thread{'s' * (threads > 1)}: {1e3 * statistics.median(times):.1f} ms"
            f" (best {1e3 * min(times):.1f} ms, {share:.0%} of the FMA peak)"
        )

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.coin"
        path.write_bytes(data)
        for suffix in ("png", "npy"):
            times = []
            for _ in range(7):
                start = time.perf_counter()
                command = [
                    sys.executable,
                    "-m",
                    "coincodec",
                    "decode",
                    str(path),
                    "-o",
                    str(path.with_suffix("." + suffix)),
                ]
                subprocess.run(command, check=True)
                times.append(time.perf_counter() - start)
            print(f"coin decode to {suffix}, whole process: {1e3 * statistics.median(times):.0f} ms")


if __name__ == "__main__":
    main()
