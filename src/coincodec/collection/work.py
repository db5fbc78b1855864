"""What a worker does: reads a picture where it is, converts it, writes what it has become, and tells what happened."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from dataclasses import dataclass

from .. import __version__
from ..errors import CoincodecError
from . import store
from .conversion import Conversion
from .manifest import DONE, FAILED, TRIED, Row, now


@dataclass(frozen=True, slots=True)
class Task:
    """One picture. known: the hash of the input that the output, which is there, was made from."""

    source: str
    output: str
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What is sent to a worker: paths, never pixels.

    number: its own. conversion: nothing to look at inputs only. keep: whether outputs are written. threads: of a fit.
    room: bytes of memory that it may take. avoid: the worker that a task failed on.
    """

    number: int
    conversion: Conversion | None
    tasks: tuple[Task, ...]
    keep: bool
    threads: int
    room: int
    avoid: str | None = None
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a task: a row, a hash that is as it was known or was asked for, or a need of memory; nothing where
    a hash could not be had.

    again: whether a failure may be the worker's, or pass.
    """

    task: Task
    row: Row | None = None
    hash: str | None = None
    need: int = 0
    again: bool = False


def perform(job: Job) -> list[Answer]:
    """Does what a job says, task by task. Raises nothing but what ends a process."""
    return [_answer(job, task) for task in job.tasks]


def name() -> str:
    """Of this worker: its machine, its process and, where it has several, its thread."""
    thread = threading.current_thread()
    within = "" if thread is threading.main_thread() else f":{thread.native_id}"
    return f"{socket.gethostname()}:{os.getpid()}{within}"


def _answer(job: Job, task: Task) -> Answer:
    begun = time.monotonic()
    digest = None
    try:
        data = store.read(task.source)
        digest = hashlib.sha256(data).hexdigest()
        if job.conversion is None or digest == task.known:
            return Answer(task, hash=digest)
        if job.version != __version__:
            raise _WrongVersion(f"the worker has coincodec {__version__}, not {job.version}")
        if (need := job.conversion.need(data)) > job.room:
            return Answer(task, need=need)
        made = job.conversion.convert(data, job.threads)
        if job.keep:
            store.write(task.output, made.data)
    except Exception as error:  # whatever a store, a library or the lack of memory raises costs one picture
        if job.conversion is None:
            return Answer(task, again=_may_pass(error))
        row = _row(job, task, FAILED, digest, begun, error=_text(error))
        return Answer(task, row, again=_may_pass(error))
    row = _row(
        job, task, DONE if job.keep else TRIED, digest, begun,
        bytes=len(made.data), width=made.width, height=made.height, psnr=made.psnr, ssimulacra2=made.ssimulacra2,
        notes=made.notes,
    )  # fmt: skip
    return Answer(task, row)


class _WrongVersion(Exception):
    """Another worker may have the right one."""


def _may_pass(error: Exception) -> bool:
    """Whether the same may work later, or elsewhere; what is wrong with a picture or the options stays so."""
    return not isinstance(error, CoincodecError)


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = " ".join(str(error).split())
    if isinstance(error, CoincodecError | _WrongVersion):
        return text
    return "out of memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {text}"


def _row(job: Job, task: Task, status: str, digest: str | None, begun: float, **facts: object) -> Row:
    assert job.conversion is not None
    return Row(
        task.source, task.output, status, digest,
        seconds=round(time.monotonic() - begun, 4), worker=name(), options=job.conversion.described,
        version=__version__, finished=now(), **facts,  # type: ignore[arg-type]
    )  # fmt: skip
