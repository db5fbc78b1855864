"""Processes that work for this one: started without its threads, ended with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.context import SpawnContext


def context() -> SpawnContext:
    """How they are started: spawned, since a fork would copy whatever threads and locks the parent has."""
    return multiprocessing.get_context("spawn")


# NumPy's linear algebra reads them when it is loaded, and would start a thread for each core in each process.
_THREADS_OF_OTHERS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """While they are started, for what they inherit.

    Ctrl-C is blocked: one that is just beginning would show a traceback. Linear algebra gets one thread, unless the
    environment says otherwise.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    unset = [name for name in _THREADS_OF_OTHERS if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow_parent() -> None:
    """Leaves Ctrl-C to the parent, which ends this process, and ends it should the parent be killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
