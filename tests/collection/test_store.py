"""Files are written whole or not at all, wherever they go."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from coincodec.collection import store


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits take no time, and are noted."""
    waits: list[float] = []
    monkeypatch.setattr(store.time, "sleep", waits.append)
    return waits


def full(times: int, code: int = errno.ENOSPC) -> Any:
    """What writes a file, once it has failed so often."""
    left = iter(range(times))

    def write(path: str, data: bytes) -> None:
        if next(left, None) is not None:
            raise OSError(code, os.strerror(code), path)
        Path(path).write_bytes(data)

    return write


def test_folders_are_made(tmp_path: Path) -> None:
    path = str(tmp_path / "a" / "b" / "c")
    store.write(path, b"1")
    assert store.read(path) == b"1"
    assert os.listdir(tmp_path / "a" / "b") == ["c"]


def test_a_full_store_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: list[float]) -> None:
    monkeypatch.setattr(store, "write_atomically", full(5))
    store.write(str(tmp_path / "a"), b"1")
    assert store.read(str(tmp_path / "a")) == b"1"
    assert quick == [0.5, 1, 2, 4, 8]


def test_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: list[float]) -> None:
    monkeypatch.setattr(store, "write_atomically", full(10**9))
    monkeypatch.setattr(store.time, "monotonic", lambda: sum(quick))
    with pytest.raises(OSError, match="No space left"):
        store.write(str(tmp_path / "a"), b"1")
    assert 0.9 * store.PATIENCE < sum(quick) < store.PATIENCE


def test_other_failures_are_no_reason_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: list[float]
) -> None:
    monkeypatch.setattr(store, "write_atomically", full(1, errno.EACCES))
    with pytest.raises(PermissionError):
        store.write(str(tmp_path / "a"), b"1")
    assert quick == []


class TestElsewhere:
    """Of a store that fsspec opens and where files grow as they are written."""

    @pytest.fixture
    def growing(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        local = pytest.importorskip("fsspec.implementations.local")
        monkeypatch.setattr(store, "_opened", lambda url: (local.LocalFileSystem(), url.partition("://")[2]))
        return tmp_path

    def test_a_file_is_written_beside_and_renamed(self, growing: Path) -> None:
        store.write(f"sftp://{growing}/a/b", b"1")
        assert (growing / "a" / "b").read_bytes() == b"1"
        assert os.listdir(growing / "a") == ["b"]

    def test_nothing_is_left_of_one_that_was_not(self, growing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(self: object, source: str, target: str) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)

        monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.mv", fail)
        with pytest.raises(PermissionError):
            store.write(f"sftp://{growing}/b", b"1")
        assert os.listdir(growing) == []


def test_names_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"123")
    (tmp_path / ".b").write_bytes(b"1")
    os.symlink("/nowhere", tmp_path / "gone")
    assert list(store.files_in(str(tmp_path))) == [("gone", None), ("a/x", 3)]
    assert (".b", 1) in store.files_in(str(tmp_path), hidden=True)
    assert list(store.files_in(str(tmp_path / "none"))) == []


def test_joining() -> None:
    assert store.join("a/b", "c/d") == "a/b/c/d"
    assert store.join("s3://a/", "c/d") == store.join("s3://a", "c/d") == "s3://a/c/d"
    assert store.join("zip://x::s3://a.zip", "c") == "zip://x/c::s3://a.zip"
