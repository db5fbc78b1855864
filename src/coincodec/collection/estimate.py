"""What a batch will take, told from a sample of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import CoincodecError
from .conversion import Encoding
from .dispatch import Dispatcher
from .engine import Engine
from .plan import Item
from .run import BatchProgress, Request
from .work import Task

# Pictures that are tried, and for each worker at least.
_SAMPLE, _FOR_EACH = 16, 2

# The work of a budget's trials as a share of that of the fits, about.
_TRIALS = 0.3


@dataclass(frozen=True)
class Estimate:
    """What all pictures will take, with deviations where another sample may say otherwise.

    pictures, tried: how many. failed: of those tried. work: seconds on one core. bytes: of outputs. pixels: of
    pictures. seconds: on `workers` workers. Deviations are standard ones of the estimate, as a share of it.
    """

    pictures: int
    tried: int
    failed: int
    work: float
    work_deviation: float
    bytes: float
    bytes_deviation: float
    pixels: float
    workers: int

    @property
    def seconds(self) -> float:
        """See the class."""
        return self.work / min(self.workers, self.pictures)

    def price(self, per_core_hour: float) -> float:
        """Of that work, in what a core costs an hour."""
        return self.work / 3600 * per_core_hour


def estimate(
    request: Request,
    items: Sequence[Item],
    engine: Engine,
    progress: Callable[[BatchProgress], None] | None = None,
) -> Estimate:
    """Converts some of the pictures, and writes nothing. Raises `CoincodecError` if none of them can be."""
    conversion, more = request.conversion, 0.0
    if request.budget is not None and isinstance(conversion, Encoding):
        conversion, more = conversion.at_price(request.budget.usual_price()), _TRIALS
    sample = _across(items, max(_SAMPLE, _FOR_EACH * engine.workers))
    dispatcher = Dispatcher(engine, retries=request.retries, threads=request.threads or 1)
    rows, error = [], ""
    tasks = [Task(item.source, item.output) for item in sample]
    for number, answer in enumerate(dispatcher.answers(conversion, tasks, keep=False), 1):
        if (row := answer.row) is not None and row.error is None:
            rows.append(row)
        elif row is not None:
            error = f"{row.input}: {row.error}"
        if progress is not None:
            progress(BatchProgress("sample", number, number - len(rows), len(tasks), 0.0, 0.0, 0.0, row))
    if not rows:
        raise CoincodecError(f"none of the {len(sample)} that were tried can be converted: {error}")
    share = len(items) * len(rows) / len(sample)
    work = [(row.seconds or 0.0) * (1 + more) for row in rows]
    sizes = [float(row.bytes or 0) for row in rows]
    pixels = share * statistics.mean(row.pixels for row in rows)
    all_bytes, deviation = share * statistics.mean(sizes), _deviation(sizes, len(items))
    if request.budget is not None:
        all_bytes, deviation = request.budget.bytes_for(pixels), 0.0
    return Estimate(
        pictures=len(items),
        tried=len(sample),
        failed=len(sample) - len(rows),
        work=share * statistics.mean(work),
        work_deviation=_deviation(work, len(items)),
        bytes=all_bytes,
        bytes_deviation=deviation,
        pixels=pixels,
        workers=engine.workers,
    )


def _across(items: Sequence[Item], count: int) -> list[Item]:
    """So many items, small and large files alike: every so many of them by size."""
    by_size = sorted(items, key=lambda item: (item.size or 0, item.output))
    if len(by_size) <= count:
        return by_size
    return [by_size[int((number + 0.5) * len(by_size) / count)] for number in range(count)]


def _deviation(values: Sequence[float], of: int) -> float:
    """Of a mean, as a share of it, where the values are some of so many."""
    mean = statistics.mean(values)
    if len(values) < 2 or mean == 0:
        return 0.0
    return statistics.stdev(values) / mean * math.sqrt((1 - len(values) / of) / len(values))
