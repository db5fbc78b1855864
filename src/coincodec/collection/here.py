"""An engine without workers, where inputs or outputs are in this process's own memory."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from .. import native
from . import memory
from .engine import Memory, Outcome
from .work import Job, name, perform


class Here:
    """Does each job when it is waited for, with every core."""

    def __init__(self) -> None:
        self.workers, self.cores = 1, native.resolve_threads(None)
        self.at_once = 0.0
        total = memory.available()
        self.memory = Memory(total, total, total)
        self._jobs: list[Job] = []

    def free(self, avoid: str | None = None) -> bool:
        """See `Engine`."""
        return not self._jobs

    def submit(self, job: Job) -> None:
        """See `Engine`."""
        self._jobs.append(job)

    def wait(self, seconds: float) -> list[Outcome]:
        """See `Engine`."""
        done = [Outcome(job.number, perform(job), name()) for job in self._jobs]
        self._jobs = []
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._jobs = []
