"""Colour under alpha 0 is free."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coincodec
from coincodec import metrics
from coincodec.image.hidden import without_hidden
from coincodec.latent.model import SIZES, LatentShape
from coincodec.latent.targets import target_of
from coincodec.options import EncodeOptions

Y, X = np.mgrid[:96, :96]
DISC = np.hypot(X - 48, Y - 48) < 30


def disc(seed: int | None) -> np.ndarray:
    """A red disc on nothing, with random colours there or black."""
    picture = np.zeros((96, 96, 4), np.uint8)
    picture[DISC] = (200, 40, 30, 255)
    if seed is not None:
        picture[~DISC, :3] = np.random.default_rng(seed).integers(0, 256, ((~DISC).sum(), 3))
    return picture


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [2, 4])
def test_is_filled_smoothly_and_what_is_seen_stays(dtype: type, channels: int) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, np.iinfo(dtype).max, (33, 50, channels)).astype(dtype)
    seen = np.zeros((33, 50), bool)
    seen[4:20, 7:30] = True
    picture[..., :-1] = np.where(seen[..., None], picture[..., :-1] // 8 + np.iinfo(dtype).max // 2, picture[..., :-1])
    picture[..., -1] = np.where(seen, 200, 0)
    filled = without_hidden(picture)
    assert np.array_equal(filled[seen], picture[seen])
    assert np.array_equal(filled[..., -1], picture[..., -1])
    hidden = filled[~seen][:, :-1].astype(float)
    assert hidden.min() >= picture[seen][:, :-1].min()
    assert hidden.max() <= picture[seen][:, :-1].max()


def test_nothing_to_fill_is_left_alone() -> None:
    for picture in (np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 4), 9, np.uint8)):
        assert without_hidden(picture) is picture
    nothing = np.zeros((5, 7, 4), np.uint8)
    nothing[..., :3] = np.random.default_rng(0).integers(0, 256, (5, 7, 3))
    assert not without_hidden(nothing).any()


def test_does_not_count() -> None:
    original, decoded = disc(0), disc(None)
    assert metrics.seen_error(decoded, original) == (0, 3 * DISC.sum() + 96 * 96)
    decoded[48, 48, 0] += 3
    decoded[0, 0, 3] += 4
    assert metrics.seen_error(decoded, original)[0] == 25
    assert metrics.seen_error(decoded[..., :3], original[..., :3])[1] == 3 * 96 * 96


@pytest.mark.parametrize(
    "options",
    [
        {"model": "latent", "preset": "instant", "bpp": 0.9},
        {"model": "latent", "preset": "instant", "psnr": 25.0},
        {"model": "siren", "steps": 60, "bpp": 0.9},
    ],
)
def test_has_no_effect(options: dict[str, Any]) -> None:
    one, other = (coincodec.encode(disc(seed), **options) for seed in (1, 2))
    assert one == other == coincodec.encode(disc(None), **options)


def test_what_leads_to_a_psnr_counts_what_is_seen() -> None:
    options, shape = EncodeOptions(psnr=30.0), LatentShape.of(96, 96, 4, 5, SIZES["middle"])
    hidden, whole = disc(None), np.full((96, 96, 4), 255, np.uint8)
    errors = [target_of(options, picture, False).control(shape).squared_error for picture in (hidden, whole)]
    assert errors[0] / errors[1] == pytest.approx((3 * DISC.mean() + 1) / 4)


def test_a_psnr_is_reached_of_what_is_seen() -> None:
    data = coincodec.encode(disc(0), preset="instant", psnr=32.0)
    error, count = metrics.seen_error(coincodec.decode(data), disc(0))
    assert 32 <= metrics.psnr(error / count, 8) < 34
