"""Loss and gradient over a 768x512 picture: our kernels beside PyTorch and the machine's peak, in one run.

    pip install torch==2.13.0 && python benchmarks/step.py [--threads 1 2] [--isa avx2]

Steps are taken in turn, PyTorch's and ours on every instruction set, and the medians compared, so that a
machine whose speed drifts does not favour one. "peak" is the share of the multiply-adds per second that this
machine was measured to reach in the same turns; a step's multiply-adds are those of its matrix products
alone, so sines, loads and sums count against it.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable

import numpy as np

from coincodec import native
from coincodec.siren.model import SirenShape, frequency_scale, initial_parameters, pixel_axes

HEIGHT, WIDTH = 512, 768
SHAPES = [SirenShape(2, 3, 5, 20), SirenShape(2, 3, 10, 28), SirenShape(2, 3, 13, 49)]


def milliseconds(work: Callable[[], object]) -> float:
    """Duration of a call that follows another, so that threads and caches are awake."""
    work()
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def step_macs(shape: SirenShape) -> int:
    """Multiply-adds per pixel: forward, to the weights, and to the inputs of all layers but the first."""
    return 3 * shape.macs - shape.inputs * shape.width


def our_step(shape: SirenShape, targets: np.ndarray, threads: int) -> Callable[[], object]:
    """One call of the fused loss and gradient."""
    parameters = initial_parameters(shape, 30, np.random.default_rng(0)) * frequency_scale(shape, 30)
    axes = pixel_axes(HEIGHT, WIDTH)
    return lambda: native.siren_loss_and_gradient(parameters, shape, axes, targets, None, threads)


def torch_step(shape: SirenShape, targets: np.ndarray, threads: int) -> Callable[[], object]:
    """The same with the layers and autograd of PyTorch."""
    import torch

    from torch_siren import TorchSiren, coordinates

    torch.set_num_threads(threads)
    network, x = TorchSiren(shape), coordinates(pixel_axes(HEIGHT, WIDTH))
    t = torch.from_numpy(targets / np.float32(255)).float()

    def step() -> None:
        network.zero_grad()
        torch.nn.functional.mse_loss(network(x), t).backward()

    return step


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--isa", nargs="+", default=native.supported_isas()[::-1], choices=native.supported_isas())
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    try:
        import torch

        version = torch.__version__
    except ImportError:
        version = None
        print("PyTorch is not installed (pip install torch==2.13.0); its column stays empty")

    targets = np.random.default_rng(0).integers(0, 256, (HEIGHT * WIDTH, 3), dtype=np.uint8)
    print(f"loss + gradient, {WIDTH}x{HEIGHT}, PyTorch {version}, median of {arguments.repeats}")
    print(f"{'network':8}{'threads':>8}{'isa':>10}{'ours':>11}{'peak':>7}{'speed-up':>10}{'PyTorch':>12}{'ratio':>8}")
    for shape in SHAPES:
        for threads, isa, ours, peak, alone, theirs in measure(shape, targets, arguments, version is not None):
            share = step_macs(shape) * HEIGHT * WIDTH / (ours / 1e3) / peak
            print(
                f"{shape!s:8}{threads:8}{isa:>10}{ours:8.1f} ms{share:7.0%}"
                f"{alone / ours:9.2f}x{theirs:9.0f} ms{theirs / ours:7.1f}x",
                flush=True,
            )


def measure(
    shape: SirenShape, targets: np.ndarray, arguments: argparse.Namespace, with_torch: bool
) -> list[tuple[int, str, float, float, float, float]]:
    """Rows of (threads, isa, our ms, FMA peak, our ms with the first number of threads, PyTorch's ms)."""
    ours: dict[tuple[int, str], list[float]] = {(n, isa): [] for n in arguments.threads for isa in arguments.isa}
    peaks: dict[tuple[int, str], list[float]] = {key: [] for key in ours}
    theirs: dict[int, list[float]] = {n: [] for n in arguments.threads}
    for turn in range(arguments.repeats + 1):
        for threads in arguments.threads:
            if with_torch:
                theirs[threads].append(milliseconds(torch_step(shape, targets, threads)))
                time.sleep(0.2)  # PyTorch's idle threads spin for a while before they leave the cores
            for isa in arguments.isa:
                native.select_isa(isa)
                ours[threads, isa].append(milliseconds(our_step(shape, targets, threads)))
                peaks[threads, isa].append(native.fma_peak(threads))
        if turn == 0:  # to warm up
            for times in (*ours.values(), *theirs.values()):
                times.clear()
    first = arguments.threads[0]
    return [
        (
            threads,
            isa,
            statistics.median(ours[threads, isa]),
            max(peaks[threads, isa]),
            statistics.median(ours[first, isa]),
            statistics.median(theirs[threads] or [math.nan]),
        )
        for threads, isa in ours
    ]


if __name__ == "__main__":
    main()
