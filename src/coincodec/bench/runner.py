"""Runs codecs over pictures: what is missing from a results file, several at a time where that is fair."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .. import children
from ..errors import CoincodecError
from ..metrics import bits_per_pixel
from . import codecs, datasets
from .codecs import Codec, MissingCodecError
from .datasets import Dataset
from .judges import judged
from .results import Result, Writer, read


@dataclass(frozen=True)
class Job:
    """One measurement to be made. versions: of the codec, asked for once since that may mean running programs."""

    dataset: str
    path: Path
    codec: str
    point: str
    versions: dict[str, str]


@dataclass(frozen=True)
class RunProgress:
    """State of a run: jobs done and in all, seconds so far and left (by what like jobs took), the latest job."""

    done: int
    total: int
    elapsed: float
    remaining: float
    latest: Job


class BenchError(CoincodecError):
    """A codec failed on a picture."""


def available(names: Sequence[str], on_missing: Callable[[str], None]) -> list[Codec]:
    """The codecs of these names that can run here; tells `on_missing` about each that cannot, and why."""
    found = []
    for name in names:
        codec = codecs.make(name)
        try:
            codec.versions()
        except MissingCodecError as error:
            on_missing(str(error))
        else:
            found.append(codec)
    return found


def run(
    dataset: Dataset,
    chosen: Sequence[Codec],
    results: Path,
    *,
    workers: int,
    progress: Callable[[RunProgress], None] | None = None,
) -> int:
    """Measures every codec at all its points on every picture, except what `results` already holds.

    Codecs of one thread run in `workers` processes, the others one call at a time, after them. Each result is
    appended as soon as it is there. Returns how many were measured. Raises `BenchError` if a codec fails.
    """
    jobs = missing_jobs(dataset, chosen, results)
    threads = {codec.name: codec.threads for codec in chosen}
    pooled = [job for job in jobs if threads[job.codec] == 1]
    alone = [job for job in jobs if threads[job.codec] > 1]
    started = time.monotonic()
    clock = _Estimate(jobs, workers, threads)
    with Writer(results) as writer, closing(_measured(pooled, alone, workers)) as source:
        for job, result in source:
            writer.append(result)
            clock.finish(job, result)
            if progress is not None:
                elapsed = time.monotonic() - started
                progress(RunProgress(clock.done, len(jobs), elapsed, clock.remaining(), job))
    return len(jobs)


def missing_jobs(dataset: Dataset, chosen: Sequence[Codec], results: Path) -> list[Job]:
    """What a run has to measure: points whose newest result is missing, or is of other versions or settings."""
    have = {(r.dataset, r.image, r.codec, r.point): (r.settings, r.versions) for r in read(results)}
    jobs = []
    for codec in chosen:
        versions = codec.versions()
        for point in codec.points:
            for path in dataset.paths:
                known = have.get((dataset.name, path.stem, codec.name, point))
                if known != (codec.settings, versions):
                    jobs.append(Job(dataset.name, path, codec.name, point, versions))
    return jobs


def measure(job: Job) -> Result:
    """Encodes and decodes one picture, and compares. Raises `BenchError` if that fails."""
    codec = codecs.make(job.codec)
    try:
        picture = datasets.read(job.path)
        start = time.perf_counter()
        data = codec.encode(picture, job.point)
        encoded = time.perf_counter()
        decoded = codec.decode(data)
        end = time.perf_counter()
        decoded = decoded[: picture.shape[0], : picture.shape[1]]  # encoders of even sizes pad
        height, width, _ = picture.shape
        return Result(
            dataset=job.dataset,
            image=job.path.stem,
            width=width,
            height=height,
            codec=codec.name,
            title=codec.title,
            point=job.point,
            settings=codec.settings,
            versions=job.versions,
            bytes=len(data),
            bpp=bits_per_pixel(len(data), width, height),
            encode_seconds=encoded - start,
            decode_seconds=end - encoded,
            threads=codec.threads,
            **judged(picture, decoded),  # type: ignore[arg-type]
        )
    except Exception as error:
        raise BenchError(f"{job.codec} at {job.point} on {job.path.name}: {error}") from error


def _measured(pooled: Sequence[Job], alone: Sequence[Job], workers: int) -> Generator[tuple[Job, Result], None, None]:
    if pooled:
        yield from _in_pool(pooled, workers)
    for job in alone:
        yield job, measure(job)


def _in_pool(jobs: Sequence[Job], workers: int) -> Generator[tuple[Job, Result], None, None]:
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)), mp_context=children.context(), initializer=children.follow_parent
    )
    try:
        with children.starting():  # workers are begun by this
            futures: dict[Future[Result], Job] = {pool.submit(measure, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


class _Estimate:
    """How long the rest will take, from what each codec's points have taken so far."""

    def __init__(self, jobs: Sequence[Job], workers: int, threads: dict[str, int]) -> None:
        self.left: dict[tuple[str, str], int] = defaultdict(int)
        self.taken: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.at_once = {codec: workers if count == 1 else 1 for codec, count in threads.items()}
        self.done = 0
        for job in jobs:
            self.left[job.codec, job.point] += 1

    def finish(self, job: Job, result: Result) -> None:
        self.done += 1
        self.left[job.codec, job.point] -= 1
        self.taken[job.codec, job.point].append(result.encode_seconds + result.decode_seconds)

    def remaining(self) -> float:
        overall = statistics.mean(seconds for taken in self.taken.values() for seconds in taken)
        total = 0.0
        for (codec, point), count in self.left.items():
            like = self.taken.get((codec, point)) or [
                seconds for (other, _), taken in self.taken.items() if other == codec for seconds in taken
            ]
            total += count * (statistics.mean(like) if like else overall) / self.at_once[codec]
        return total
