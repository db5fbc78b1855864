"""Depth and width for a budget."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coincodec import native
from coincodec.errors import TargetError
from coincodec.siren.architecture import PAPER_TABLE, TABLE_SHARE
from coincodec.siren.model import SirenShape


def size(shape: SirenShape) -> int:
    return 30 + 2 * shape.parameters


PAIRS = [(entry.layers, entry.width) for entry in PAPER_TABLE.entries]


@pytest.mark.parametrize("pair", PAIRS)
def test_the_papers_networks_are_chosen_at_their_own_size(pair: tuple[int, int]) -> None:
    shape = SirenShape(2, 3, *pair)
    assert PAPER_TABLE.largest_fitting(2, 3, size(shape), size) == shape
    assert PAPER_TABLE.largest_fitting(2, 3, int(size(shape) / 0.96), size) == shape


@given(st.integers(52, 10_000_000), st.integers(1, 4))
@example(61632, 1)  # 13x49 is preferred to 13x50, which would fit too
def test_a_budget_is_never_passed_and_never_wasted(budget: int, channels: int) -> None:
    shape = PAPER_TABLE.largest_fitting(2, channels, budget, size)
    assert size(shape) <= budget
    assert shape.layers <= native.MAX_LAYERS
    wider = shape._replace(width=shape.width + 1)
    of_the_table = shape[2:] in PAIRS and size(shape) >= TABLE_SHARE * budget
    assert of_the_table or wider.width > native.MAX_WIDTH or size(wider) > budget


@pytest.mark.parametrize("budget", [5_000, 10_000, 14_745, 20_000, 40_000, 100_000])
def test_most_of_a_budget_is_used(budget: int) -> None:
    assert size(PAPER_TABLE.largest_fitting(2, 3, budget, size)) >= 0.94 * budget


def test_the_smallest_network_is_the_last_resort() -> None:
    least = SirenShape(2, 3, 1, 1)
    assert PAPER_TABLE.largest_fitting(2, 3, size(least), size) == least
    with pytest.raises(TargetError, match="smallest takes 48"):
        PAPER_TABLE.largest_fitting(2, 3, size(least) - 1, size)


def test_a_usual_depth_is_preferred_to_a_few_more_weights() -> None:
    assert str(PAPER_TABLE.largest_fitting(2, 3, 14_745, size)) == "9x29"
