"""What batches leave behind, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from coincodec.collection import manifest
from coincodec.collection.manifest import BEGUN, DONE, Row

# A fit as short as a test needs, on the command line and in Python.
QUICK = ["--steps", "4", "--tune", "psnr"]
OPTIONS = {"steps": 4, "tune": "psnr"}

Photos = Callable[[int], Path]


def kept(path: Path | str) -> dict[str, list[Row]]:
    """The rows of a manifest by output, without those that say that work began."""
    found: dict[str, list[Row]] = {}
    for row in manifest.rows(path):
        if row.status != BEGUN:
            found.setdefault(row.output, []).append(row)
    return found


def assert_done_once(path: Path | str, outputs: Iterable[str]) -> None:
    """Each of these is there, with the bytes that its one row says."""
    rows = kept(path)
    for output in outputs:
        assert [row.status for row in rows[output]] == [DONE], rows[output]
        assert rows[output][0].bytes == Path(output).stat().st_size


def assert_tidy(folder: Path | str) -> None:
    """Nothing half written is left."""
    assert list(Path(folder).rglob(".*")) == []
