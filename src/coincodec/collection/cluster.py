"""An engine of Dask's workers: a scheduler that runs somewhere, or workers on this machine with Dask's dashboard."""

from __future__ import annotations

import contextlib
import importlib
import logging
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from ..errors import CoincodecError, UsageError
from . import memory
from .engine import Memory, Outcome
from .work import Answer, Job, perform

# The name of workers of our own, instead of the address of a scheduler.
LOCAL = "local"

# Jobs that are with the scheduler, for each that runs; the others wait here, so that none has many to keep.
_AHEAD = 2

# Jobs a second that a scheduler has time for; so many that workers end a second have more work in each.
_JOBS_A_SECOND = 100.0

# Seconds between two looks at who is there; how long a scheduler has to answer, and nobody to be there at all.
_LOOK_AGAIN, _ANSWERS, _NOBODY = 2.0, 15.0, 300.0

# Where a worker says nothing of a limit.
_NO_LIMIT = 1 << 62


class Cluster:
    """Jobs as tasks of Dask. A worker that dies is Dask's affair at first: it gives its jobs to others, three times."""

    def __init__(self, scheduler: Any, workers: int | None, say: Callable[[str], None]) -> None:
        """scheduler: an address, "local", or a client of Dask's. workers: of "local". say: told of the dashboard.

        Raises `CoincodecError` if Dask is missing or no scheduler answers.
        """
        try:
            self._dask = importlib.import_module("distributed")
        except ModuleNotFoundError:
            raise CoincodecError("a scheduler needs Dask; install it with: pip install 'coincodec[cluster]'") from None
        self._scheduler, self._say, self._count = scheduler, say, workers
        self.cores, self.workers, self.at_once = 0, 1, 0.0
        self.memory = Memory(0, 0, None)
        self._exit = contextlib.ExitStack()
        self._ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._futures: dict[int, Any] = {}
        self._waiting: list[Job] = []
        self._addresses: list[str] = []
        self._looked_at = self._seen_at = 0.0

    def __enter__(self) -> Self:
        if isinstance(self._scheduler, str):
            self._client = self._exit.enter_context(self._own() if self._scheduler == LOCAL else self._other())
        else:
            self._client = self._scheduler
        if link := self._client.dashboard_link:
            self._say(f"dashboard: {link}")
        self._seen_at = time.monotonic()
        self._look()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):  # a scheduler that is gone has nothing to be told
            self._client.cancel(list(self._futures.values()))
        self._futures.clear()
        self._exit.close()

    def free(self, avoid: str | None = None) -> bool:
        """See `Engine`."""
        if time.monotonic() - self._looked_at > _LOOK_AGAIN + self.workers / _JOBS_A_SECOND:
            self._look()
        return bool(self._addresses) and len(self._futures) + len(self._waiting) < _AHEAD * self.workers

    def submit(self, job: Job) -> None:
        """See `Engine`."""
        self._waiting.append(job)

    def _send(self) -> None:
        """Hands over what waits: together what any worker may have, since it is graphs that cost the scheduler."""
        anywhere = []
        for job in self._waiting:
            heavy = job.room > self.memory.each and self.memory.shared is None
            fit = [a for a in self._addresses if a != job.avoid and (not heavy or self._rooms[a] >= job.room)]
            if 0 < len(fit) < len(self._addresses):
                self._send_to([job], workers=fit, allow_other_workers=not heavy)
            else:
                anywhere.append(job)
        if anywhere:
            self._send_to(anywhere)
        self._waiting.clear()

    def _send_to(self, jobs: list[Job], **where: Any) -> None:
        # Keys of their own, or Dask would give the answers that an earlier batch had.
        keys = [f"coincodec-{uuid.uuid4().hex}" for _ in jobs]
        for job, future in zip(jobs, self._client.map(_on_worker, jobs, key=keys, pure=False, **where), strict=True):
            self._futures[job.number] = future
            future.add_done_callback(lambda ended, number=job.number: self._ended.put((number, ended)))

    def wait(self, seconds: float) -> list[Outcome]:
        """See `Engine`."""
        with self._reached():
            self._send()
        try:
            found = [self._ended.get(timeout=seconds)]
        except queue.Empty:
            return self._nothing()
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._ended.get_nowait())
        ended = [(number, future) for number, future in found if self._futures.pop(number, None)]
        # All at once, since each request costs the client and the scheduler more than what it brings.
        done = [(number, future) for number, future in ended if future.status == "finished"]
        with self._reached():
            results = self._client.gather([future for _, future in done])
        outcomes = [Outcome(n, answers, address) for (n, _), (address, answers) in zip(done, results, strict=True)]
        return outcomes + [self._lost(number, future) for number, future in ended if future.status != "finished"]

    def _lost(self, number: int, future: Any) -> Outcome:
        """Of a job that has no answers."""
        if future.status != "error":
            raise CoincodecError("the scheduler has gone, or has dropped what it had; start again to go on")
        error = future.exception()
        if isinstance(error, self._dask.KilledWorker):
            return Outcome(number, None, error.last_worker.address, "its worker processes died, one after another")
        return Outcome(number, None, None, f"{type(error).__name__}: {' '.join(str(error).split())}")

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        """What Dask raises in here is because it has lost its scheduler."""
        try:
            yield
        except Exception as error:
            raise CoincodecError(f"the scheduler has gone; start again to go on: {error}") from error

    def _nothing(self) -> list[Outcome]:
        if self._client.status not in ("running", "connecting"):
            raise CoincodecError("the scheduler has gone; start again to go on")
        if self._addresses:
            self._seen_at = time.monotonic()
        elif time.monotonic() - self._seen_at > _NOBODY:
            raise CoincodecError("the scheduler has no workers")
        return []

    def _look(self) -> None:
        """Who is there, and with how much memory."""
        self._looked_at = time.monotonic()
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        self._addresses = sorted(found)
        self._rooms = {a: (w["memory_limit"] or _NO_LIMIT) // w["nthreads"] for a, w in found.items()}
        self.workers = sum(worker["nthreads"] for worker in found.values()) or 1
        self.at_once = max(1.0, self.workers / _JOBS_A_SECOND)
        if self._scheduler == LOCAL:
            total = memory.available()
            self.cores, self.memory = self.workers, Memory(total // self.workers, total, total)
        elif found:
            self.memory = Memory(min(self._rooms.values()), max(self._rooms.values()), None)

    def _other(self) -> Any:
        try:
            return self._dask.Client(self._scheduler, timeout=_ANSWERS, set_as_default=False)
        except (OSError, TimeoutError):
            raise CoincodecError(f"no scheduler answers at {self._scheduler}") from None
        except ValueError as error:
            raise UsageError(f"{self._scheduler} is no address of a scheduler: {error}") from None

    def _own(self) -> Any:
        # Memory is looked after here, by what fits take; a limit for each worker would leave none for large pictures.
        cluster = self._exit.enter_context(
            self._dask.LocalCluster(
                n_workers=self._count, threads_per_worker=1, processes=True, memory_limit=0,
                dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
            )
        )  # fmt: skip
        return self._dask.Client(cluster, set_as_default=False)


def _on_worker(job: Job) -> tuple[str, list[Answer]]:
    """What a worker runs: its address, and the answers."""
    address = importlib.import_module("distributed").get_worker().address
    return str(address), perform(job)
