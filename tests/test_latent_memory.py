"""How much memory an encode takes, and what is done about it."""

from __future__ import annotations

import numpy as np
import pytest

import coincodec
from coincodec.errors import UsageError
from coincodec.latent import mosaic
from coincodec.latent.encode import Encoder, way_of
from coincodec.latent.large import LargeFit
from coincodec.latent.memory import Way
from coincodec.options import EncodeOptions

SMALL, MIDDLE, LARGE = (512, 768, 3), (1200, 1600, 3), (3000, 4000, 3)


class TestWay:
    @pytest.mark.parametrize("for_eyes", [False, True])
    def test_without_a_bound_pictures_of_two_megapixels_and_more_go_in_parts(self, for_eyes: bool) -> None:
        assert [Way.of(shape, for_eyes, False, None).large for shape in (SMALL, MIDDLE, LARGE)] == [False, False, True]

    def test_fits_for_eyes_are_scored_where_it_costs_less_than_the_fit(self) -> None:
        assert Way.of(MIDDLE, True, False, None).scored
        assert not Way.of(LARGE, True, False, None).scored
        assert Way.of(LARGE, True, True, None).scored

    def test_what_is_too_much_goes_in_parts(self) -> None:
        whole = Way.of(MIDDLE, True, False, None)
        parts = Way.of(MIDDLE, True, False, whole.memory - 1)
        assert parts.large
        assert parts.memory < whole.memory

    def test_what_is_too_much_in_parts_is_refused_with_the_memory_that_it_takes(self) -> None:
        least = Way.of(LARGE, False, False, None).memory
        assert Way.of(LARGE, False, False, least).large
        with pytest.raises(UsageError, match=f"takes about {least / 1e6:,.0f} MB"):
            Way.of(LARGE, False, False, least - 1)

    def test_parts_count_for_what_the_largest_sees(self) -> None:
        # Of 1535 rows there is one part, of 1536 there are two.
        one, two = (Way.of((rows, 2000, 3), True, False, None).memory for rows in (1535, 1536))
        assert 0.5 * one < two < 0.9 * one

    def test_a_small_picture_has_no_parts(self) -> None:
        with pytest.raises(UsageError, match="of memory"):
            Way.of((100, 100, 3), False, False, 1e6)


def test_an_encode_takes_its_way(photo: np.ndarray) -> None:
    samples = np.ascontiguousarray(photo[:512, :512])
    usual = way_of(samples.shape, EncodeOptions(tune="psnr")).memory
    encoder = Encoder(samples, EncodeOptions(tune="psnr", memory=usual), None)
    assert not isinstance(encoder.fit, LargeFit)


def test_a_picture_that_would_take_too_much_is_fitted_in_parts(
    photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosaic, "_SIDE", 128)
    monkeypatch.setattr(mosaic, "LARGEST_SAMPLE", 6 * 128**2)
    monkeypatch.setattr(mosaic, "_PART", 128)
    samples = np.ascontiguousarray(photo[:512, :512])
    options = EncodeOptions(memory=1.0)
    with pytest.raises(UsageError, match="of memory") as refused:
        way_of(samples.shape, options)
    least = float(str(refused.value).split("about ")[1].split(" MB")[0]) * 1e6
    assert isinstance(Encoder(samples, EncodeOptions(memory=least + 1e6), None).fit, LargeFit)


def test_refused_before_anything_is_fitted(photo: np.ndarray) -> None:
    with pytest.raises(UsageError, match="of memory"):
        coincodec.encode(photo, memory=1e6)


@pytest.mark.parametrize("memory", [0, -1, float("nan")])
def test_a_bound_is_positive(photo: np.ndarray, memory: float) -> None:
    with pytest.raises(UsageError, match="memory must be more than 0"):
        coincodec.encode(photo[:16, :16], memory=memory)


def test_siren_has_none(photo: np.ndarray) -> None:
    with pytest.raises(UsageError, match="memory is an option of the latent model"):
        coincodec.encode(photo[:16, :16], model="siren", memory=1e9)
