"""Choice of instruction set and thread count."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coincodec import cores, native
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
    assert native.resolve_threads(None) == min(cores.available(), native.MAX_THREADS)


@pytest.mark.parametrize("value", ["0", "-2", "many", "1000000"])
def test_a_bad_number_of_threads_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("COINCODEC_THREADS", value)
    with pytest.raises(UsageError):
        native.resolve_threads(None)


def test_the_fma_peak_is_measured() -> None:
    assert 1e8 < native.fma_peak(1) < 1e13


def group(path: Path, **files: str) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / name.replace("_", ".", 1)).write_text(text)


@pytest.mark.parametrize(
    ("own", "quotas"),
    [
        ("0::/a/b\n", [1.5, 0.5]),  # its own and that of the group around it
        ("0::/host/path\n", []),
        ("4:memory:/a\n1:cpu,cpuacct:/c\n", [2.5]),
        ("1:cpuacct:/c\n", []),
        ("0::/../a\n", []),  # outside of what is mounted
        ("nonsense\n", []),
        ("", []),
    ],
)
def test_quotas_of_control_groups_are_found(tmp_path: Path, own: str, quotas: list[float]) -> None:
    group(tmp_path / "a", cpu_max="50000 100000\n")
    group(tmp_path / "a/b", cpu_max="150000 100000\n")
    group(tmp_path / "cpu/c", cpu_cfs_quota_us="250000\n", cpu_cfs_period_us="100000\n")
    group(tmp_path / "cpu", cpu_cfs_quota_us="-1\n", cpu_cfs_period_us="100000\n")
    group(tmp_path, cpu_max="max 100000\n")
    (tmp_path / "own").write_text(own)
    assert sorted(cores.quotas(tmp_path, tmp_path / "own")) == sorted(quotas)


@pytest.mark.parametrize(("quota", "expected"), [(0.2, 1), (1.0, 1), (1.5, 2), (2.0, 2), (64.0, 3)])
def test_a_quota_bounds_the_cores(monkeypatch: pytest.MonkeyPatch, quota: float, expected: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    monkeypatch.setattr(cores, "quotas", lambda *_: iter([quota]))
    assert cores.available() == expected
    monkeypatch.setattr(cores, "quotas", lambda *_: iter([]))
    assert cores.available() == 3


CALLS_OF_ALL_SIZES = """
import threading
import numpy as np, coincodec
y, x = np.mgrid[0:48, 0:64]
picture = np.stack([x * 3, y * 5, x + y], -1).astype(np.uint8)
def encode(threads):
    return coincodec.encode(picture, model="latent", preset="fast", steps=12, threads=threads)
expected, found = encode(1), []
workers = [threading.Thread(target=lambda t=t: [found.append(encode(t)) for _ in range(6)]) for t in (2, 7, 3, 16)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(len(found), set(found) == {expected})
"""


def test_calls_with_different_numbers_of_threads_do_not_meet() -> None:
    """A helper that comes late must not take a task of a call that has no room for it."""
    result = run(CALLS_OF_ALL_SIZES)
    assert result.stdout.split() == ["24", "True"], result.stderr
