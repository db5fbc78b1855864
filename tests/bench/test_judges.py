"""Judges of pictures: the tools they ask, and rates at equal quality by each."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage import data
from test_results import RESULT

from coincodec.bench import curves, judges, results
from coincodec.bench.judges import JUDGES, PSNR, SSIMULACRA2
from coincodec.looks.ssimulacra2 import Ssimulacra2

PHOTO = np.ascontiguousarray(data.astronaut()[:192, :256])


def noisy(deviation: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, deviation, PHOTO.shape)
    return np.clip(PHOTO + noise, 0, 255).astype(np.uint8)


def test_ours_agrees_with_the_package_but_for_borders() -> None:
    """The package mirrors rows and columns there of which libjxl's blur sees none."""
    for deviation in (3, 10):
        theirs = judges.ssimulacra2(PHOTO, noisy(deviation))
        assert theirs is not None
        assert Ssimulacra2(PHOTO)(noisy(deviation)) == pytest.approx(theirs, abs=2.5)


@pytest.mark.parametrize("judge", JUDGES.values(), ids=lambda judge: judge.id)
def test_every_judge_prefers_the_better_copy(judge: judges.Judge) -> None:
    better, worse = (judge.judge(PHOTO, noisy(deviation)) for deviation in (3, 15))
    if better is None or worse is None:
        assert judge.id == "butteraugli"
        pytest.skip("libjxl's butteraugli_main is not installed")
    assert judge.against(better) > judge.against(worse)


def test_what_butteraugli_prints_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / judges.BUTTERAUGLI
    tool.write_text("#!/bin/sh\ntest -f $1 && test -f $2 && printf '3.4567890\\n3-norm: 1.234500\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert judges.butteraugli(PHOTO, noisy(3)) == 1.2345


def test_a_tool_that_is_not_there_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert judges.butteraugli(PHOTO, PHOTO) is None


def test_rates_are_compared_at_equal_quality_by_any_judge() -> None:
    rows = [
        replace(
            RESULT, codec=codec, point=str(k), bpp=0.1 * 2**k * rate, psnr=24 + 3 * k, ms_ssim=0.9 + 0.02 * k,
            ssimulacra2=10.0 * k, butteraugli=5.0 - k,
        )
        for codec, rate in (("a", 1.0), ("b", 0.5))
        for k in range(5)
    ]  # fmt: skip
    anchor, test = curves.measured(rows)
    for judge in JUDGES.values():
        assert curves.bd_rate(anchor, test, judge) == pytest.approx(-50)
    assert curves.bd_rate(anchor, curves.published()[0], SSIMULACRA2) is None
    assert anchor.quality(PSNR) == anchor.psnr


def test_rows_from_before_a_judge_was_there_are_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with results.Writer(path) as writer:
        writer.append(RESULT)
    path.write_text(path.read_text().replace(',"ssimulacra2":null,"butteraugli":null', ""))
    assert "butteraugli" not in path.read_text()
    assert results.read(path) == [RESULT]
    assert curves.measured([RESULT])[0].quality(SSIMULACRA2) == ()
