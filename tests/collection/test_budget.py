"""A budget for a collection, on pictures whose bits are a formula."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincodec.collection.budget import SAMPLE, Budget, Measured, Round, Spending
from coincodec.errors import UsageError

World = Callable[[str, float, bool], Measured | None]


def world(count: int, seed: int, *, quick: float = 1.1, noise: float = 0.01, lost: tuple[str, ...] = ()) -> World:
    """Pictures of many sizes and kinds, of which some cannot be fitted."""
    random = np.random.default_rng(seed)
    pixels = random.integers(128, 768, (count, 2)).prod(1)
    rate = np.exp(random.normal(math.log(0.5), 0.6, count))
    power = random.normal(-0.7, 0.05, count)

    def fit(name: str, price: float, trial: bool) -> Measured | None:
        if name in lost:
            return None
        number = int(name)
        off = np.random.default_rng([seed, number, int(price * 1e9), trial]).normal(0, noise)
        bits = rate[number] * (price / 1e-3) ** power[number] * pixels[number] * math.exp(off)
        return Measured(int(300 + bits / 8 * (quick if trial else 1)), int(pixels[number]), price)

    return fit


def spend(budget: Budget, count: int, fit: World) -> tuple[Spending, list[Round]]:
    """Goes through all rounds."""
    spending = Spending(budget, [str(number) for number in range(count)])
    rounds, asked, found = spending.rounds(), [], None
    while True:
        try:
            wanted = next(rounds) if found is None else rounds.send(found)
        except StopIteration:
            return spending, asked
        asked.append(wanted)
        fits = {name: fit(name, wanted.price, wanted.trial) for name in wanted.names}
        found = {name: measured for name, measured in fits.items() if measured is not None}


@settings(max_examples=40)
@given(st.integers(1, 250), st.integers(0, 1000), st.floats(0.05, 2.0), st.booleans())
def test_a_budget_is_kept_and_nearly_used(count: int, seed: int, bpp: float, total: bool) -> None:
    fit = world(count, seed)
    pixels = sum(fit(str(number), 1e-3, False).pixels for number in range(count))
    budget = Budget(total_bytes=int(bpp * pixels / 8)) if total else Budget(mean_bpp=bpp)
    spending, _ = spend(budget, count, fit)
    least = 0.97 if count < 3 else 0.99  # one or two pictures are as large as they come
    if not spending.missed:
        assert least <= spending.total / budget.bytes_for(pixels) <= 1
    else:
        assert count < 3
    assert set(spending.prices) == {str(number) for number in range(count)}


@pytest.mark.parametrize("count", [24, 100, 1000])
def test_hardly_any_picture_is_fitted_twice_and_prices_are_near_each_other(count: int) -> None:
    spending, asked = spend(Budget(mean_bpp=0.3), count, world(count, 1))
    assert not spending.missed
    assert sum(len(r.names) for r in asked if not r.trial) <= 1.25 * count
    assert sum(len(r.names) for r in asked if r.trial) <= min(count, SAMPLE) + 48
    prices = spending.prices.values()
    assert max(prices) / min(prices) < 1.6


def test_what_cannot_be_fitted_has_no_part_in_it() -> None:
    spending, _ = spend(Budget(mean_bpp=0.3), 30, world(30, 2, lost=("3", "29")))
    assert not spending.missed
    assert set(spending.prices) == {str(number) for number in range(30)} - {"3", "29"}
    nothing, _ = spend(Budget(mean_bpp=0.3), 2, world(2, 2, lost=("0", "1")))
    assert nothing.prices == {}
    assert nothing.missed == 0


def test_a_budget_out_of_reach_is_said_to_be_missed() -> None:
    spending, _ = spend(Budget(total_bytes=1000), 10, world(10, 3))
    assert spending.missed > 0.5
    spending, _ = spend(Budget(mean_bpp=1e4), 10, world(10, 3))
    assert spending.missed < -0.5


def test_rounds_depend_on_what_pictures_take_and_on_nothing_else() -> None:
    first, again = (spend(Budget(mean_bpp=0.5), 60, world(60, 4))[1] for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "one of total_bytes and mean_bpp"),
        ({"total_bytes": 1, "mean_bpp": 1.0}, "one of total_bytes and mean_bpp"),
        ({"total_bytes": 0}, "positive"),
        ({"mean_bpp": math.inf}, "positive"),
    ],
)
def test_no_budget(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Budget(**arguments)  # type: ignore[arg-type]
