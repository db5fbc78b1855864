"""What is shown of pictures, whoever asks: colours, limits, what is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from folders import GOLDEN, LATENT, SIREN

import coincodec
from coincodec.limits import Limits
from coincodec.viewer import catalogue
from coincodec.viewer.pictures import Pictures


def test_pictures_are_shown_in_srgb(tmp_path: Path) -> None:
    picture = np.full((40, 40, 3), (200, 80, 40), np.uint8)
    data = coincodec.encode(picture, model="siren", steps=2, colour=coincodec.Colour(12, 13))
    (tmp_path / "p3.coin").write_bytes(data)
    entries, _ = catalogue.find([str(tmp_path)])
    tile = Pictures(entries).samples(1, "coin", (0, 0, 40, 40), (40, 40))
    assert np.array_equal(tile, coincodec.decode(data, srgb=True))
    assert not np.array_equal(tile, coincodec.decode(data))


def test_previews_that_are_too_large_are_left_out(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincodec.viewer.pictures._MAX_PREVIEW", 32**2)
    found = pictures.previews(SIREN)
    assert [one["step"] for one in found][-2:] == [4, 1]
    assert found[-1]["bytes"] == (GOLDEN / "siren-coded-photograph.coin").stat().st_size


def test_limits_are_kept(pictures: Pictures) -> None:
    bounded = Pictures(pictures.entries, Limits(pixels=100))
    for ask_for in (bounded.info, bounded.previews, lambda n: bounded.tile(n, "coin", (0, 0, 1, 1), (1, 1))):
        with pytest.raises(coincodec.LimitError):
            ask_for(LATENT)
    with pytest.raises(coincodec.ImageError, match="16,384 pixels"):
        bounded.original(LATENT)


def test_what_was_made_is_kept_within_bounds(pictures: Pictures, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pictures.original(LATENT)
    assert pictures.original(LATENT) is first
    pictures.original(SIREN)
    assert pictures.original(LATENT) is first
    monkeypatch.setattr(pictures._originals, "_most", first.nbytes)
    pictures.original(SIREN)
    assert pictures.original(LATENT) is not first
