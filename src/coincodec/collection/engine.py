"""What runs jobs: some workers, told apart by name, that take one job each."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from .work import Answer, Job


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a job. answers: one for each task, or nothing where its worker died; worker: by name; lost: why."""

    number: int
    answers: list[Answer] | None
    worker: str | None = None
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes.

    each: what any job may take at any time. most: what one may take at best. shared: what all that run may take
    together; None if each of them has memory of its own.
    """

    each: int
    most: int
    shared: int | None


class Engine(Protocol):
    """A context manager: on leaving, workers end; at once if an exception is why.

    workers: how many jobs run at a time. cores: that are shared by them, if these are on one machine of ours; else 0.
    at_once: pictures that take fewer seconds are sent together, to make up so many.
    """

    workers: int
    cores: int
    at_once: float
    memory: Memory

    def free(self, avoid: str | None = None) -> bool:
        """Whether there is a place for a job, on another worker than that one if there are others."""

    def submit(self, job: Job) -> None:
        """Begins it, or lets it wait in a place."""

    def wait(self, seconds: float) -> list[Outcome]:
        """What has ended, after waiting for it if need be, so long at most. Raises `CoincodecError` if no more will."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
