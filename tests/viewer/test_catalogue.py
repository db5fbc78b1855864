"""Which pictures there are to see, and which files are their originals."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from folders import GOLDEN, LATENT, NAMES, SIREN
from PIL import Image

from coincodec.errors import UsageError
from coincodec.viewer.catalogue import find

CODED = GOLDEN / "latent-photograph.coin"


@pytest.fixture
def photo_coin(tmp_path: Path) -> Path:
    """A .coin file of 128x128 pixels in a folder of its own."""
    path = tmp_path / "in/photo.coin"
    path.parent.mkdir()
    shutil.copy(CODED, path)
    return path


def test_a_folder_has_its_files_and_those_of_folders_within(folder: Path) -> None:
    (folder / "within").mkdir()
    shutil.copy(CODED, folder / "within/Last.COIN")
    entries, notes = find([str(folder)])
    assert [entry.name for entry in entries] == [*(f"{name}.coin" for name in NAMES), "within/Last.COIN"]
    assert [number for number, entry in enumerate(entries, 1) if entry.original] == [LATENT, SIREN]
    assert not notes


def test_a_file_is_shown_once_however_often_it_is_named(photo_coin: Path) -> None:
    entries, _ = find([str(photo_coin), str(photo_coin.parent), os.path.relpath(photo_coin)])
    assert [entry.path for entry in entries] == [photo_coin.resolve()]


def test_a_named_file_of_any_suffix_is_taken_for_a_coin_file(tmp_path: Path) -> None:
    (tmp_path / "download").write_bytes(CODED.read_bytes())
    ((entry,), _) = find([str(tmp_path / "download")])
    assert entry.facts()["family"] == "latent"


def test_the_likeliest_of_several_pictures_is_the_original(photo_coin: Path) -> None:
    for suffix in ("jpg", "png", "txt"):
        Image.new("RGB", (128, 128)).save(photo_coin.with_suffix(f".{suffix}"), "PNG")
    Image.new("RGB", (128, 128)).save(photo_coin.with_name("photo.more.png"))
    ((entry,), _) = find([str(photo_coin)])
    assert entry.original == photo_coin.resolve().with_suffix(".png")


def test_a_named_picture_is_the_original_before_one_beside(photo_coin: Path, tmp_path: Path) -> None:
    for path in (photo_coin.with_suffix(".png"), tmp_path / "photo.tif", tmp_path / "other.png"):
        Image.new("RGB", (128, 128)).save(path)
    ((entry,), notes) = find([str(photo_coin), str(tmp_path / "photo.tif"), str(tmp_path / "other.png")])
    assert entry.original == (tmp_path / "photo.tif").resolve()
    assert notes == [f"{(tmp_path / 'other.png').resolve()}: no .coin file has its name"]


@pytest.mark.parametrize(("size", "original"), [((128, 128), True), ((128, 127), False)])
def test_an_original_has_the_picture_s_size(photo_coin: Path, size: tuple[int, int], original: bool) -> None:
    Image.new("RGB", size).save(photo_coin.with_suffix(".png"))
    ((entry,), _) = find([str(photo_coin)])
    assert entry.facts()["original"] is original


def test_what_lies_beside_and_is_no_picture_is_no_original(photo_coin: Path) -> None:
    photo_coin.with_suffix(".png").write_text("no picture")
    ((entry,), _) = find([str(photo_coin)])
    assert entry.facts()["original"] is False


def test_links_that_lead_out_of_a_folder_are_not_followed(folder: Path) -> None:
    outside = folder.parent
    (folder / "a-file.coin").symlink_to(outside / "secret.coin")
    (folder / "a-folder").symlink_to(outside)
    (folder / "inside.coin").symlink_to(folder / "latent-photograph.coin")
    Image.new("RGB", (128, 128)).save(outside / "secret.png")
    (folder / f"{NAMES[-1]}.png").symlink_to(outside / "secret.png")
    entries, _ = find([str(folder)])
    assert [entry.path.stem for entry in entries] == list(NAMES)
    assert entries[-1].original is None


def test_links_beside_a_named_file_lead_nowhere_else(photo_coin: Path, tmp_path: Path) -> None:
    Image.new("RGB", (128, 128)).save(tmp_path / "elsewhere.png")
    photo_coin.with_suffix(".png").symlink_to(tmp_path / "elsewhere.png")
    ((entry,), _) = find([str(photo_coin)])
    assert entry.original is None


def test_names_are_no_patterns(tmp_path: Path) -> None:
    shutil.copy(CODED, tmp_path / "[ab]*.coin")
    Image.new("RGB", (128, 128)).save(tmp_path / "a.png")
    Image.new("RGB", (128, 128)).save(tmp_path / "[ab]*.png")
    entries, _ = find([str(tmp_path)])
    assert [entry.original for entry in entries] == [(tmp_path / "[ab]*.png").resolve()]


def test_nothing_to_see_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \.coin file in"):
        find([str(tmp_path)])


def test_standard_input_is_refused() -> None:
    with pytest.raises(UsageError, match="standard input"):
        find(["-"])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        find([str(tmp_path / "missing.coin")])


def test_a_device_is_refused() -> None:
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        find([os.devnull])
