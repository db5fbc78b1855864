"""Measurements as lines of JSON, appended one by one, so that a killed run loses nothing it has finished."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import CoincodecError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


class ResultsError(CoincodecError):
    """A file of results cannot be read."""


@dataclass(frozen=True)
class Result:
    """One picture through one codec at one point.

    bytes: of the whole file. bpp: 8 bytes / pixels. psnr: dB over RGB of 8 bits, infinite where lossless.
    ms_ssim: 0 to 1, None for pictures too small for it. ssimulacra2: up to 100. butteraugli: its 3-norm, from 0 on.
    Either is None where what measures it was not there. encode_seconds, decode_seconds: wall time of the calls, with
    `threads` threads in each and, where that is 1, as many calls at a time as the machine has cores.
    """

    dataset: str
    image: str
    width: int
    height: int
    codec: str
    title: str
    point: str
    settings: str
    versions: dict[str, str]
    bytes: int
    bpp: float
    psnr: float
    ms_ssim: float | None
    encode_seconds: float
    decode_seconds: float
    threads: int
    ssimulacra2: float | None = None
    butteraugli: float | None = None


def read(path: Path) -> list[Result]:
    """The results in a file, oldest first; none if it does not exist. Raises `ResultsError` as `read_lines` does."""
    return read_lines(path, Result)


def read_lines(path: Path, kind: type[Record]) -> list[Record]:
    """The lines of a file as instances of a dataclass, oldest first; none if the file does not exist.

    A last line without a line end is what a killed run leaves; it is not counted. Raises `ResultsError` for
    anything else that has not the fields of the class; those with a default may be missing.
    """
    if not path.exists():
        return []
    *lines, _unfinished = path.read_text(encoding="utf-8").split("\n")
    names = {field.name for field in fields(kind)}
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    found = []
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            if not needed <= values.keys() <= names:
                raise ValueError
            found.append(kind(**values))
        except (ValueError, TypeError, AttributeError):
            raise ResultsError(f"{path}, line {number}, is not a {kind.__name__.lower()}") from None
    return found


def newest(results: Iterable[Result]) -> list[Result]:
    """The last result for each picture, codec and point."""
    return list({(r.dataset, r.image, r.codec, r.point): r for r in results}.values())


class Writer:
    """Appends instances of a dataclass to a file, each on the disk before the next begins. A context manager."""

    def __init__(self, path: Path) -> None:
        self.file = open(path, "ab+")  # noqa: SIM115
        self._drop_unfinished_line()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.file.close()

    def append(self, record: DataclassInstance) -> None:
        """Adds a line."""
        self.file.write(json.dumps(asdict(record), separators=(",", ":")).encode() + b"\n")
        self.file.flush()
        os.fsync(self.file.fileno())

    def _drop_unfinished_line(self) -> None:
        self.file.seek(0)
        content = self.file.read()
        self.file.truncate(content.rfind(b"\n") + 1)
        self.file.seek(0, os.SEEK_END)
