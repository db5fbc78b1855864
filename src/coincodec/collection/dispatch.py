"""Keeps workers busy: which task next, with how many threads, and what becomes of those that fail."""

from __future__ import annotations

import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from .. import __version__
from .conversion import Conversion
from .engine import Engine, Outcome
from .manifest import FAILED, Row, now
from .work import Answer, Job, Task

# Tasks that are sent at once, at most.
MOST_AT_ONCE = 64

# Jobs for each worker that tasks in a bundle leave at least, so that all of them end together.
_JOBS_LEFT = 4

# Seconds before the second attempt; twice as many before each further one.
_PAUSE = 0.5

# How long an engine is waited for at a time, so that Ctrl-C is heard and pauses end.
_AT_A_TIME = 0.5


@dataclass(slots=True)
class _Waiting:
    """A task, how often it was tried, which worker is not to have it again, when it may go, and its need of memory."""

    task: Task
    attempts: int = 0
    avoid: str | None = None
    ready: float = 0.0
    need: int = 0


class Dispatcher:
    """Tasks of one conversion through an engine.

    retries: attempts beyond the first of what fails for a reason that may pass. threads: of a fit; if None, 1 while
    more tasks wait than there are cores, and all cores for the last ones. began: called with tasks that are sent for
    the first time. most_at_once: tasks in a job.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        retries: int = 2,
        threads: int | None = None,
        began: Callable[[list[Task]], None] = lambda tasks: None,
    ) -> None:
        self.engine, self.retries, self.threads, self.began = engine, retries, threads, began
        self.most_at_once = MOST_AT_ONCE
        self._numbers = itertools.count()

    def answers(self, conversion: Conversion | None, tasks: Iterable[Task], keep: bool = True) -> Iterator[Answer]:
        """What becomes of each task, as it is known; none is left out, and none comes twice.

        conversion: nothing to ask for hashes of inputs. keep: whether outputs are written.
        """
        self._conversion, self._keep = conversion, keep
        self._queue = deque(_Waiting(task) for task in tasks)
        self._again: deque[_Waiting] = deque()
        self._heavy: deque[_Waiting] = deque()
        self._running: dict[int, tuple[list[_Waiting], int]] = {}
        self._mean = math.inf
        # If all of them begin at once, each gets as much as the others.
        self._share = self.engine.cores // max(len(self._queue), 1) if len(self._queue) <= self.engine.workers else 0
        while self._queue or self._again or self._heavy or self._running:
            while self._send():
                pass
            for outcome in self.engine.wait(_AT_A_TIME):
                yield from self._taken(outcome)

    def _send(self) -> bool:
        """Sends one job, if there is one and a place for it."""
        left = len(self._queue) + len(self._again) + len(self._heavy)
        if self._again and self._again[0].ready <= time.monotonic() and self.engine.free(self._again[0].avoid):
            self._submit([self._again.popleft()], self._threads(left), self.engine.memory.each)
            return True
        if not self.engine.free():
            return False
        if self._queue:
            bundle = [self._queue.popleft() for _ in range(self._at_once())]
            self.began([waiting.task for waiting in bundle])
            self._submit(bundle, self._threads(left), self.engine.memory.each)
            return True
        if self._heavy and self._has_memory_for(self._heavy[0]):
            shared = self.engine.memory.shared
            beside = 1 if shared is None else max(1, shared // self._heavy[0].need)
            threads = self.threads or max(1, self.engine.cores // min(len(self._heavy), beside))
            self._submit([waiting := self._heavy.popleft()], threads, waiting.need)
            return True
        return False

    def _at_once(self) -> int:
        """How many of the queue go into a job."""
        by_time = int(min(self.engine.at_once / max(self._mean, 1e-6), self.most_at_once))
        by_end = -(-len(self._queue) // (_JOBS_LEFT * self.engine.workers))
        return max(1, min(by_time, by_end))

    def _threads(self, left: int) -> int:
        """Of a fit, with so many that are not begun, itself among them."""
        return self.threads or max(1, self._share or self.engine.cores // left)

    def _has_memory_for(self, waiting: _Waiting) -> bool:
        """Beside what runs. What takes more than there is goes alone."""
        shared = self.engine.memory.shared
        taken = sum(room for _, room in self._running.values())
        return shared is None or not self._running or taken + waiting.need <= shared

    def _submit(self, bundle: list[_Waiting], threads: int, room: int) -> None:
        number = next(self._numbers)
        tasks = tuple(waiting.task for waiting in bundle)
        self._running[number] = (bundle, room)
        self.engine.submit(Job(number, self._conversion, tasks, self._keep, threads, room, bundle[0].avoid))

    def _taken(self, outcome: Outcome) -> Iterator[Answer]:
        """What an outcome settles."""
        bundle, _ = self._running.pop(outcome.number)
        if outcome.answers is None:
            for waiting in bundle:
                row = self._failed(waiting.task, outcome.lost, outcome.worker)
                yield from self._settled(waiting, Answer(waiting.task, row, again=True), outcome.worker)
            return
        seconds = [answer.row.seconds or 0.0 if answer.row else 1e-3 for answer in outcome.answers]
        mean = sum(seconds) / len(seconds)
        self._mean = mean if self._mean == math.inf else 0.8 * self._mean + 0.2 * mean
        for waiting, answer in zip(bundle, outcome.answers, strict=True):
            yield from self._settled(waiting, answer, outcome.worker)

    def _settled(self, waiting: _Waiting, answer: Answer, worker: str | None) -> Iterator[Answer]:
        """The answer, if it is the last one to this task."""
        if answer.need > self.engine.memory.most and self.engine.memory.shared is None:
            text = f"it takes about {answer.need / 2**20:,.0f} MB of memory, more than any worker has for one picture"
            answer = Answer(answer.task, self._failed(answer.task, text, worker))
        if answer.need:
            waiting.need = answer.need
            self._heavy.append(waiting)
            return
        waiting.attempts += 1
        if answer.again and waiting.attempts <= self.retries:
            waiting.avoid = worker
            waiting.ready = time.monotonic() + _PAUSE * 2 ** (waiting.attempts - 1)
            self._again.append(waiting)
            return
        if answer.row is not None:
            answer = replace(answer, row=replace(answer.row, attempts=waiting.attempts))
        yield answer

    def _failed(self, task: Task, error: str, worker: str | None) -> Row:
        options = {} if self._conversion is None else self._conversion.described
        return Row(
            task.source, task.output, FAILED,
            error=error, worker=worker, options=options, version=__version__, finished=now(),
        )  # fmt: skip
