"""Which engine runs a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import native
from ..errors import UsageError
from . import store
from .engine import Engine
from .here import Here
from .plan import Item
from .pool import Pool


def choose(
    items: Sequence[Item], workers: int | None, scheduler: Any, threads: int | None, say: Callable[[str], None]
) -> Engine:
    """The workers of a scheduler if there is one, else processes of this machine, one a core if not told otherwise.

    scheduler: an address, "local", or a client of Dask's. threads: of a fit, if told. say: told of a dashboard.
    Raises `UsageError` for what does not go together.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers must be at least 1, not {workers}")
    if any(store.in_memory(item.source) or store.in_memory(item.output) for item in items):
        if scheduler is not None or workers not in (None, 1):
            raise UsageError("memory:// is of this process alone, and other workers do not see it")
        return Here()
    cores = workers or native.resolve_threads(None)
    count = max(1, min(workers or cores // (threads or 1), len(items)))
    if scheduler is None:
        return Pool(count, cores)
    from .cluster import LOCAL, Cluster

    if workers is not None and scheduler != LOCAL:
        raise UsageError("workers are those that the scheduler has; their number cannot be given too")
    return Cluster(scheduler, count, say)
