"""What a fit for eyes comes near to, against float64 NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coincodec import _native
from coincodec.looks import reference
from coincodec.looks.eye import EyeAim, blur, mask, mean_around
from coincodec.looks.ssimulacra2 import weights_of_the_tool

MIX = 0.4


def case(height: int, width: int, channels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A smooth picture with some noise in it, a bad copy, and weights."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 9.0
    smooth = np.stack([0.5 + 0.15 * np.sin(x + k) * np.cos(y - k) for k in range(channels)])
    original = smooth + rng.normal(0, 0.01, smooth.shape)
    shown = 0.99 * smooth + rng.normal(0, 0.01, smooth.shape)
    weights = rng.uniform(0.5, 2, original.shape)
    return original.astype(np.float32), shown.astype(np.float32), weights.astype(np.float32)


def colours_of(planes: np.ndarray) -> int:
    return len(planes) - (len(planes) % 2 == 0)


def metrics_gradient(original: np.ndarray, shown: np.ndarray, direction: np.ndarray) -> float:
    """Of the reference, along a direction: what is seen is colour on grey."""
    colours, table, step = colours_of(original), weights_of_the_tool(*original.shape[1:]), 1e-7
    alpha = original[colours:].astype(float) if len(original) > colours else np.ones((1, 1, 1))

    def distance(planes: np.ndarray) -> float:
        seen = [0.5 + (p[:colours].astype(float) - 0.5) * alpha for p in (original, planes)]
        return reference.distance(seen[0], seen[1], table)

    return (distance(shown + step * direction) - distance(shown - step * direction)) / (2 * step)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_goals_gradient_is_the_mix(isa: str, channels: int) -> None:
    original, shown, weights = case(37, 50, channels)
    goal, colours = np.zeros_like(shown), colours_of(original)
    aim = _native.Aim(original, weights, weights_of_the_tool(37, 50), MIX, 2)
    distance, squared_error = aim.take(shown, goal, 2)
    error = shown.astype(float) - original
    assert squared_error == pytest.approx((error**2).sum(), rel=1e-5)
    assert aim.distance(shown, 1) == distance

    own = weights * error
    pull = weights * (shown.astype(float) - goal) - (1 - MIX) * own
    # The metric's part is as large as the masked error's.
    size = math.sqrt((own[:colours] ** 2).sum())
    assert math.sqrt((pull[:colours] ** 2).sum()) == pytest.approx(MIX * size, rel=1e-3)
    # And points where the metric does: alike along any direction, up to one factor.
    rng = np.random.default_rng(1)
    directions = np.zeros((6, *shown.shape))
    directions[:, :colours] = rng.normal(0, 1, (6, colours, *shown.shape[1:]))
    found = np.array([np.vdot(pull, d) for d in directions])
    expected = np.array([metrics_gradient(original, shown, d) for d in directions])
    factor = np.vdot(found, expected) / np.vdot(expected, expected)
    assert factor > 0
    assert found == pytest.approx(factor * expected, rel=1e-3, abs=5e-3 * float(np.abs(found).max()))


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_coded_as_it_is(channels: int) -> None:
    original, shown, weights = case(20, 24, channels)
    goal = np.zeros_like(shown)
    _native.Aim(original, weights, weights_of_the_tool(20, 24), MIX, 1).take(shown, goal, 1)
    assert goal[-1] == pytest.approx(original[-1], abs=1e-6)


def test_a_goal_lies_where_it_can_be_shown() -> None:
    original, shown, weights = case(20, 24, 3)
    original[:, ::2], shown[:, ::2] = 1, 0.95
    original[:, 1::2], shown[:, 1::2] = 0, 0.05
    shown += np.random.default_rng(2).normal(0, 0.01, shown.shape).astype(np.float32)
    weights[:, :, ::5] = 1e-3  # where the metric moves a sample the farther
    goal = np.zeros_like(shown)
    _native.Aim(original, weights, weights_of_the_tool(20, 24), MIX, 1).take(shown, goal, 1)
    assert (goal.min(), goal.max()) == (0, 1)


def test_the_metric_moves_nothing_farther_than_there_is_room_to_both_sides() -> None:
    original, shown, weights = case(37, 50, 3)
    shown[:, ::2] = np.where(shown[:, ::2] > 0.5, 1, 0)
    shown[:, 1::4] = 0.998
    goal = np.zeros_like(shown)
    _native.Aim(original, weights, weights_of_the_tool(37, 50), MIX, 1).take(shown, goal, 1)
    moved = goal - (shown - (1 - MIX) * (shown - original))
    assert moved[:, ::2] == pytest.approx(0, abs=1e-6)
    assert np.abs(moved[:, 1::4]).max() == pytest.approx(0.002, rel=1e-3)
    assert np.abs(moved[:, 3::4]).max() > 0.01


def test_without_the_metric_the_goal_is_the_picture() -> None:
    original, shown, weights = case(30, 40, 3)
    goal = np.zeros_like(shown)
    _native.Aim(original, weights, weights_of_the_tool(30, 40), 0.0, 1).take(shown, goal, 1)
    assert goal == pytest.approx(original, abs=1e-6)


def test_the_same_from_any_number_of_threads() -> None:
    original, shown, weights = case(300, 257, 3)
    results = []
    for threads in (1, 2, 5):
        goal = np.zeros_like(shown)
        aim = _native.Aim(original, weights, weights_of_the_tool(300, 257), MIX, threads)
        results.append((aim.take(shown, goal, threads), goal))
    assert all(r[0] == results[0][0] and np.array_equal(r[1], results[0][1]) for r in results)


def test_rows_may_be_padded_and_what_is_beyond_stays() -> None:
    original, shown, weights = case(21, 33, 3)
    goal, wide = np.zeros_like(shown), np.full((4, 3, 21, 48), 7, np.float32)
    wide[:3, :, :, :33] = original, shown, weights
    views = wide[..., :33]
    for o, s, w, g in ((original, shown, weights, goal), tuple(views)):
        _native.Aim(o, w, weights_of_the_tool(21, 33), MIX, 1).take(s, g, 1)
    assert np.array_equal(views[3], goal)
    assert (wide[..., 33:] == 7).all()


def test_blurs_are_gaussian() -> None:
    point = np.zeros((41, 31), np.float32)
    point[20, 15] = 1
    blurred = blur(point, 2.0)
    y, x = np.mgrid[-20:21, -15:16]
    wanted = np.exp(-(x**2 + y**2) / 8) / (8 * np.pi)
    assert blurred == pytest.approx(wanted, abs=3e-4)
    assert blur(np.full((5, 3), 0.25, np.float32), 2.0) == pytest.approx(0.25)


def test_means_around_go_as_far_as_said_and_keep_what_is_even() -> None:
    point = np.zeros((41, 31), np.float32)
    point[20, 15] = 1
    mean = mean_around(point, 3)
    triangle = np.maximum(7 - np.abs(np.arange(-20, 21)), 0) / 49
    assert mean == pytest.approx(np.outer(triangle, triangle[5:-5]), abs=1e-7)
    assert mean_around(np.full((5, 3), 0.25, np.float32), 9) == pytest.approx(0.25)


def test_an_error_counts_relative_to_a_mean() -> None:
    """Of the picture itself, or of the one that it is a part of."""
    picture, weights = case(32, 40, 3)[0], np.zeros((3, 32, 40), np.float32)
    aim = EyeAim(picture, weights, 0, 1)
    assert weights.mean() == pytest.approx(1, rel=1e-5)
    part = np.zeros_like(weights)
    EyeAim(picture, part, 0, 1, mean=2 * aim.mean)
    assert part == pytest.approx(weights / 2)


class TestMask:
    def test_errors_count_less_where_much_happens(self) -> None:
        rng = np.random.default_rng(0)
        picture = np.full((1, 64, 64), 0.5, np.float32)
        picture[:, :, 32:] += rng.normal(0, 0.1, (64, 32)).astype(np.float32)
        weights = mask(picture, 0)
        assert weights[:, :24].mean() > 4 * weights[:, 40:].mean()

    def test_letters_hide_less_than_texture(self) -> None:
        rng = np.random.default_rng(0)
        texture, letters = (np.full((1, 64, 64), 0.5, np.float32) for _ in range(2))
        texture[:, :, 32:] += rng.normal(0, 0.1, (64, 32)).astype(np.float32)
        letters[:, :, 32:] += rng.choice([-0.4, 0.4], (64, 32)).astype(np.float32)
        shares = [float(w[:, 40:].mean() / w[:, :24].mean()) for w in (mask(texture, 0), mask(letters, 0))]
        assert shares[1] > 1.5 * shares[0]

    def test_colour_that_stands_out_counts_more(self) -> None:
        picture = np.full((3, 64, 64), 0.4, np.float32)
        picture[:, 28:36, 28:36] = np.array([0.8, 0.24, 0.24], np.float32)[:, None, None]  # of about the same luma
        weights = mask(picture, 0)
        assert weights[32, 32] > 3 * weights[4, 4]
        assert mask(picture[:1], 0)[32, 32] < 1.5 * mask(picture[:1], 0)[4, 4]

    def test_an_edge_hides_little(self) -> None:
        picture = np.full((1, 64, 64), 0.2, np.float32)
        picture[:, 32:] = 0.8
        weights = mask(picture, 0)
        assert weights[31:33].mean() > 0.5 * weights[:8].mean()


def test_hidden_colour_has_no_weight_and_alpha_has_its_own() -> None:
    original, _, _ = case(24, 24, 4)
    original[3, :, :12] = 0
    weights = np.full_like(original, 9)
    EyeAim(original, weights, 0, 1)
    assert (weights[:3, :, :12] == 0).all()
    assert (weights[3] == 1).all()
    assert weights[:3, :, 12:].min() > 0


def test_a_part_of_the_size_looks_at_coarser_scales_alone() -> None:
    original, shown, weights = case(64, 64, 3)
    aims = [EyeAim(original, weights.copy(), level, 1).distance(shown) for level in (0, 1, 5)]
    assert len(set(aims)) == 3


def test_what_does_not_fit_is_refused() -> None:
    original, shown, weights = case(16, 16, 3)
    table = weights_of_the_tool(16, 16)
    with pytest.raises(ValueError, match="the mix"):
        _native.Aim(original, weights, table, 1.5, 1)
    with pytest.raises(ValueError, match="the original's shape"):
        _native.Aim(original, weights[:1], table, MIX, 1)
    with pytest.raises(ValueError, match="threads"):
        _native.Aim(original, weights, table, MIX, 0)
    aim = _native.Aim(original, weights, table, MIX, 1)
    with pytest.raises(ValueError, match="the original's shape"):
        aim.take(shown[:1], np.zeros_like(shown), 1)
    with pytest.raises(ValueError, match="lie as"):
        aim.take(shown, np.zeros((3, 16, 32), np.float32)[:, :, :16], 1)
    with pytest.raises(ValueError, match="lie as"):
        aim.distance(np.zeros((3, 16, 32), np.float32)[:, :, :16], 1)
