"""Prices that lead a latent fit to a target, and models in other units."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from coincodec.latent.control import (
    ENDS,
    LEAST_NETWORK_BITS,
    NETWORK_BITS,
    Control,
    Ends,
    ErrorControl,
    FixedPrice,
    LooksControl,
    RateControl,
    detail,
    final_bits,
    final_off,
    network_bits,
    price_at,
)
from coincodec.latent.cost import Cost
from coincodec.latent.fit import Fit
from coincodec.latent.fitted import Model
from coincodec.latent.model import SIZES, LatentShape, initial_parameters, parts, rescale
from coincodec.latent.recipe import RECIPES
from coincodec.latent.reference import SCALE_RANGE, distribution, synthesis
from coincodec.latent.stages import Stage
from coincodec.latent.start import starts
from coincodec.looks.ssimulacra2 import distance_of


@dataclass
class Pretended:
    """A model whose rate ends as price^-0.7 and whose error as price^0.6, and both are larger before.

    surprise: how much larger than usual they are at first.
    """

    price: float
    share: float = 1.0
    surprise: float = 0.0
    pixels: int = 1000

    def evaluate(self, parameters: np.ndarray) -> Cost:
        bits, error = 0.003 * self.price**-0.7, 0.02 * self.price**0.6
        unusual = math.exp(self.surprise * (1 - self.share) ** 2)
        bits *= math.exp(1.35 * (1 - self.share) ** 1.9 / (1 + bits / 0.55))
        error *= math.exp(0.25 * (1 - self.share) ** 2 * (1 + 2.4e-4 / self.price))
        return Cost(unusual * error, unusual * bits * self.pixels)

    def detailed(self, price: float) -> bool:
        return False

    def distance(self) -> float:
        """As if looks went with the error."""
        return 1000 * self.evaluate(np.zeros(0)).error


def correct(control: Control, shares: np.ndarray, fading: float = 2.0, surprise: float = 0.0) -> Cost:
    """What a fit ends with. fading: prices have an effect of 1 - share^fading from that share of it on."""
    nothing = np.zeros(0, np.float32)
    effective = control.price
    for share in shares:
        before = control.price
        control.correct(Pretended(effective, share, surprise), nothing, share)  # type: ignore[arg-type]
        effective *= (control.price / before) ** (1 - share**fading)
    return Pretended(effective).evaluate(nothing)


SHARES = np.linspace(0.1, 0.9, 12)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("bits", [0.01, 0.5, 4.0])
@pytest.mark.parametrize("ends", ENDS.values())
def test_the_bits_to_come_are_told_from_those_of_now(bits: float, share: float, ends: Ends) -> None:
    first, power, scale = ends.bits
    now = bits * math.exp(first * (1 - share) ** power / (1 + bits / scale))
    assert final_bits(share, now, ends) == pytest.approx(bits, rel=0.01)


def test_what_is_to_come_is_told_for_any_price() -> None:
    ends = Ends((1.0, 2.0, 0.3), (0.2, 1.8, 4.5e-4))
    assert final_off(0.5, 1e-3, 1e-3, ends) == pytest.approx(1e-3 * math.exp(-0.2 * 0.5**1.8 * 1.45))
    assert final_off(0.5, 1e-3, 1e-12, ends) == final_off(0.5, 1e-3, 3e-4, ends)


def test_detailed_pictures_go_another_way() -> None:
    plain, fine = (RateControl(300.0, 0, 1000, 0.03) for _ in range(2))
    for control, detailed in ((plain, False), (fine, True)):
        model = Pretended(control.price, 0.3)
        model.detailed = lambda price, found=detailed: found  # type: ignore[method-assign]
        control.correct(model, np.zeros(0, np.float32), 0.3)  # type: ignore[arg-type]
    assert plain.price > fine.price  # whose bits fall by more


@pytest.mark.parametrize("surprise", [-0.8, 0.0, 0.8])
@pytest.mark.parametrize("fading", [1.5, 2.0, 4.0])
@pytest.mark.parametrize("bits", [0.05, 0.3, 2.0])
def test_a_rate_is_reached(bits: float, fading: float, surprise: float) -> None:
    control = RateControl(1000 * bits, 0, 1000, 0.03)
    assert correct(control, SHARES, fading, surprise).bits == pytest.approx(1000 * bits, rel=0.02)


@pytest.mark.parametrize("surprise", [-0.8, 0.0, 0.8])
@pytest.mark.parametrize("fading", [1.5, 2.0, 4.0])
@pytest.mark.parametrize("error", [1e-2, 1e-3, 2e-4])
def test_an_error_is_reached(error: float, fading: float, surprise: float) -> None:
    assert correct(ErrorControl(error, 0.03), SHARES, fading, surprise).error == pytest.approx(error, rel=0.02)


@pytest.mark.parametrize("surprise", [-0.8, 0.0, 0.8])
@pytest.mark.parametrize("fading", [1.5, 2.0, 4.0])
@pytest.mark.parametrize("score", [35, 60, 80])
def test_a_score_is_reached(score: float, fading: float, surprise: float) -> None:
    found = correct(LooksControl(distance_of(score), 0.03), SHARES, fading, surprise).error
    assert 1000 * found == pytest.approx(distance_of(score), rel=0.03)


def test_a_price_without_freedom_stays_as_it_is() -> None:
    control = LooksControl(distance_of(60), 0.03, 1.5)
    usual = control.price
    for price, bound in ((10.0, usual / 1.5), (1e-9, usual * 1.5)):
        for _ in range(3):
            control.correct(Pretended(price), np.zeros(0, np.float32), 0.5)  # type: ignore[arg-type]
        assert control.price == pytest.approx(bound)


def test_detail_is_how_much_neighbours_differ() -> None:
    stripes = np.zeros((6, 8, 3), np.uint8)
    stripes[:, ::2] = 255
    assert detail(stripes) == pytest.approx(0.5)
    assert detail(stripes.astype(np.uint16) * 257) == pytest.approx(0.5)
    assert detail(stripes[:1, :, :1]) == pytest.approx(1)
    assert detail(stripes[:1, :1]) == detail(np.full((5, 4, 3), 200, np.uint8)) == 0


@pytest.mark.parametrize("of_detail", [0.0, 0.5])
def test_pictures_unlike_photographs_begin_at_prices_of_photographs(of_detail: float) -> None:
    for control in (
        RateControl(1e-6, 0, 400, of_detail),
        RateControl(1e9, 1000, 400, of_detail),
        ErrorControl(0.1, of_detail),
        ErrorControl(1e-12, of_detail),
    ):
        assert 1e-7 <= control.price <= 0.05
    nearest = 0.016 if of_detail == 0 else 0.06
    assert ErrorControl(1e-4, of_detail).price == ErrorControl(1e-4, nearest).price


def test_detail_makes_bits_dear_and_errors_large() -> None:
    """A detailed picture needs a higher price for the same rate, a lower one for the same error."""
    assert RateControl(3e4, 1000, 100_000, 0.06).price > 2 * RateControl(3e4, 1000, 100_000, 0.02).price
    assert ErrorControl(1e-3, 0.06).price < 0.5 * ErrorControl(1e-3, 0.02).price


def test_networks_leave_latents_something() -> None:
    """They get coarser where bits are dear, and where their usual precision would take all there is."""
    assert network_bits(1000, 1e-4, 400_000) == 1000 * NETWORK_BITS
    assert 5000 < network_bits(1000, 1e-2, 400_000) < network_bits(1000, 1e-2, 1_600_000) < 7500
    assert network_bits(1000, 1.0, 1000) == 1000 * LEAST_NETWORK_BITS
    nothing = np.zeros(0, np.float32)
    control = RateControl(5500, 1000, 100_000, 0.03)
    before = control.price
    control.correct(Pretended(before, pixels=100_000), nothing, 0.9)  # type: ignore[arg-type]
    assert before < control.price


def test_a_price_that_was_asked_for_stays() -> None:
    control = FixedPrice(0.003)
    correct(control, SHARES)
    assert control.price == 0.003


def test_low_prices_are_come_down_to_by_half_of_a_fit() -> None:
    prices = [price_at(share, 3e-6) for share in np.linspace(0, 0.5, 6)]
    assert prices[0] == pytest.approx(min(start.price for start in starts().values()))
    assert np.diff(np.log(prices)) == pytest.approx(math.log(0.01) / 5)
    assert price_at(0.8, 3e-6) == 3e-6
    assert price_at(0.0, 0.003) == 0.003


@dataclass
class Noted:
    """A fixed price that notes when it is asked, or that is another one after the first time."""

    price: float
    later: float | None = None
    shares: list[float] = field(default_factory=list)

    def correct(self, model: Model, parameters: np.ndarray, share: float) -> None:
        self.shares.append(round(share, 1))
        self.price = self.later or self.price


@pytest.mark.parametrize(
    ("control", "asked"),
    [
        (Noted(0.003), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        (Noted(3e-6), [0.5, 0.6, 0.7, 0.8, 0.9]),
        (Noted(0.003, later=3e-6), [0.1, 0.5, 0.6, 0.7, 0.8, 0.9]),
    ],
)
def test_prices_are_corrected_once_they_are_reached(control: Noted, asked: list[float]) -> None:
    samples = np.zeros((16, 16, 3), np.uint8)
    shape = LatentShape.of(16, 16, 3, 2, SIZES["middle"])
    fit = Fit(Model(shape, samples, 1), RECIPES["fast"], control, start=initial_parameters(shape, 0))
    fit.soften(Stage(0, 50, 0.0, 1.0, 256))
    assert control.shares == asked
    assert fit.price == fit.units == control.price


@pytest.mark.parametrize("step", [0.25, 2.0])
def test_a_model_in_other_units_shows_and_expects_the_same(step: float) -> None:
    shape = LatentShape.of(40, 56, 3, 4, SIZES["middle"])
    rng = np.random.default_rng(0)
    before = initial_parameters(shape, 0)
    before += rng.normal(0, 0.05, before.shape).astype(np.float32)
    after = before.copy()
    rescale(shape, after, step)
    grids = [rng.normal(0, 3, shape.grid(level)) for level in range(4)]
    scaled = [grid / step for grid in grids]
    old, new = (parts(shape, p.astype(float)) for p in (before, after))
    assert synthesis(shape, new, scaled) == pytest.approx(synthesis(shape, old, grids), abs=1e-4)
    for level in range(4):
        mean, scale = distribution(shape, old, grids, level)
        scaled_mean, finer = distribution(shape, new, scaled, level)
        assert scaled_mean == pytest.approx(mean / step, abs=1e-4)
        within = (np.abs(scale) < SCALE_RANGE) & (np.abs(finer) < SCALE_RANGE)
        assert finer[within] == pytest.approx((scale - np.log2(step))[within], abs=1e-4)
