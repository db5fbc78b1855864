"""Peak memory of whole processes that encode and decode, and time of a full step against pixels and weights.

    python benchmarks/memory.py

Peak memory is the operating system's own count of the resident set of a process (ru_maxrss): of `coin` for encode and
decode, of Python for `coincodec.decode` alone (array) and for going through `CoinFile.rows`.
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
from coincodec.latent.fitted import Model
from coincodec.latent.model import SIZES as SIZES_OF_MODELS
from coincodec.latent.model import LatentShape
from coincodec.latent.model import initial_parameters as initial_latent
from coincodec.siren.model import SirenShape, frequency_scale, initial_parameters, pixel_axes
from coincodec.view import row_bands

PICTURES = {"768x512": (512, 768), "12 megapixels": (3000, 4000), "24 megapixels": (4000, 6000)}
MODELS = ("siren", "latent")
QUICK = ["--steps", "20", "-q"]
SIZES = [(256, 384), (512, 768), (1024, 1536), (2000, 3000), (4000, 6000)]
LATENT_SIZES = [(256, 384), (512, 768), (1414, 1414), (3000, 4000)]
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


ARRAY = "import sys, coincodec; print(coincodec.decode(open(sys.argv[1], 'rb').read()).shape)"
ROWS = "import sys, coincodec; print(sum(len(band) for band in coincodec.open(sys.argv[1]).rows()))"


def run(*arguments: str) -> tuple[float, float]:
    """Runs Python with these arguments; returns (peak resident megabytes, seconds)."""
    command = [sys.executable, "-c", MEASURE, sys.executable, *arguments]
    start = time.perf_counter()
    kilobytes = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])
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


def latent_step_seconds(height: int, width: int) -> float:
    """Shortest of a few full steps of a latent fit."""
    shape = LatentShape.of(height, width, 3, 7, SIZES_OF_MODELS["middle"])
    model, parameters = Model(shape, picture(height, width), native.resolve_threads(None)), initial_latent(shape, 0)
    update = (0.1, 0.9, 0.99, 0.1, 0.01, 1e-3)
    times = []
    while len(times) < 3 or (len(times) < 9 and sum(times) < 2):
        start = time.perf_counter()
        model.step(parameters, (0.4, 0.2, 1), update, 1e-3, 4, 0)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Prints the tables."""
    print(f"{'model':8}{'picture':16}{'work':10}{'peak memory':>14}{'time':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (height, width) in PICTURES.items():
            source, coded, decoded = (str(Path(folder) / file) for file in ("in.bmp", "a.coin", "out.png"))
            Image.fromarray(picture(height, width)).save(source)
            for model in MODELS:
                for work, command in (
                    ("encode", ["-m", "coincodec", "encode", source, "-o", coded, "--model", model, *QUICK]),
                    ("decode", ["-m", "coincodec", "decode", coded, "-o", decoded]),
                    ("array", ["-c", ARRAY, coded]),
                    ("rows", ["-c", ROWS, coded]),
                ):
                    megabytes, seconds = run(*command)
                    print(f"{model:8}{name:16}{work:10}{megabytes:11.0f} MB{seconds:8.2f} s", flush=True)

    threads, isa = native.resolve_threads(None), native.selected_isa()
    print(f"\nfull latent step, size middle, {threads} threads, {isa}: ns per pixel")
    for height, width in LATENT_SIZES:
        print(
            f"{height * width / 1e6:10.2f}{latent_step_seconds(height, width) / (height * width) * 1e9:11.0f}",
            flush=True,
        )
    print(f"\nfull siren step, {threads} threads, {isa}: ns per pixel (ns per weight and kilopixel)")
    print(f"{'megapixels':>10}" + "".join(f"{shape!s:>20}" for shape in SHAPES))
    for height, width in SIZES:
        row = f"{height * width / 1e6:10.2f}"
        for shape in SHAPES:
            per_pixel = step_seconds(shape, height, width) / (height * width) * 1e9
            row += f"{per_pixel:11.0f} ({1e3 * per_pixel / shape.parameters:5.1f})"
        print(row, flush=True)


if __name__ == "__main__":
    main()
