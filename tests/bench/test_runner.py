"""Runs: what is measured, in which order, and what is left after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coincodec.bench import codecs, curves, datasets, results, runner
from coincodec.bench.codecs import Codec

CODECS = ["jpeg", "webp"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    y, x = np.mgrid[0:64, 0:80]
    for number in range(3):
        picture = np.stack([x * 3, y * 3 + 10 * number, (x * y) % 256], -1).astype(np.uint8)
        Image.fromarray(picture).save(place / f"picture{number}.png")
    return place


def run(folder: Path, path: Path, names: list[str] = CODECS, **options: object) -> int:
    chosen = runner.available(names, pytest.fail)
    return runner.run(datasets.find(str(folder)), chosen, path, workers=2, **options)  # type: ignore[arg-type]


def table(path: Path) -> list[object]:
    """What a report is made from, without the times."""
    return [
        replace(curve, encode_seconds=(), decode_seconds=())
        for curve in sorted(curves.measured(results.read(path)), key=lambda curve: curve.id)
    ]


def test_every_codec_point_and_picture_is_measured_once(folder: Path, tmp_path: Path) -> None:
    seen: list[runner.RunProgress] = []
    path = tmp_path / "r.jsonl"
    count = run(folder, path, progress=seen.append)
    assert count == 3 * sum(len(codecs.REGISTRY[name].points) for name in CODECS) == len(seen)
    assert seen[-1].done == seen[-1].total == count
    assert seen[-1].remaining == 0
    rows = results.read(path)
    assert len({(row.codec, row.point, row.image) for row in rows}) == count
    row = next(row for row in rows if (row.codec, row.point, row.image) == ("jpeg", "55", "picture1"))
    codec = codecs.make("jpeg")
    source = np.asarray(Image.open(folder / "picture1.png"))
    assert row.bytes == len(codec.encode(source, "55"))
    assert row.bpp == 8 * row.bytes / (64 * 80)
    assert row.ms_ssim is None  # the pictures are too small for it
    assert row.versions == codec.versions()
    assert run(folder, path) == 0


def test_other_versions_or_settings_are_measured_again(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    run(folder, path, ["jpeg"])
    rows = results.read(path)
    path.unlink()
    with results.Writer(path) as writer:
        for row in rows[:5]:
            writer.append(replace(row, versions={"Pillow": "1.0"}))
        for row in rows[5:8]:
            writer.append(replace(row, settings="others"))
        for row in rows[8:]:
            writer.append(row)
    assert run(folder, path, ["jpeg"]) == 8


def test_a_killed_run_goes_on_to_the_same_table(folder: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    run(folder, whole)
    command = [sys.executable, "-m", "coincodec", "bench", "run", "--dataset", str(folder)]
    command += ["--codecs", ",".join(CODECS), "--results", str(killed), "--workers", "1"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as child:
        while not killed.exists() or killed.read_bytes().count(b"\n") < 4:
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGKILL)
    with open(killed, "ab") as file:
        file.write(b'{"dataset":"pict')  # as if it had been cut off within a line
    done = len(results.read(killed))
    total = len(results.read(whole))
    assert 4 <= done < total
    assert run(folder, killed) == total - done
    assert table(killed) == table(whole)


def test_control_c_stops_cleanly(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    command = [sys.executable, "-m", "coincodec", "bench", "run", "--dataset", str(folder)]
    command += ["--codecs", "vvc,hevc", "--results", str(path), "--workers", "2"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE) as child:
        while not path.exists() or b"\n" not in path.read_bytes():
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGINT)
        assert child.wait() == 130
        assert child.stderr is not None
        assert child.stderr.read() == b"coin: interrupted\n"
    assert results.read(path)


class Failing(Codec):
    """Fails on its second point."""

    name, title, settings, points = "failing", "Failing", "none", ("1", "2")
    threads = 2

    def versions(self) -> dict[str, str]:
        return {"failing": "1"}

    def encode(self, picture: np.ndarray, point: str) -> bytes:
        if point == "2":
            raise RuntimeError("out of luck")
        return picture.tobytes()

    def decode(self, data: bytes) -> np.ndarray:
        return np.frombuffer(data, np.uint8).reshape(64, 80, 3)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codecs.REGISTRY, "failing", Failing)


@pytest.mark.usefixtures("failing")
def test_a_codec_that_fails_is_named_and_nothing_measured_is_lost(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with pytest.raises(runner.BenchError, match=r"failing at 2 on picture0\.png: out of luck"):
        run(folder, path, ["failing"])
    rows = results.read(path)
    assert [(row.point, row.psnr) for row in rows] == [("1", float("inf"))] * 3


def test_a_missing_codec_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    told: list[str] = []
    assert [codec.name for codec in runner.available(["bpg", "jpeg"], told.append)] == ["jpeg"]
    assert len(told) == 1
    assert told[0].startswith("bpg: ")
