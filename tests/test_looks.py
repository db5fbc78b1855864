"""SSIMULACRA 2 and its gradient, against float64 NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincodec import _native
from coincodec.looks import reference
from coincodec.looks.ssimulacra2 import Ssimulacra2, planes, scales_of, score, weights, weights_of_the_tool

FEW = {"max_examples": 12, "deadline": None}


def pair(height: int, width: int, channels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Planes of a smooth picture with some noise in it, and of a bad copy."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 9.0
    smooth = np.stack([0.5 + 0.3 * np.sin(x + k) * np.cos(y - k) for k in range(channels)])
    original = np.clip(smooth + rng.normal(0, 0.05, smooth.shape), 0.03, 0.97)
    shown = np.clip(0.97 * smooth + rng.normal(0, 0.03, smooth.shape), 0.03, 0.97)
    return original.astype(np.float32), shown.astype(np.float32)


def judge(original: np.ndarray, table: np.ndarray, threads: int = 1) -> _native.Ssimulacra2:
    return _native.Ssimulacra2(original, table, threads)


def test_the_window_is_the_kernels() -> None:
    taps = [0.00941437, 0.03601111, 0.10933537, 0.21292859, 0.26462111]
    assert reference.window() == pytest.approx([*taps, *taps[-2::-1]], abs=1e-8)
    assert reference.window().sum() == pytest.approx(1)


@settings(**FEW)
@given(st.integers(8, 70), st.integers(8, 70), st.sampled_from([1, 3]), st.integers(0, 99))
def test_the_distance_is_the_references(height: int, width: int, channels: int, seed: int) -> None:
    original, shown = pair(height, width, channels, seed)
    table = weights()
    expected = reference.distance(original.astype(float), shown.astype(float), table)
    assert judge(original, table).distance(shown, 1) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("height", "width", "channels"), [(37, 50, 3), (64, 33, 1), (129, 40, 3)])
def test_the_gradient_is_the_references(isa: str, height: int, width: int, channels: int) -> None:
    original, shown = pair(height, width, channels)
    table = weights()
    found = np.zeros_like(shown)
    judge(original, table).gradient(shown, 1.0, found, 1)
    rng, step = np.random.default_rng(1), 1e-7
    size = np.sqrt(np.mean(found.astype(float) ** 2))
    for _ in range(4):
        direction = rng.normal(0, 1, shown.shape)
        ends = [reference.distance(original.astype(float), shown + s * direction, table) for s in (step, -step)]
        expected = (ends[0] - ends[1]) / (2 * step)
        assert np.vdot(found, direction) == pytest.approx(expected, rel=1e-4, abs=1e-4 * size * np.sqrt(found.size))


def test_single_places_have_the_references_gradient() -> None:
    original, shown = pair(24, 40, 3)
    table, step = weights(), 1e-7
    found = np.zeros_like(shown)
    judge(original, table).gradient(shown, 1.0, found, 1)
    for place in [(0, 0, 0), (1, 23, 39), (2, 11, 17), (0, 23, 0), (1, 7, 8), (2, 0, 39)]:
        ends = []
        for s in (step, -step):
            moved = shown.astype(float)
            moved[place] += s
            ends.append(reference.distance(original.astype(float), moved, table))
        expected = (ends[0] - ends[1]) / (2 * step)
        assert found[place] == pytest.approx(expected, rel=1e-4, abs=1e-5 * float(np.abs(found).max()))


def test_a_gradient_is_added_times_its_factor() -> None:
    original, shown = pair(20, 20, 3)
    one, two = np.zeros_like(shown), np.ones_like(shown)
    looks = judge(original, weights())
    assert looks.gradient(shown, 1.0, one, 1) == looks.distance(shown, 1)
    looks.gradient(shown, -2.0, two, 1)
    assert two == pytest.approx(1 - 2 * one, abs=1e-5 * float(np.abs(one).max()))


def test_the_same_from_any_number_of_threads() -> None:
    original, shown = pair(300, 257, 3)
    table = weights()
    results = []
    for threads in (1, 2, 5):
        gradient = np.zeros_like(shown)
        results.append((judge(original, table, threads).gradient(shown, 1.0, gradient, threads), gradient))
    assert all(r[0] == results[0][0] and np.array_equal(r[1], results[0][1]) for r in results)


def test_terms_without_weight_are_left_out_and_cost_no_exactness() -> None:
    original, shown = pair(70, 80, 3)
    table = weights()
    total = judge(original, table).distance(shown, 1)
    parts = []
    for colour in range(3):
        part = np.zeros_like(table)
        part[colour] = table[colour]
        parts.append(judge(original, part).distance(shown, 1))
    assert sum(parts) == pytest.approx(total, rel=1e-6)
    assert judge(original, np.zeros_like(table)).distance(shown, 1) == 0


def test_the_original_itself_scores_100(photo: np.ndarray) -> None:
    crop = np.ascontiguousarray(photo[:64, :80])
    assert Ssimulacra2(crop)(crop) == pytest.approx(100, abs=0.2)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_noise_lowers_the_score_of_any_picture(channels: int, dtype: type) -> None:
    rng, most = np.random.default_rng(3), np.iinfo(dtype).max
    wave = most // 2 + most // 8 * np.sin(np.arange(48) / 5)
    picture = np.broadcast_to(wave[:, None], (40, 48, channels)).astype(dtype)
    scores = []
    for deviation in (0.02, 0.1):
        noisy = np.clip(picture + rng.normal(0, deviation * most, picture.shape), 0, most).astype(dtype)
        scores.append(Ssimulacra2(picture)(noisy))
    assert scores[1] < scores[0] < 100


def test_small_pictures_have_fewer_scales_and_the_tools_weights() -> None:
    assert [scales_of(n, 400) for n in (7, 8, 15, 16, 29, 255, 256, 4000)] == [0, 1, 2, 2, 3, 6, 6, 6]
    assert np.array_equal(weights_of_the_tool(256, 256), weights())
    table = weights_of_the_tool(8, 300)
    assert not table[:, 1:].any()
    assert table[1, 0].ravel() == pytest.approx(weights()[0, 1].ravel())


def test_scores_are_those_of_the_published_curve() -> None:
    assert score(0) == 100
    x = 0.95623826 * 13
    assert score(13) == pytest.approx(100 - 10 * (2.3267656 * x - 0.0208845 * x**2 + 6.2485e-5 * x**3) ** 0.62763366)
    assert score(1.0) > score(5.0) > 50 > score(40.0)


def test_another_shape_or_type_is_refused(photo: np.ndarray) -> None:
    crop = np.ascontiguousarray(photo[:16, :16])
    looks = Ssimulacra2(crop)
    for other in (crop[:8], crop[:, :, :1], crop.astype(np.uint16)):
        with pytest.raises(ValueError, match="same shape"):
            looks(np.ascontiguousarray(other))


def test_the_native_core_refuses_what_does_not_fit() -> None:
    original, shown = pair(16, 16, 3)
    looks = judge(original, weights())
    with pytest.raises(ValueError, match="the original's shape"):
        looks.distance(np.ascontiguousarray(shown[:, :8]), 1)
    with pytest.raises(ValueError, match="channels"):
        judge(original[:2], weights())
    with pytest.raises(ValueError, match="threads"):
        looks.distance(shown, 0)
    with pytest.raises(ValueError, match="side by side"):
        looks.distance(shown[:, :, ::-1], 1)
    with pytest.raises(ValueError, match="lie as"):
        looks.gradient(shown, 1.0, np.zeros((3, 16, 32), np.float32)[:, :, :16], 1)


def test_planes_are_samples_in_0_to_1() -> None:
    deep = np.array([[[0, 65535]]], np.uint16)
    assert planes(deep).tolist() == [[[0.0]], [[1.0]]]
