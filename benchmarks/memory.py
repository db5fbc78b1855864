"""Peak memory of whole encode and decode processes, and time of a full step against pixels and weights.

    python benchmarks/memory.py

Peak memory is the operating system's own count of the resident set of a `coin` process (ru_maxrss).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from coincodec import native
from coincodec.siren.model import SirenShape, frequency_scale, initial_parameters, pixel_axes, row_bands

PICTURES = {"768x512": (512, 768), "24 megapixels": (4000, 6000)}
SIZES = [(256, 384), (512, 768), (1024, 1536), (2000, 3000), (4000, 6000)]
SHAPES = [SirenShape(2, 3, 5, 20), SirenShape(2, 3, 10, 28), SirenShape(2, 3, 13, 49)]


# Run in an interpreter of its own: a child's peak begins at that of the process that starts it.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def picture(height: int, width: int) -> np.ndarray:
    """Something smooth with texture; what it shows does not matter here."""
    y, x = np.arange(height)[:, None], np.arange(width)
    samples = np.empty((height, width, 3), np.uint8)
    for channel in range(3):
        for band in row_bands(height, width, 2**20):
            samples[band, :, channel] = np.sin(x / 97 + channel) * np.cos(y[band] / 61 - channel) * 90 + 128
    return samples


def run(*arguments: str) -> tuple[float, float]:
    """Runs a command; returns (peak resident megabytes, seconds)."""
    command = [sys.executable, "-c", MEASURE, sys.executable, "-m", "coincodec", *arguments]
    start = time.perf_counter()
    kilobytes = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return kilobytes / 1024, time.perf_counter() - start


def step_seconds(shape: SirenShape, height: int, width: int) -> float:
    """Shortest of a few full steps."""
    parameters = initial_parameters(shape, 30, np.random.default_rng(0)) * frequency_scale(shape, 30)
    axes, targets = pixel_axes(height, width), picture(height, width).reshape(-1, 3)
    times = []
    while len(times) < 2 or (len(times) < 7 and sum(times) < 2):
        start = time.perf_counter()
        native.siren_loss_and_gradient(parameters, shape, axes, targets, None, native.resolve_threads(None))
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Prints both tables."""
    print(f"{'picture':16}{'command':10}{'peak memory':>14}{'time':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (height, width) in PICTURES.items():
            source, coded, decoded = (str(Path(folder) / file) for file in ("in.bmp", "a.coin", "out.png"))
            Image.fromarray(picture(height, width)).save(source)
            for command in (
                ["encode", source, "-o", coded, "--steps", "20", "-q"],
                ["decode", coded, "-o", decoded],
            ):
                megabytes, seconds = run(*command)
                print(f"{name:16}{command[0]:10}{megabytes:11.0f} MB{seconds:8.2f} s", flush=True)

    print(
        f"\nfull step, {native.resolve_threads(None)} threads, {native.selected_isa()}: "
        "ns per pixel (ns per weight and kilopixel)"
    )
    print(f"{'megapixels':>10}" + "".join(f"{shape!s:>20}" for shape in SHAPES))
    for height, width in SIZES:
        row = f"{height * width / 1e6:10.2f}"
        for shape in SHAPES:
            per_pixel = step_seconds(shape, height, width) / (height * width) * 1e9
            row += f"{per_pixel:11.0f} ({1e3 * per_pixel / shape.parameters:5.1f})"
        print(row, flush=True)


if __name__ == "__main__":
    main()
