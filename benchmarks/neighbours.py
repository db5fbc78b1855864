"""What other processes do to a fit: beside busy ones, two side by side, and alone, on one thread and on all.

    python benchmarks/neighbours.py [--repeats 5] [--preset fast] [--steps 60]

Whole encodes of a made-up picture in processes of their own, medians; cases are taken in turn, so that a machine whose
speed drifts does not favour one. "busy" runs a process that only counts beside it, one for each core but one.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from coincodec.native import resolve_threads

# Says when Python has started and threads are awake; a line from standard input then starts the encodes.
ENCODE = """
import sys
import numpy as np
import coincodec
preset, steps, threads, times = sys.argv[1], *map(int, sys.argv[2:])
y, x = np.mgrid[0:512, 0:768]
grain = np.random.default_rng(0).normal(0, 6, (512, 768, 3))
picture = np.stack([120 + 80 * np.sin(x / 40 + c) * np.cos(y / 30 - c) for c in range(3)], -1) + grain
picture = picture.clip(0, 255).astype(np.uint8)
coincodec.encode(picture[:64, :64], preset=preset, steps=2, threads=threads or None)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(times):
    coincodec.encode(picture, preset=preset, steps=steps, threads=threads or None)
"""

BUSY = "while True: pass"


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that want a core each."""
    running = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def seconds(preset: str, steps: int, threads: int = 0, times: int = 1, processes: int = 1) -> float:
    """Until the last of so many processes has encoded so many times, all begun at once. threads: 0 for the default."""
    command = [sys.executable, "-c", ENCODE, preset, *map(str, (steps, threads, times))]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    pipes = [(p.stdin, p.stdout) for p in running]
    for _, output in pipes:
        assert output is not None
        output.readline()
    start = time.perf_counter()
    for request, _ in pipes:
        assert request is not None
        request.write("\n")
        request.flush()
    for process in running:
        process.wait()
    return time.perf_counter() - start


def main() -> None:
    """Prints medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--steps", type=int, default=60)
    arguments = parser.parse_args()
    what = (arguments.preset, arguments.steps)
    cores = resolve_threads(None)
    found: dict[str, list[float]] = {}
    for _ in range(arguments.repeats):
        found.setdefault("alone, 1 thread", []).append(seconds(*what, threads=1))
        found.setdefault("alone, default", []).append(seconds(*what))
        with busy(cores - 1):
            found.setdefault("busy, 1 thread", []).append(seconds(*what, threads=1))
            found.setdefault("busy, default", []).append(seconds(*what))
        found.setdefault("two, one after the other", []).append(seconds(*what, times=2))
        found.setdefault("two, side by side", []).append(seconds(*what, processes=2))
    median = {name: statistics.median(times) for name, times in found.items()}
    for name, value in median.items():
        print(f"{name:26s}{value:7.2f} s   (least {min(found[name]):.2f}, most {max(found[name]):.2f})")
    best_beside = min(median["busy, 1 thread"], median["busy, default"])
    best_alone = min(median["alone, 1 thread"], median["alone, default"])
    print(f"alone, default: {median['alone, default'] / best_alone:.2f}x the better of 1 and {cores} threads")
    print(f"busy, default: {median['busy, default'] / median['busy, 1 thread']:.2f}x of 1 thread", end=", ")
    print(f"{median['busy, default'] / best_beside:.2f}x the better")
    ratio = median["two, side by side"] / median["two, one after the other"]
    print(f"side by side: {ratio:.2f}x of one after the other")


if __name__ == "__main__":
    main()
