"""Choice of instruction set and thread count."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from coincodec import native
from coincodec.errors import UsageError


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | environment, check=False
    )


@pytest.mark.parametrize("isa", native.supported_isas())
def test_coincodec_isa_forces_an_instruction_set(isa: str) -> None:
    result = run("from coincodec import native; print(native.selected_isa())", COINCODEC_ISA=isa)
    assert result.stdout.strip() == isa


def test_an_unknown_instruction_set_is_refused() -> None:
    with pytest.raises(UsageError, match="mmx"):
        native.select_isa("mmx")
    assert "UsageError" in run("from coincodec import native", COINCODEC_ISA="mmx").stderr


def test_the_best_instruction_set_is_the_default() -> None:
    result = run("from coincodec import native; print(native.selected_isa())", COINCODEC_ISA="")
    assert result.stdout.strip() == native.supported_isas()[-1]


def test_threads_come_from_the_argument_then_the_environment_then_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINCODEC_THREADS", "3")
    assert native.resolve_threads(5) == 5
    assert native.resolve_threads(None) == 3
    monkeypatch.delenv("COINCODEC_THREADS")
    assert native.resolve_threads(None) == min(len(os.sched_getaffinity(0)), native.MAX_THREADS)


@pytest.mark.parametrize("value", ["0", "-2", "many", "1000000"])
def test_a_bad_number_of_threads_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("COINCODEC_THREADS", value)
    with pytest.raises(UsageError):
        native.resolve_threads(None)


def test_the_fma_peak_is_measured() -> None:
    assert 1e8 < native.fma_peak(1) < 1e13
