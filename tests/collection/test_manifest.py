"""Manifests: what a killed run leaves is gone on with, and what is no manifest is refused."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from coincodec.collection import manifest
from coincodec.collection.history import History
from coincodec.collection.manifest import BEGUN, DONE, FAILED, TRIED, Manifest, ManifestError, Row
from coincodec.errors import UsageError

ROW = Row(
    "in/a.png", "out/a.coin", DONE, "ff", 100, 20, 10, 33.5, None, 0.5, "host:1", 1, {"preset": "instant"}, "0.2.0",
    notes=("turned",), finished="2030-01-02T03:04:05Z",
)  # fmt: skip


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    failed = Row("in/b.png", "out/b.coin", FAILED, error="no picture")
    with Manifest(tmp_path / "new" / "m.jsonl") as m:
        m.append(ROW)
        m.append(failed)
    assert list(manifest.rows(m.path)) == [ROW, failed]
    lines = m.path.read_text().splitlines()
    assert json.loads(lines[0])["options"] == {"preset": "instant"}
    assert "ssimulacra2" not in lines[0]


@pytest.mark.parametrize("cut", [1, 20, 150])
def test_what_a_killed_run_leaves_is_not_counted_and_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "m.jsonl"
    with Manifest(path) as m:
        m.append(ROW)
        m.append(ROW)
    os.truncate(path, path.stat().st_size - cut)
    assert list(manifest.rows(path)) == [ROW]
    with Manifest(path) as m:
        m.append(ROW)
    assert list(manifest.rows(path)) == [ROW, ROW]


def test_what_later_versions_add_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"input":"a","output":"b","status":"done","colour":"blue"}\n')
    assert list(manifest.rows(path)) == [Row("a", "b", DONE)]


@pytest.mark.parametrize("line", ["hello", "[]", '{"input":"a"}', "\xff"])
def test_what_is_no_manifest(tmp_path: Path, line: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b'{"input":"a","output":"b","status":"done"}\n' + line.encode("latin-1") + b"\n")
    with pytest.raises(ManifestError, match="line 2, is no row"):
        list(manifest.rows(path))


def test_one_batch_at_a_time(tmp_path: Path) -> None:
    with Manifest(tmp_path / "m.jsonl"), pytest.raises(ManifestError, match="another batch"):
        Manifest(tmp_path / "m.jsonl")
    Manifest(tmp_path / "m.jsonl").__exit__(None, None, None)


def test_its_name_is_not_that_of_the_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lines of JSON"):
        Manifest(tmp_path / "m.parquet")


def test_a_full_disk_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(manifest.time, "sleep", waits.append)
    with Manifest(tmp_path / "m.jsonl") as m:
        m.append(ROW)
        file, results = m._file, iter([5, errno.ENOSPC, errno.EDQUOT, None])

        class Full:
            truncate, fileno, close = file.truncate, file.fileno, file.close

            def write(self, line: bytes) -> int:
                result = next(results)
                if result is None:
                    return file.write(line) or 0
                if result == 5:  # as much as there was room for
                    return file.write(line[:5]) or 0
                raise OSError(result, os.strerror(result))

        m._file = Full()  # type: ignore[assignment]
        m.append(ROW)
    assert len(waits) == 3
    assert list(manifest.rows(m.path)) == [ROW, ROW]


def test_the_table_has_the_last_row_of_each_picture(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with Manifest(tmp_path / "m.jsonl") as m:
        for row in (
            Row("in/a.png", "out/a.coin", BEGUN),
            Row("in/b.png", "out/b.coin", FAILED, error="no picture"),
            ROW,
            Row("in/b.png", "out/b.coin", TRIED, bytes=5),
        ):
            m.append(row)
    manifest.write_table(m.path, tmp_path / "m.parquet")
    table = parquet.read_table(tmp_path / "m.parquet").to_pylist()
    assert [(r["output"], r["status"], r["bytes"], r["error"]) for r in table] == [
        ("out/b.coin", "failed", None, "no picture"),
        ("out/a.coin", "done", 100, None),
    ]
    assert json.loads(table[1]["options"]) == {"preset": "instant"}
    assert table[1]["finished"].isoformat() == "2030-01-02T03:04:05+00:00"
    assert {row.output: row.status for row in manifest.read(m.path).values()} == {
        "out/a.coin": "done", "out/b.coin": "failed",
    }  # fmt: skip


class TestHistory:
    def history(self, tmp_path: Path, *rows: Row, sizes: dict[str, int | None] | None = None) -> History:
        with Manifest(tmp_path / "m.jsonl") as m:
            for row in rows:
                m.append(row)
        return History(m.path, {"out/a.coin": 100} if sizes is None else sizes, fits=True)

    def test_what_is_right(self, tmp_path: Path) -> None:
        same = manifest.recipe({"preset": "instant"}, "0.2.0")
        assert self.history(tmp_path, ROW).is_right("out/a.coin", same)
        assert not self.history(tmp_path).is_right("out/b.coin", same)
        assert not self.history(tmp_path).is_right("out/a.coin", manifest.recipe({}, "0.2.0"))
        assert not self.history(tmp_path).is_right("out/a.coin", manifest.recipe({"preset": "instant"}, "0.3.0"))
        assert not self.history(tmp_path, sizes={}).is_right("out/a.coin", same)
        assert not self.history(tmp_path, sizes={"out/a.coin": 99}).is_right("out/a.coin", same)
        failed = Row("in/a.png", "out/a.coin", FAILED, error="gone")
        assert not self.history(tmp_path, failed).is_right("out/a.coin", same)

    def test_whose_files_are_there(self, tmp_path: Path) -> None:
        begun = Row("in/b.png", "out/b.coin", BEGUN)
        history = self.history(tmp_path, begun, sizes={"out/a.coin": 1, "out/b.coin": 2, "out/c.coin": 3})
        assert history.foreign(dict.fromkeys(["out/a.coin", "out/b.coin", "out/c.coin", "out/d.coin"])) == [
            "out/a.coin",
            "out/c.coin",
        ]

    def test_fits_that_need_not_be_made_again(self, tmp_path: Path) -> None:
        tried = Row("in/b.png", "out/b.coin", TRIED, "ee", 50, 5, 5, version="1")
        history = self.history(tmp_path, ROW, tried)
        assert history.taken("ff", manifest.recipe({"preset": "instant"}, "0.2.0"), kept=True) == (100, 200)
        assert history.taken("ee", manifest.recipe({}, "1"), kept=True) is None
        assert history.taken("ee", manifest.recipe({}, "1"), kept=False) == (50, 25)
        assert history.taken(None, manifest.recipe({}, "1"), kept=False) is None
        assert history.fitted == {"out/a.coin", "out/b.coin"}
