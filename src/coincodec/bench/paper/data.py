"""Measurements of the studies as lines of JSON, appended one by one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..results import ResultsError, Writer

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
    """The measurements in a file, oldest first; none if it does not exist.

    A last line without a line end is what a killed run leaves; it is not counted. Raises `ResultsError` for
    anything else that is not a measurement.
    """
    if not path.exists():
        return []
    *lines, _unfinished = path.read_text(encoding="utf-8").split("\n")
    names = {field.name for field in fields(Measurement)}
    found = []
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            if values.keys() != names:
                raise ValueError
            found.append(Measurement(**values))
        except (ValueError, TypeError, AttributeError):
            raise ResultsError(f"{path}, line {number}, is not a measurement") from None
    return found


def append(path: Path, measurement: Measurement) -> None:
    """Adds a line, which is on the disk when this returns."""
    line = json.dumps(asdict(measurement), separators=(",", ":")).encode() + b"\n"
    with Writer(path) as writer:  # drops what a killed run has left of a line
        writer.file.write(line)
        writer.file.flush()
        os.fsync(writer.file.fileno())


def newest(measurements: Iterable[Measurement]) -> dict[tuple[str, str], Measurement]:
    """The last measurement of each (study, unit)."""
    return {(m.study, m.unit): m for m in measurements}
