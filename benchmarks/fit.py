"""Time to the paper's quality on kodim15: ours, and the paper's recipe in PyTorch, as one ratio from one run.

    pip install torch==2.13.0 && COINCODEC_KODAK=FOLDER python benchmarks/fit.py [--steps 5] [--repeats 3]

Both fit the paper's 10x28 in half floats to 29.31 dB, what the paper reports for kodim15. Ours is `coincodec.encode`
from samples to stream, timed whole. The paper's recipe is 50,000 steps of Adam, each over all pixels; PyTorch takes
`--steps` of them in each turn, on the same threads, and the median step is multiplied.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from coincodec import native
from coincodec.codec import encode_samples
from coincodec.options import EncodeOptions
from coincodec.siren.model import SirenShape, paper_axes
from torch_siren import TorchSiren, coordinates

SHAPE = SirenShape(2, 3, 10, 28)
PAPER_DB, PAPER_STEPS, PAPER_RATE = 29.31, 50_000, 2e-4


def torch_seconds(samples: NDArray[np.uint8], steps: int, threads: int) -> list[float]:
    """Seconds of each of so many steps of the paper's recipe, after one to warm up."""
    torch.set_num_threads(threads)
    network, x = TorchSiren(SHAPE), coordinates(paper_axes(*samples.shape[:2]))
    optimiser = torch.optim.Adam(network.parameters(), lr=PAPER_RATE)
    target = torch.from_numpy(samples.reshape(-1, 3) / np.float32(255))
    times = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(network(x), target).backward()
        optimiser.step()
        times.append(time.perf_counter() - start)
    return times[1:]


def main() -> None:
    """Prints both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=5, help="PyTorch's steps in each turn")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    if "COINCODEC_KODAK" not in os.environ:
        sys.exit("set COINCODEC_KODAK to the folder of the Kodak images")
    samples = np.asarray(Image.open(Path(os.environ["COINCODEC_KODAK"]) / "kodim15.png").convert("RGB"))
    threads = native.resolve_threads(None)

    ours, theirs = [], []
    for turn in range(arguments.repeats):
        theirs += torch_seconds(samples, arguments.steps, threads)
        time.sleep(0.2)  # PyTorch's idle threads spin for a while before they leave the cores
        options = EncodeOptions(weights="fp16", layers=SHAPE.layers, width=SHAPE.width, seed=turn)
        start = time.perf_counter()
        encoded = encode_samples(samples, options)
        ours.append(time.perf_counter() - start)
        print(f"ours, seed {turn}: {encoded.psnr:.2f} dB in {ours[-1]:.1f} s, {encoded.steps:,} steps", flush=True)
        if encoded.psnr < PAPER_DB:
            sys.exit(f"seed {turn} fell short of {PAPER_DB} dB; there is no ratio to print")
    step, time_to_quality = statistics.median(theirs), statistics.median(ours)
    total = PAPER_STEPS * step
    print(f"PyTorch {torch.__version__}, {threads} threads: {step:.2f} s a step (median of {len(theirs)})")
    print(
        f"its {PAPER_STEPS:,} steps: {total:,.0f} s ({total / 3600:.1f} hours), extrapolated from {len(theirs)} steps"
    )
    print(f"time to {PAPER_DB} dB, PyTorch over ours: {total / time_to_quality:,.0f}x")


if __name__ == "__main__":
    main()
