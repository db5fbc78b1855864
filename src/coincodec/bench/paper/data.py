"""Measurements of the studies as lines of JSON, appended one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..results import Writer, read_lines

Values = dict[str, Any]


@dataclass(frozen=True)
class Measurement:
    """One unit of a study, measured.

    picture: its name. settings: everything that was asked for. versions: of what decides the result.
    values: what was found; each study says what it holds.
    """

    study: str
    unit: str
    picture: str
    settings: dict[str, Any]
    versions: dict[str, str]
    values: Values


def read(path: Path) -> list[Measurement]:
    """The measurements in a file, oldest first; none if it does not exist. Raises as `read_lines` does."""
    return read_lines(path, Measurement)


def append(path: Path, measurement: Measurement) -> None:
    """Adds a line, which is on the disk when this returns."""
    with Writer(path) as writer:
        writer.append(measurement)


def newest(measurements: Iterable[Measurement]) -> dict[tuple[str, str], Measurement]:
    """The last measurement of each (study, unit)."""
    return {(m.study, m.unit): m for m in measurements}
