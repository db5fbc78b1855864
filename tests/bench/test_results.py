"""Lines of results: written one by one, read back, resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coincodec.bench.results import Result, ResultsError, Writer, newest, read

RESULT = Result(
    dataset="kodak", image="kodim01", width=768, height=512, codec="jpeg", title="JPEG", point="50",
    settings="default", versions={"Pillow": "13"}, bytes=1000, bpp=0.02, psnr=30.123456789, ms_ssim=None,
    encode_seconds=0.1, decode_seconds=0.01, threads=1,
)  # fmt: skip


def write(path: Path, *results: Result) -> None:
    with Writer(path) as writer:
        for result in results:
            writer.append(result)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    rows = [RESULT, replace(RESULT, image="kodim02", ms_ssim=0.987)]
    write(tmp_path / "r.jsonl", *rows)
    assert read(tmp_path / "r.jsonl") == rows
    write(tmp_path / "r.jsonl", replace(RESULT, point="60"))
    assert read(tmp_path / "r.jsonl") == [*rows, replace(RESULT, point="60")]


def test_no_file_is_no_results(tmp_path: Path) -> None:
    assert read(tmp_path / "none.jsonl") == []


def test_an_unfinished_last_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    write(path, RESULT, replace(RESULT, point="60"))
    whole = path.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:cut])
        assert read(path) == [RESULT]
    write(path, replace(RESULT, point="70"))
    assert read(path) == [RESULT, replace(RESULT, point="70")]


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"dataset":"kodak"}', ""])
def test_other_lines_are_an_error_with_their_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.jsonl"
    write(path, RESULT)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ResultsError, match="line 2"):
        read(path)


def test_the_newest_of_the_same_measurement_counts() -> None:
    again = replace(RESULT, bytes=999, versions={"Pillow": "14"})
    other = replace(RESULT, point="60")
    assert newest([RESULT, other, again]) == [again, other]
