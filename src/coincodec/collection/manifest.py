"""What became of each picture: lines of JSON while a batch runs, a table of Parquet at its end."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib
import importlib.util
import io
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import CoincodecError, UsageError
from ..files import write_atomically
from .store import PATIENCE

# What a row says happened: work on its output began; it is there; it could not be made; a fit was made to learn from.
BEGUN, DONE, FAILED, TRIED = "begun", "done", "failed", "tried"

# Rows that go into a table at once.
_AT_ONCE = 50_000


class ManifestError(CoincodecError):
    """A manifest cannot be read, or is in use."""


@dataclass(frozen=True, slots=True)
class Row:
    """One picture.

    input, output: paths or URLs. status: "begun", "done", "failed" or "tried" (fitted, and not kept).
    hash: SHA-256 of the input file, in hexadecimal. bytes: of the output. width, height: in pixels.
    psnr: in dB, null where nothing was lost or a picture was decoded. ssimulacra2: where it was asked for, or the fit
    was led by it. seconds: of the work, all of reading and writing included. worker: its machine and process.
    attempts: how many it took. options: those that were given and decide the bytes. version: of coincodec.
    error: why there is no output. notes: what was converted. finished: when, UTC, ISO 8601.
    """

    input: str
    output: str
    status: str
    hash: str | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    psnr: float | None = None
    ssimulacra2: float | None = None
    seconds: float | None = None
    worker: str | None = None
    attempts: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    error: str | None = None
    notes: tuple[str, ...] = ()
    finished: str | None = None

    @property
    def pixels(self) -> int:
        """Of the picture; 0 if that is not known."""
        return (self.width or 0) * (self.height or 0)


def now() -> str:
    """The time as rows have it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def recipe(options: Mapping[str, Any], version: str) -> str:
    """What decides the bytes besides the input, as a text that can be compared."""
    return json.dumps([version, dict(options)], sort_keys=True)


def read(path: str | os.PathLike[str]) -> dict[str, Row]:
    """The last row of each picture, by output; without those that were only tried."""
    return {row.output: row for row in rows(path) if row.status != TRIED}


def rows(path: str | os.PathLike[str]) -> Iterator[Row]:
    """All rows of a manifest, oldest first; none if there is no such file.

    A last line without a line end is what a killed run leaves; it is not counted. Raises `ManifestError` for anything
    else that is no row.
    """
    names = {f.name for f in fields(Row)}
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                values = json.loads(line)
                # What later versions may add is passed over.
                values = {name: value for name, value in values.items() if name in names}
                row = Row(**values | {"notes": tuple(values.get("notes", ()))})
            except (ValueError, TypeError, AttributeError):
                raise ManifestError(f"{path}, line {number}, is no row of a manifest") from None
            yield row


class Manifest:
    """A manifest that rows are added to, by one process at a time. A context manager."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Makes the file, with its folder, or goes on with it. Raises `ManifestError` if another process does."""
        self.path = Path(path)
        if self.path.suffix == ".parquet":
            raise UsageError(f"the manifest is lines of JSON, which the name {self.path} does not say; .jsonl does")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115 (closed with this object)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise ManifestError(f"another batch is at work on {self.path}") from None
        self._end = self._drop_unfinished_line()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.fsync(self._file.fileno())
        self._file.close()

    def append(self, row: Row) -> None:
        """Adds a line, whole. A full disk is waited for, a while. Raises OSError."""
        values = {name: value for name, value in asdict(row).items() if value not in (None, (), {}, "")}
        line = json.dumps(values, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self._file.write(line) == len(line):
                    self._end += len(line)
                    return
                failure: OSError = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            except OSError as error:
                failure = error
            self._file.truncate(self._end)
            if failure.errno not in (errno.ENOSPC, errno.EDQUOT) or time.monotonic() > end:
                raise failure
            time.sleep(1)

    def _drop_unfinished_line(self) -> int:
        """Cuts off what a killed run has left, and says where lines end."""
        size = self._file.tell()
        with open(self.path, "rb") as file:
            tail = min(size, 1 << 20)
            file.seek(size - tail)
            content = file.read(tail)
        if content and (kept := content.rfind(b"\n") + 1) < len(content):
            size -= len(content) - kept
            self._file.truncate(size)
        return size


def has_parquet() -> bool:
    """Whether tables can be written."""
    return importlib.util.find_spec("pyarrow") is not None


def write_table(path: str | os.PathLike[str], table: str | os.PathLike[str]) -> None:
    """The last row of each picture of a manifest as a Parquet file, whole or not at all. Needs pyarrow."""
    pa, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    text, number, real = pa.string(), pa.int64(), pa.float64()
    kinds = {"bytes": number, "width": number, "height": number, "attempts": number, "notes": pa.list_(text)}
    kinds |= {"psnr": real, "ssimulacra2": real, "seconds": real, "finished": pa.timestamp("s", tz="UTC")}
    schema = pa.schema([(f.name, kinds.get(f.name, text)) for f in fields(Row)])
    last = {row.output: number for number, row in enumerate(rows(path)) if row.status != TRIED}
    buffer = io.BytesIO()
    with parquet.ParquetWriter(buffer, schema, compression="zstd") as writer:
        for group in _groups(row for number, row in enumerate(rows(path)) if last.get(row.output) == number):
            writer.write_table(pa.Table.from_pylist([_as_record(row) for row in group], schema))
    write_atomically(os.fspath(table), buffer.getvalue())


def _groups(source: Iterator[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in source:
        group.append(row)
        if len(group) == _AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def _as_record(row: Row) -> dict[str, Any]:
    finished = None if row.finished is None else datetime.fromisoformat(row.finished)
    return asdict(row) | {"options": json.dumps(dict(row.options), sort_keys=True), "finished": finished}
