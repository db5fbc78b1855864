"""Mean curves, published curves, BD-rate."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_results import RESULT

from coincodec.bench import curves
from coincodec.bench.curves import Curve
from coincodec.errors import UsageError


def curve(name: str, rates: list[float], qualities: list[float]) -> Curve:
    return Curve(name, name, "", True, 1, tuple(rates), tuple(qualities))


def test_bd_rate_is_that_of_the_package_s_example() -> None:
    """The example of bjontegaard's documentation, Akima interpolation."""
    anchor = curve("a", [9487.76, 4593.60, 2486.44, 1358.24], [40.037, 38.615, 36.845, 34.851])
    test = curve("b", [9787.80, 4469.00, 2451.52, 1356.24], [40.121, 38.651, 36.970, 34.987])
    assert curves.bd_rate(anchor, test) == pytest.approx(-4.4252, abs=1e-4)


def test_half_the_rate_is_minus_fifty_per_cent() -> None:
    rates, qualities = [0.1, 0.2, 0.4, 0.8], [26.0, 29.0, 32.0, 35.0]
    half = curve("half", [r / 2 for r in rates], qualities)
    assert curves.bd_rate(curve("a", rates, qualities), half) == pytest.approx(-50)


def test_nothing_is_extrapolated() -> None:
    rates = [0.1, 0.2, 0.4, 0.8]
    low, high = curve("low", rates, [20, 21, 22, 23]), curve("high", rates, [30, 31, 32, 33])
    touching = curve("touching", rates, [22.5, 24, 26, 28])
    assert curves.bd_rate(low, high) is None
    assert curves.bd_rate(low, touching) is None
    assert curves.bd_rate(low, curve("short", rates[:3], [20, 21, 22])) is None


def test_the_mean_is_over_pictures_and_points_are_sorted_by_rate() -> None:
    rows = [
        replace(RESULT, image=image, point=point, bpp=bpp, psnr=psnr, ms_ssim=0.9)
        for image, point, bpp, psnr in (
            ("a", "90", 2.0, 40),
            ("b", "90", 4.0, 44),
            ("a", "5", 0.1, 20),
            ("b", "5", 0.3, 26),
        )
    ]
    (mean,) = curves.measured(rows)
    assert mean.bpp == pytest.approx((0.2, 3))
    assert mean.psnr == pytest.approx((23, 42))
    assert mean.ms_ssim == pytest.approx((0.9, 0.9))
    assert mean.images == 2


def test_a_point_that_was_not_measured_on_every_picture_does_not_count() -> None:
    rows = [replace(RESULT, image=image, point=point) for image, point in (("a", "1"), ("b", "1"), ("a", "2"))]
    (mean,) = curves.measured(rows)
    assert len(mean.bpp) == 1
    (one,) = curves.measured(rows, ["a"])
    assert len(one.bpp) == 2


def test_no_ms_ssim_where_a_picture_was_too_small() -> None:
    rows = [replace(RESULT, image="a", ms_ssim=0.9), replace(RESULT, image="b", ms_ssim=None)]
    assert curves.measured(rows)[0].ms_ssim == ()


def test_published_curves_have_sources_and_rise() -> None:
    found = curves.published()
    assert {"coin-paper", "vtm", "bpg", "bms", "mbt", "cst", "coin++", "recombiner", "c3", "mlic++"} <= {
        c.id for c in found
    }
    assert len({c.id for c in found}) == len(found) == len({c.title for c in found})
    for one in found:
        assert one.settings
        assert not one.measured
        assert list(one.bpp) == sorted(one.bpp)
        assert len(one.bpp) == len(one.psnr) >= 4
    coin = curves.pick(found, ["coin-paper"])[0]
    assert (coin.bpp[3], coin.psnr[3]) == (0.3074, 26.4121)


def test_published_curves_stand_as_the_field_knows_them() -> None:
    vtm, bpg, cool_chic = curves.pick(curves.published(), ["vtm", "bpg", "cool-chic-5.0.1"])
    assert curves.bd_rate(vtm, bpg) == pytest.approx(22, abs=1)
    assert curves.bd_rate(vtm, cool_chic) == pytest.approx(-6.6, abs=0.2)


def test_means_of_figures_per_picture_are_the_published_means() -> None:
    images = [f"kodim{number:02}" for number in range(1, 25)]
    found = curves.published(images)
    assert {one.id for one in found} == {"cool-chic-4.2", "cool-chic-5.0.1"}
    for one, published in zip(found, curves.pick(curves.published(), [one.id for one in found]), strict=True):
        assert one.bpp == pytest.approx(published.bpp, abs=1e-5)
        assert one.psnr == pytest.approx(published.psnr, abs=1e-4)


def test_published_figures_of_some_pictures() -> None:
    (one,) = curves.pick(curves.published(["kodim01", "kodim02"]), ["cool-chic-4.2"])
    assert one.images == 2
    assert one.bpp[0] == pytest.approx((0.09007 + 0.03202) / 2)
    assert one.psnr[0] == pytest.approx((24.3998 + 28.8338) / 2)
    assert curves.published(["kodim01", "mine"]) == []


def test_an_unknown_curve_is_bad_use() -> None:
    with pytest.raises(UsageError, match="h267"):
        curves.pick(curves.published(), ["vtm", "h267"])
