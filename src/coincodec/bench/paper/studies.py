"""All studies, and a run over what a file lacks of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ...errors import UsageError
from ...progress import Progress
from .. import datasets
from . import bits, data, picture, searching, sizes, training
from .data import Measurement
from .unit import Source, Unit

PICTURE = "kodim15"


@dataclass(frozen=True)
class RunProgress:
    """State of a run: units done and in all, seconds left, the unit under way and how far its fit is."""

    done: int
    total: int
    remaining: float
    unit: Unit
    fit: Progress


def kodak_source() -> Source:
    """The picture the paper shows, kodim15. Raises `DatasetError` if it cannot be had."""
    (path,) = datasets.find("kodak").only([PICTURE]).paths
    with Image.open(path) as image:
        return Source(path.stem, np.asarray(image.convert("RGB")))


def files_folder(path: Path) -> Path:
    """Where coded pictures are kept for the measurements in `path`."""
    return path.with_name(f"{path.stem}-files")


def all_units(source: Source, path: Path, paper_steps: int | None = None) -> list[Unit]:
    """Every unit there is, the quick ones first.

    path: of the measurements. paper_steps: of the paper's recipe, else its 50,000, which take hours.
    Raises `UsageError` for a bad number.
    """
    if paper_steps is not None and paper_steps < 1:
        raise UsageError(f"steps must be at least 1, not {paper_steps}")
    found = [
        *training.units(source, {} if paper_steps is None else {"paper": paper_steps}),
        *bits.units(source),
        *picture.units(source, files_folder(path)),
        *sizes.units(source),
        *searching.units(source),
    ]
    return sorted(found, key=lambda unit: unit.cost)


def choose(units: Sequence[Unit], names: Sequence[str]) -> list[Unit]:
    """The units of these studies, or named study/unit. Raises `UsageError` for a name that is neither."""
    for name in names:
        if not any(name in (unit.study, unit.key) for unit in units):
            known = dict.fromkeys(unit.study for unit in units)
            raise UsageError(f"there is nothing to measure for {name!r}; there are {', '.join(known)}")
    return [unit for unit in units if unit.study in names or unit.key in names]


def missing(units: Sequence[Unit], path: Path) -> list[Unit]:
    """The units without a line, whose newest is of other settings or versions, or whose files are gone."""
    known = data.newest(data.read(path))

    def complete(unit: Unit) -> bool:
        line = known.get((unit.study, unit.name))
        return (
            line is not None
            and (line.picture, line.settings, line.versions) == (unit.picture, unit.settings, unit.versions)
            and all(file.exists() for file in unit.files)
        )

    return [unit for unit in units if not complete(unit)]


def run(units: Sequence[Unit], path: Path, progress: Callable[[RunProgress], None] | None = None) -> int:
    """Measures the units that `path` lacks and appends each as soon as it is there. Returns how many."""
    todo = missing(units, path)
    work = sum(unit.cost for unit in todo)
    behind = 0.0
    start = time.monotonic()
    for number, unit in enumerate(todo):

        def watch(fit: Progress, number: int = number, unit: Unit = unit, behind: float = behind) -> None:
            if progress is not None:
                over = behind + unit.cost * fit.step / fit.steps
                left = (time.monotonic() - start) * (work - over) / over
                progress(RunProgress(number, len(todo), left, unit, fit))

        values = unit.measure(watch)
        data.append(path, Measurement(unit.study, unit.name, unit.picture, unit.settings, unit.versions, values))
        behind += unit.cost
    return len(todo)
