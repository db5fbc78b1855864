"""A batch: from inputs to outputs, manifest and summary."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .. import __version__, native
from ..errors import UsageError
from . import manifest, plan, store
from .budget import Budget, Measured, Round, Spending
from .conversion import Conversion, Encoding
from .dispatch import Dispatcher
from .engine import Engine
from .history import History
from .manifest import BEGUN, DONE, FAILED, Manifest, Row
from .plan import Item
from .work import Answer, Task

MANIFEST = "manifest.jsonl"

# The preset of fits that are made to learn what a price leads to, and their steps at most.
_QUICK, _QUICK_STEPS = "instant", 160


@dataclass(frozen=True)
class BatchProgress:
    """State of a batch after a picture.

    stage: "pictures"; with a budget also "looking at what is done", "trial" and "correction". done: pictures of the
    stage, those that were done before among them. failed: of these. total: of the stage. elapsed: seconds of it. rate:
    pictures a second, without those done before. remaining: seconds left in it, at that rate. latest: the last row.
    """

    stage: str
    done: int
    failed: int
    total: int
    elapsed: float
    rate: float
    remaining: float
    latest: Row | None


@dataclass(frozen=True)
class BatchReport:
    """What became of a batch.

    done: pictures that were made. skipped: that were there. failed: input and error of each of the others. bytes,
    pixels: of all outputs, and of the pictures they show. seconds: it took. work: seconds that workers spent. missed:
    by what share the budget was, if it was: above 0 for too much. manifest: where it is.
    """

    done: int
    skipped: int
    failed: tuple[tuple[str, str], ...]
    bytes: int
    pixels: int
    seconds: float
    work: float
    missed: float
    manifest: Path

    @property
    def bpp(self) -> float:
        """Bits per pixel of all outputs."""
        return 8 * self.bytes / self.pixels if self.pixels else 0.0


@dataclass(frozen=True)
class Request:
    """What is to be done.

    inputs: files, folders, patterns; paths or URLs. output: a folder, likewise. manifest: where, if not in the output
    folder. budget: of an `Encoding`. force: replace outputs that no manifest knows. retries: attempts beyond the first.
    threads: of a fit, if not as it suits the number of pictures.
    """

    inputs: Sequence[str | os.PathLike[str]]
    output: str
    conversion: Conversion
    manifest: str | os.PathLike[str] | None = None
    budget: Budget | None = None
    force: bool = False
    retries: int = 2
    threads: int | None = None

    def check(self) -> None:
        """Raises `UsageError` for what cannot be meant, before anything is looked for."""
        if self.retries < 0:
            raise UsageError(f"retries must not be negative, not {self.retries}")
        if self.threads is not None:
            native.resolve_threads(self.threads)
        store.check_output(self.output)
        self.conversion.check()
        if isinstance(self.conversion, Encoding):
            if self.budget is not None:
                self.conversion.check_for_budget()
        elif self.budget is not None:
            raise UsageError("a budget is for encoding")

    def items(self) -> list[Item]:
        """Every picture. Raises `UsageError`."""
        return plan.items(self.inputs, self.output, self.conversion.renamed, self.conversion.takes)

    def manifest_path(self) -> Path:
        """Of the manifest. Raises `UsageError` if there is no place for it."""
        if self.manifest is not None:
            return Path(self.manifest)
        if store.is_remote(self.output):
            raise UsageError(f"a manifest grows line by line, which {self.output} cannot; name a file of this machine")
        return Path(self.output) / MANIFEST


def run(
    request: Request, items: Sequence[Item], engine: Engine, progress: Callable[[BatchProgress], None] | None = None
) -> BatchReport:
    """Does what is missing. engine: entered.

    Raises `UsageError` if outputs are there that no manifest knows, `ManifestError`; not for a picture that fails.
    """
    path = request.manifest_path()
    with Manifest(path) as rows:
        report = _Batch(request, items, engine, rows, progress).run()
    if manifest.has_parquet():
        manifest.write_table(path, path.with_suffix(".parquet"))
    return report


class _Batch:
    def __init__(
        self,
        request: Request,
        items: Sequence[Item],
        engine: Engine,
        rows: Manifest,
        progress: Callable[[BatchProgress], None] | None,
    ) -> None:
        self.request, self.rows, self.progress = request, rows, progress
        self.items = {item.output: item for item in items}
        sizes = {store.join(request.output, name): size for name, size in store.files_in(request.output, hidden=True)}
        self.history = History(rows.path, sizes, fits=request.budget is not None)
        foreign = self.history.foreign(self.items)
        if foreign and not request.force:
            raise UsageError(
                f"{foreign[0]} {f'and {len(foreign) - 1:,} more exist' if foreign[1:] else 'exists'}, and "
                f"{rows.path} does not know of it; name another folder, or give --force to replace"
            )
        self.dispatcher = Dispatcher(engine, retries=request.retries, threads=request.threads, began=self._began)
        self.begun = time.monotonic()
        self.work = 0.0
        self.made: set[str] = set()
        self.errors: dict[str, str] = {}
        self.hashes: dict[str, str] = {}

    def run(self) -> BatchReport:
        """Does it."""
        missed = 0.0
        if self.request.budget is None:
            self._plainly(self.request.conversion, list(self.items))
        else:
            missed = self._spend(self.request.budget)
        states = [self.history.states[output] for output in self.items if output not in self.errors]
        return BatchReport(
            done=len(self.made),
            skipped=len(self.items) - len(self.made) - len(self.errors),
            failed=tuple((self.items[output].source, error) for output, error in self.errors.items()),
            bytes=sum(state.bytes for state in states),
            pixels=sum(state.pixels for state in states),
            seconds=time.monotonic() - self.begun,
            work=self.work,
            missed=missed,
            manifest=self.rows.path,
        )

    def _plainly(self, conversion: Conversion, outputs: Iterable[str]) -> None:
        """Makes what is not there yet, of these inputs and by these options."""
        recipe = manifest.recipe(conversion.described, __version__)
        tasks = [self._task(output, recipe) for output in outputs]
        self._all("pictures", conversion, tasks)

    def _task(self, output: str, recipe: str | None = None) -> Task:
        known = recipe is not None and self.history.is_right(output, recipe)
        return Task(self.items[output].source, output, self.history.states[output].hash if known else None)

    def _began(self, tasks: Sequence[Task]) -> None:
        """Says in the manifest which outputs are ours, should we be killed before it says more of them."""
        if self.keeping:
            for task in tasks:
                if task.output not in self.history.ours:
                    self._append(Row(task.source, task.output, BEGUN, finished=manifest.now()))

    def _append(self, row: Row) -> None:
        self.rows.append(row)
        self.history.written(row)

    def _all(self, stage: str, conversion: Conversion | None, tasks: Sequence[Task], keep: bool = True) -> list[Answer]:
        """Has tasks done and their rows written; returns the answers where hashes were asked for."""
        self.keeping = keep and conversion is not None
        begun, done, failed, worked, others = time.monotonic(), 0, 0, 0, []
        for answer in self.dispatcher.answers(conversion, tasks, keep):
            row, done = answer.row, done + 1
            if conversion is None:
                others.append(answer)
            elif row is not None:
                self._settle(row, keep)
                failed += row.status == FAILED
                worked += 1
            if self.progress is not None:
                elapsed = time.monotonic() - begun
                rate = worked / elapsed if elapsed > 0 else 0.0
                remaining = (len(tasks) - done) / rate if rate else elapsed * (len(tasks) / done - 1)
                self.progress(BatchProgress(stage, done, failed, len(tasks), elapsed, rate, remaining, row))
        return others

    def _settle(self, row: Row, keep: bool) -> None:
        """Takes in a row. Of a trial that failed nothing is kept: the picture itself will tell."""
        self.work += row.seconds or 0.0
        if row.hash is not None:
            self.hashes[row.output] = row.hash
        if row.status == FAILED and not keep:
            return
        self._append(row)
        if row.status == FAILED:
            self.errors[row.output] = row.error or ""
        elif row.status == DONE:
            self.made.add(row.output)
            self.errors.pop(row.output, None)

    def _spend(self, budget: Budget) -> float:
        """Spends a budget, and says by how much it was missed."""
        conversion = self.request.conversion
        assert isinstance(conversion, Encoding)
        looked_at = [self._task(output) for output in self.items if output in self.history.fitted]
        for answer in self._all("looking at what is done", None, looked_at):
            if answer.hash is not None:
                self.hashes[answer.task.output] = answer.hash
        prefix = len(self.request.output)
        names = sorted(self.items, key=lambda output: hashlib.sha256(output[prefix:].encode()).digest())
        spending = Spending(budget, names)
        rounds = spending.rounds()
        found: Mapping[str, Measured] | None = None
        while True:
            try:
                wanted = next(rounds) if found is None else rounds.send(found)
            except StopIteration:
                break
            found = self._round(conversion, wanted, again=bool(spending.prices) and wanted.names[0] in spending.prices)
        # What an earlier batch made may since have been replaced by a round that is not the last one now.
        by_price: dict[float, list[str]] = {}
        for output, price in spending.prices.items():
            recipe = manifest.recipe(conversion.at_price(price).described, __version__)
            state = self.history.states.get(output)
            same = state is not None and state.hash == self.hashes.get(output)
            if not same or not self.history.is_right(output, recipe):
                by_price.setdefault(price, []).append(output)
        for price, outputs in by_price.items():
            self._all("pictures", conversion.at_price(price), [self._task(output) for output in outputs])
        return spending.missed

    def _round(self, conversion: Encoding, wanted: Round, again: bool) -> dict[str, Measured]:
        """Fits what a round wants and no batch before has fitted."""
        priced = conversion.at_price(wanted.price)
        if wanted.trial:
            steps = None if priced.options.steps is None else min(priced.options.steps, _QUICK_STEPS)
            options = replace(priced.options, preset=_QUICK, steps=steps, time=None)
            priced = replace(priced, options=options, score=False)
        recipe = manifest.recipe(priced.described, __version__)
        stage = "trial" if wanted.trial else "correction" if again else "pictures"

        def known() -> dict[str, Measured]:
            pairs = ((n, self.history.taken(self.hashes.get(n), recipe, not wanted.trial)) for n in wanted.names)
            return {name: Measured(*pair, wanted.price) for name, pair in pairs if pair is not None}

        before = known()
        tasks = [self._task(name) for name in wanted.names if name not in before]
        self._all(stage, priced, tasks, keep=not wanted.trial)
        return known()
