"""`coin search`: the study, its files, and what `coin encode` makes of them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import coincodec
from coincodec import cli
from coincodec.errors import UsageError
from coincodec.options import EncodeOptions
from coincodec.siren import search
from coincodec.siren.architecture import Architecture, ArchitectureTable, read_table
from coincodec.siren.encode import encode
from coincodec.siren.fitting import file_bytes
from coincodec.siren.model import SirenShape
from coincodec.siren.rate import BITS_PER_WEIGHT
from coincodec.siren.recipe import RECIPES

BPP = 6.0


@pytest.fixture
def folder(tmp_path: Path, small: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a small picture, where fits take 20 steps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(RECIPES, "fast", replace(RECIPES["fast"], steps=20))
    Image.fromarray(small).save("photo.png")
    return tmp_path


def run(*arguments: str) -> int:
    try:
        return cli.main(["search", "photo.png", *arguments])
    except SystemExit as stop:
        return int(stop.code or 0)


def test_valid_pairs_nearly_fill_the_budget(small: np.ndarray) -> None:
    pairs = search.valid_pairs(small, BPP)
    assert len(pairs) >= 4
    for layers, width in pairs.items():
        budget = BPP * small.shape[0] * small.shape[1] / 8
        shapes = [SirenShape(2, 3, layers, width + more) for more in (0, 1)]
        sizes = [file_bytes(small, shape, BITS_PER_WEIGHT) for shape in shapes]
        assert 0.9 * budget <= sizes[0] <= budget < sizes[1]


def test_a_rate_that_no_pair_fills_is_refused(small: np.ndarray) -> None:
    with pytest.raises(UsageError, match="no network fills"):
        search.valid_pairs(small, 0.5)


def test_a_search_writes_table_plot_and_study(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--bpp", str(BPP), "--trials", "4") == 0
    out = capsys.readouterr().out
    assert "written  architectures.json" in out
    best = read_table(folder / "architectures.json").entries[0]
    first_row = out.splitlines()[1].split()
    assert first_row[0] == str(best)
    assert float(first_row[2]) == pytest.approx(best.rate, abs=0.006)
    with Image.open(folder / "search-6.png") as figure:
        assert figure.width > 400
    assert json.loads((folder / "architectures.json").read_text())["found"]["image"] == "photo"
    data = coincodec.encode(np.asarray(Image.open("photo.png")), bpp=BPP, architectures="architectures.json", steps=2)
    assert coincodec.info(data).layers == best.layers


def test_a_search_goes_on_where_it_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encodes: list[object] = []
    real = search.encode

    def counted(*arguments: object) -> object:
        encodes.append(arguments)
        if len(encodes) == 3:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(search, "encode", counted)
    assert run("--bpp", str(BPP), "--trials", "5") == 130
    assert not (folder / "architectures.json").exists()
    assert run("--bpp", str(BPP), "--trials", "5") == 0
    assert len(encodes) == 3 + 3  # two were finished before the interrupt
    assert run("--bpp", str(BPP), "--trials", "5") == 0
    assert len(encodes) == 6


def test_other_sizes_stay_in_the_table(folder: Path) -> None:
    assert run("--bpp", "12", "--trials", "2") == 0
    assert run("--bpp", "6", "--trials", "2") == 0
    assert run("--bpp", "6", "--trials", "3") == 0
    small, large = read_table(folder / "architectures.json").entries
    assert small.parameters < large.parameters


def test_the_learning_rate_of_a_trial_is_used(small: np.ndarray, folder: Path) -> None:
    options = EncodeOptions(preset="fast", bpp=BPP, layers=3, width=8)
    streams = [encode(small, options, None, ArchitectureTable([Architecture(3, 8, f)])).data for f in (0.5, 1, 1)]
    assert streams[0] != streams[1] == streams[2]


@pytest.mark.parametrize("arguments", [["--bpp", "0"], ["--bpp", "nan"], ["--bpp", "6", "--trials", "0"], []])
def test_bad_use(folder: Path, arguments: list[str]) -> None:
    assert run(*arguments) == 2


def test_a_missing_optuna_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.delitem(sys.modules, "coincodec.siren.search")
    monkeypatch.delattr(coincodec.siren, "search")
    assert run("--bpp", str(BPP)) == 1
    assert "pip install 'coincodec[search]'" in capsys.readouterr().err
