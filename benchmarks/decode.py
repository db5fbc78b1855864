"""Decoding 768x512 pictures, all of them and in part, and `coin decode` as a whole process.

    pip install torch==2.13.0 && python benchmarks/decode.py

Times that are compared are taken in turn; medians unless "best" is said. Without PyTorch its row stays away.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

import coincodec
from coincodec import native
from coincodec.siren.model import SirenShape, pixel_axes

SHAPE = SirenShape(2, 3, 10, 28)
HEIGHT, WIDTH = 512, 768
REGION = (350, 200, 414, 264)


def in_turn(works: Mapping[str, Callable[[], object]], turns: int) -> dict[str, list[float]]:
    """Seconds of every call."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if turn > 0:  # the first is to warm up
                times[name].append(time.perf_counter() - start)
    return times


def print_in_turn(title: str, works: Mapping[str, Callable[[], object]], turns: int = 20) -> None:
    """Prints the medians and their ratios to the first."""
    medians = {name: statistics.median(times) for name, times in in_turn(works, turns).items()}
    first = next(iter(medians.values()))
    print(title)
    for name, seconds in medians.items():
        print(f"  {name:44}{1e3 * seconds:9.2f} ms{seconds / first:9.3f}x", flush=True)


def torch_forward(threads: int) -> Callable[[], object] | None:
    """The same network's forward pass over all pixels in PyTorch."""
    try:
        import torch

        from torch_siren import TorchSiren, coordinates
    except ImportError:
        return None
    torch.set_num_threads(threads)
    network, x = TorchSiren(SHAPE), coordinates(pixel_axes(HEIGHT, WIDTH))

    def forward() -> None:
        with torch.inference_mode():
            network(x)
        time.sleep(0.1)  # PyTorch's idle threads spin for a while before they leave the cores

    return forward


def print_full(data: bytes) -> None:
    """A whole siren: beside PyTorch, and as a share of the multiply-adds that the machine can do."""
    for threads in (1, 2):
        works: dict[str, Callable[[], object]] = {"ours": lambda n=threads: coincodec.decode(data, threads=n)}
        forward = torch_forward(threads)
        if forward is not None:
            works["PyTorch"] = forward
        times = in_turn(works, 10)
        peak = max(native.fma_peak(threads) for _ in range(5))
        ours = statistics.median(times["ours"])
        share = SHAPE.macs * HEIGHT * WIDTH / min(times["ours"]) / peak
        theirs = ""
        if forward is not None:
            seconds = statistics.median(times["PyTorch"]) - 0.1
            theirs = f", PyTorch {1e3 * seconds:.0f} ms, {seconds / ours:.1f}x"
        print(f"siren, {threads} threads: {1e3 * ours:.1f} ms (best {share:.0%} of the FMA peak){theirs}", flush=True)


def print_process(path: Path) -> None:
    """`coin decode` from start to end."""
    for suffix in ("png", "npy"):
        command = [sys.executable, "-m", "coincodec", "decode", str(path), "-o", str(path.with_suffix("." + suffix))]
        times = in_turn({"": lambda command=command: subprocess.run(command, check=True)}, 7)[""]
        print(
            f"coin decode {path.stem} to {suffix}, whole process: {1e3 * statistics.median(times):.0f} ms", flush=True
        )


def first_preview(data: bytes) -> object:
    """What `coincodec.progressive` shows first."""
    return next(iter(coincodec.progressive(data)))


def main() -> None:
    """Prints the times."""
    y, x = np.ogrid[0:HEIGHT, 0:WIDTH]
    noise = np.random.default_rng(0).normal(0, 6, (HEIGHT, WIDTH, 1))
    waves = np.stack([np.sin(x / 97 + k) * np.cos(y / 61 - k) * 90 + 128 for k in range(3)], -1)
    photo = np.clip(waves + noise, 0, 255).astype(np.uint8)
    network = {"layers": SHAPE.layers, "width": SHAPE.width, "steps": 200}
    half, coded = (coincodec.encode(photo, weights=weights, **network) for weights in ("fp16", "coded"))
    latent = coincodec.encode(photo, model="latent", preset="fast", steps=200, bpp=0.5)

    print(f"{WIDTH}x{HEIGHT}, siren {SHAPE} of {len(half):,} and {len(coded):,} bytes, latent of {len(latent):,} bytes")
    print(f"{native.selected_isa()}, {native.resolve_threads(None)} threads unless said otherwise")
    print_full(half)
    works: dict[str, Callable[[], object]] = {
        "whole, half floats": lambda: coincodec.decode(half),
        "whole, integer weights": lambda: coincodec.decode(coded),
    }
    print_in_turn("weights", works, 40)
    for name, data in (("siren", half), ("latent", latent)):
        works = {
            "whole": lambda data=data: coincodec.decode(data),
            "region of 64x64": lambda data=data: coincodec.decode(data, region=REGION),
            "192x128": lambda data=data: coincodec.decode(data, size=(192, 128)),
            "192x128, draft": lambda data=data: coincodec.decode(data, size=(192, 128), draft=True),
            "first preview": lambda data=data: first_preview(data),
            "all previews": lambda data=data: list(coincodec.progressive(data)),
        }
        print_in_turn(name, works)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("siren", half), ("latent", latent)):
            path = Path(folder) / f"{name}.coin"
            path.write_bytes(data)
            print_process(path)


if __name__ == "__main__":
    main()
