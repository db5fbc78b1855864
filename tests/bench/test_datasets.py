"""Finding pictures."""

from __future__ import annotations

import urllib.error
from pathlib import Path

import pytest
from PIL import Image

from coincodec.bench import datasets
from coincodec.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "holiday"
    place.mkdir()
    for name in ("b.png", "a.jpg", "c.webp"):
        Image.new("RGB", (4, 4)).save(place / name)
    (place / "notes.txt").write_text("not a picture")
    return place


def test_a_folder_of_pictures(folder: Path) -> None:
    found = datasets.find(str(folder))
    assert found.name == "holiday"
    assert [path.name for path in found.paths] == ["a.jpg", "b.png", "c.webp"]


def test_only_some_of_them(folder: Path) -> None:
    found = datasets.find(str(folder))
    assert [path.stem for path in found.only(["c", "a"]).paths] == ["c", "a"]
    with pytest.raises(UsageError, match="named z"):
        found.only(["a", "z"])


def test_no_pictures_no_folder_and_ambiguous_names(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(datasets.DatasetError, match="no pictures"):
        datasets.find(str(tmp_path / "empty"))
    with pytest.raises(datasets.DatasetError, match="neither"):
        datasets.find("imagenet")
    Image.new("RGB", (4, 4)).save(folder / "a.png")
    with pytest.raises(datasets.DatasetError, match="differ only"):
        datasets.find(str(folder))


def test_kodak_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(datasets.KODAK_SHA256) == 24
    monkeypatch.setenv("COINCODEC_KODAK", str(tmp_path))
    with pytest.raises(datasets.DatasetError, match=r"kodim01\.png is missing"):
        datasets.find("kodak")
    (tmp_path / "kodim01.png").write_bytes(b"something else")
    with pytest.raises(datasets.DatasetError, match="SHA-256"):
        datasets.find("kodak")


def test_kodak_is_downloaded_where_there_is_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def no_network(url: str, timeout: float) -> None:
        asked.append(url)
        raise urllib.error.URLError("no network")

    monkeypatch.delenv("COINCODEC_KODAK", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(datasets.urllib.request, "urlopen", no_network)
    with pytest.raises(datasets.DatasetError, match="COINCODEC_KODAK"):
        datasets.find("kodak")
    assert asked == [datasets.KODAK_URL + "kodim01.png"]
