"""An engine of processes on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from multiprocessing import connection
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from .. import children
from ..errors import CoincodecError
from . import memory
from .engine import Memory, Outcome
from .work import Job, perform

# Seconds of work beside which sending it, half a millisecond, is nothing.
_AT_ONCE = 0.5

# How long a worker that is told to end may take for it, in seconds, before it is killed.
_GRACE = 5.0


class Pool:
    """Processes with one job each; for one that dies another is started."""

    def __init__(self, workers: int, cores: int) -> None:
        """cores: that they share."""
        self.workers, self.cores = workers, cores
        self.at_once = _AT_ONCE
        total = memory.available()
        self.memory = Memory(total // workers, total, total)
        self._members: list[_Member] = []

    def free(self, avoid: str | None = None) -> bool:
        """See `Engine`."""
        return self._idle(avoid) is not None

    def submit(self, job: Job) -> None:
        """See `Engine`."""
        member = self._idle(job.avoid)
        assert member is not None, "there is no place"
        member.begin(job)

    def wait(self, seconds: float) -> list[Outcome]:
        """See `Engine`."""
        busy = {m.connection: m for m in self._members if m.job is not None}
        if not busy:
            time.sleep(seconds)
            return []
        ready = connection.wait(list(busy), seconds)
        return [outcome for pipe in ready if (outcome := self._outcome(busy[pipe])) is not None]  # type: ignore[index]

    def __enter__(self) -> Self:
        with children.starting():
            self._members = [_Member() for _ in range(self.workers)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self._members:
            member.end(at_once=kind is not None)
        end = time.monotonic() + _GRACE
        for member in self._members:
            member.join(end - time.monotonic())
        self._members = []

    def _idle(self, avoid: str | None) -> _Member | None:
        alone = self.workers == 1
        return next((m for m in self._members if m.job is None and (alone or m.name != avoid)), None)

    def _outcome(self, member: _Member) -> Outcome | None:
        """Of what has said something, or died."""
        job = member.job
        assert job is not None
        try:
            answers = member.connection.recv()
        except (EOFError, OSError):
            why = member.why_dead()
            if not member.ready:
                raise CoincodecError(
                    f"a worker process {why} before it began; a program that calls coincodec.batch must do it "
                    'below if __name__ == "__main__":, since each worker loads the program, too'
                ) from None
            with children.starting():
                self._members[self._members.index(member)] = _Member()
            return Outcome(job.number, None, member.name, f"its worker process {why}")
        if answers is None:
            member.ready = True
            return None
        member.job = None
        return Outcome(job.number, answers, member.name)


class _Member:
    """One process. ready: whether it has said that it takes jobs."""

    def __init__(self) -> None:
        self.connection, theirs = connection.Pipe()
        self._process = children.context().Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self.name = f"{socket.gethostname()}:{self._process.pid}"
        self.ready = False
        self.job: Job | None = None

    def begin(self, job: Job) -> None:
        """Sends a job; a process that is dead by now is noticed when it is waited for."""
        self.job = job
        with contextlib.suppress(OSError):
            self.connection.send(job)

    def end(self, at_once: bool) -> None:
        """Tells it to, after its job or at once."""
        if at_once:
            self._process.terminate()
        self.connection.close()

    def join(self, seconds: float) -> None:
        """Waits for its end, and then does not any more."""
        self._process.join(max(seconds, 0))
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def why_dead(self) -> str:
        """What its exit status says."""
        self._process.join(_GRACE)
        status = self._process.exitcode
        if status is not None and status < 0:
            return f"was ended by signal {-status} ({signal.Signals(-status).name})"
        return f"ended with status {status}"


def _serve(pipe: Connection) -> None:
    """What a process does until its parent hangs up."""
    children.follow_parent()
    # So that what is written at that moment is removed, not left half done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        pipe.send(None)
        while True:
            pipe.send(perform(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    finally:
        # Without what an interpreter does at its end, which nobody waits for.
        os._exit(0)
