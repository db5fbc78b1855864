"""How full a batch keeps the cores, what it adds to the fits, and what memory it takes.

    python benchmarks/batch.py rate FOLDER [--pictures 500] [--preset instant] [--workers 1,2]
    python benchmarks/batch.py dispatch [--tasks 2000]
    python benchmarks/batch.py memory

`rate` cuts pictures of 128x128 to 768x512 from the photographs of a folder (Kodak's, say) and encodes them with each
number of workers: pictures a second, the time that workers were not at work on a picture as a share of the time they
were, and the memory of all processes together in the first and the last quarter. `dispatch` sends work that is none
through the engines. `memory` compares what single fits take with what a batch expects of them.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from coincodec.collection import memory as expected
from coincodec.collection.conversion import Converted, Encoding
from coincodec.collection.dispatch import Dispatcher
from coincodec.collection.engine import Engine
from coincodec.collection.manifest import read
from coincodec.collection.pool import Pool
from coincodec.collection.run import Request
from coincodec.collection.run import run as run_batch
from coincodec.collection.work import Task
from coincodec.options import EncodeOptions
from memory import picture, run

SIZES = ((128, 128), (192, 128), (256, 256), (384, 256), (512, 384), (768, 512))
FITTED = ((256, 384), (512, 768), (1000, 1500), (1300, 1500), (1500, 2000), (3000, 4000))
SETTLED = 5  # seconds that workers take to begin


def cut(source: Path, target: Path, count: int) -> None:
    """So many pictures of many sizes, from places in photographs."""
    photographs = sorted(path for path in source.iterdir() if path.suffix in (".png", ".jpg"))
    random = np.random.default_rng(0)
    for number, size, path in zip(range(count), itertools.cycle(SIZES), itertools.cycle(photographs), strict=False):
        with Image.open(path) as photograph:
            width, height = (min(pair) for pair in zip(size, photograph.size, strict=True))
            left, top = (
                random.integers(0, photograph.width - width + 1),
                random.integers(0, photograph.height - height + 1),
            )
            photograph.convert("RGB").crop((left, top, left + width, top + height)).save(target / f"{number:04}.png")


@dataclass(frozen=True)
class Timed(Encoding):
    """An encoding that notes the seconds it took, without reading and writing files."""

    def convert(self, data: bytes, threads: int) -> Converted:
        """As an `Encoding`."""
        begun = time.perf_counter()
        made = super().convert(data, threads)
        return replace(made, notes=(*made.notes, str(time.perf_counter() - begun)))


@dataclass
class Watch:
    """Memory of this process and those it has started, in megabytes, once a second."""

    values: list[float] = field(default_factory=list)

    def __enter__(self) -> Watch:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while not self._over.wait(1):
            total = 0
            for pid in (os.getpid(), *(child.pid for child in multiprocessing.active_children())):
                with contextlib.suppress(OSError):
                    total += page * int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            self.values.append(total / 2**20)

    def quarters(self) -> tuple[float, float]:
        """The most in the first and in the last quarter, without the time that workers take to begin."""
        settled = self.values[SETTLED:] or self.values or [0.0]
        count = max(1, len(settled) // 4)
        return max(settled[:count]), max(settled[-count:])


def rate(arguments: argparse.Namespace) -> None:
    """Prints a row for each number of workers."""
    columns = f"{'workers':8}{'pictures':>9}{'seconds':>9}{'a second':>9}{'times':>7}{'overhead':>10}"
    print(columns + f"{'first':>9}{'last quarter':>13}")
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in"
        source.mkdir()
        cut(Path(arguments.folder), source, arguments.pictures)
        for workers in map(int, arguments.workers.split(",")):
            conversion = Timed(EncodeOptions(preset=arguments.preset, tune=arguments.tune))
            request = Request([source], str(Path(folder) / f"out{workers}"), conversion, threads=arguments.threads)
            items = request.items()
            begun = time.perf_counter()
            with Pool(workers, workers) as pool, Watch() as watch:
                report = run_batch(request, items, pool)
            seconds = time.perf_counter() - begun
            fits = sum(float(row.notes[-1]) for row in read(report.manifest).values() if row.notes)
            a_second = report.done / seconds
            first = first or a_second
            low, high = watch.quarters()
            print(
                f"{workers:<8}{report.done:9}{seconds:9.1f}{a_second:9.3f}{a_second / first:7.2f}"
                f"{workers * seconds / fits - 1:10.2%}{low:6.0f} MB{high:10.0f} MB",
                flush=True,
            )


@dataclass(frozen=True)
class Nothing(Encoding):
    """No work at all."""

    def need(self, data: bytes) -> int:
        """None."""
        return 0

    def convert(self, data: bytes, threads: int) -> Converted:
        """Takes no time."""
        return Converted(b"", 1, 1)


def dispatch(arguments: argparse.Namespace) -> None:
    """Prints what a task costs in each engine."""
    from coincodec.collection.cluster import Cluster

    engines: dict[str, Callable[[], Engine]] = {
        "processes": lambda: Pool(2, 2),
        "Dask": lambda: Cluster("local", 2, lambda text: None),
    }
    conversion = Nothing(EncodeOptions())
    with tempfile.NamedTemporaryFile() as file:
        tasks = [Task(file.name, f"out{number}") for number in range(arguments.tasks)]
        for name, engine_of in engines.items():
            with engine_of() as engine:
                for kind, most in (("one by one", 1), ("in bundles", 64)):
                    dispatcher = Dispatcher(engine)
                    dispatcher.most_at_once = most
                    list(dispatcher.answers(conversion, tasks[:20], keep=False))
                    begun, worked = time.perf_counter(), time.process_time()
                    list(dispatcher.answers(conversion, tasks, keep=False))
                    each = 1e3 * (time.perf_counter() - begun) / len(tasks)
                    # Dask's scheduler is in this process, so that this is what bounds how many tasks it can have.
                    own = 1e3 * (time.process_time() - worked) / len(tasks)
                    print(f"{name:12}{kind:12}{each:8.3f} ms a task, {own:.3f} ms of them of this process", flush=True)


def memory(arguments: argparse.Namespace) -> None:
    """Prints what fits take, and what is expected."""
    print(f"{'megapixels':>10}{'tune':>6}{'measured':>12}{'expected':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for height, width in FITTED:
            source, coded = str(Path(folder) / "in.bmp"), str(Path(folder) / "a.coin")
            Image.fromarray(picture(height, width)).save(source)
            for tune in ("psnr", "eye"):
                options = ["--tune", tune, "--steps", "8", "--threads", "1", "-q"]
                measured, _ = run("-m", "coincodec", "encode", source, "-o", coded, *options)
                told = expected.of_fit((height, width, 3), EncodeOptions(tune=tune)) / 2**20
                print(f"{height * width / 1e6:10.2f}{tune:>6}{measured:9.0f} MB{told:9.0f} MB", flush=True)
            measured, _ = run("-m", "coincodec", "decode", coded, "-o", str(Path(folder) / "out.png"))
            told = expected.of_decode(height * width, 3) / 2**20
            print(f"{height * width / 1e6:10.2f}decode{measured:9.0f} MB{told:9.0f} MB", flush=True)


def main() -> None:
    """Does what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(required=True)
    action = actions.add_parser("rate")
    action.add_argument("folder")
    action.add_argument("--pictures", type=int, default=500)
    action.add_argument("--preset", default="instant")
    action.add_argument("--tune", default="psnr")
    action.add_argument("--workers", default="1,2")
    action.add_argument("--threads", type=int)
    action.set_defaults(act=rate)
    action = actions.add_parser("dispatch")
    action.add_argument("--tasks", type=int, default=2000)
    action.set_defaults(act=dispatch)
    actions.add_parser("memory").set_defaults(act=memory)
    arguments = parser.parse_args()
    arguments.act(arguments)


if __name__ == "__main__":
    sys.exit(main())
