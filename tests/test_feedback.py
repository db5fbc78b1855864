"""Rounding with error feedback."""

from __future__ import annotations

import numpy as np
import pytest

from coincodec.siren import feedback, reference
from coincodec.siren.feedback import Feedback, derivatives, gauss_newton
from coincodec.siren.fit import fit
from coincodec.siren.model import SirenShape, frequency_scale, initial_parameters, pixel_axes, wrap_phases
from coincodec.siren.objective import NativeObjective
from coincodec.siren.quantise import Quantiser, sensitivities, step_vector
from coincodec.siren.recipe import RECIPES

SHAPE = SirenShape(2, 3, 3, 9)


def random_matrix(size: int, decades: float) -> np.ndarray:
    """Symmetric, its eigenvalues spread over so many powers of ten."""
    axes, _ = np.linalg.qr(np.random.default_rng(size).normal(size=(size, size)))
    matrix: np.ndarray = axes @ np.diag(10 ** -np.linspace(0, decades, size)) @ axes.T
    return matrix


def test_derivatives_are_those_of_the_reference() -> None:
    rng = np.random.default_rng(0)
    parameters = initial_parameters(SHAPE, 30, rng) * frequency_scale(SHAPE, 30)
    points = rng.uniform(-1, 1, (5, 2)).astype(np.float32)
    rows = derivatives(SHAPE, parameters, points).reshape(3, 5, -1)
    for place, point in enumerate(points.astype(np.float64)):
        value = reference.forward(SHAPE, parameters, point[None])
        for channel in range(3):
            # With this target the gradient of the mean squared error is the derivative of the channel.
            target = value.copy()
            target[0, channel] -= 1.5
            expected = reference.loss_and_gradient(SHAPE, parameters, point[None], target)[1]
            assert rows[channel, place] == pytest.approx(expected, rel=1e-3, abs=1e-4 * np.abs(expected).max())


def test_the_diagonal_of_the_matrix_is_the_sensitivities(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    parameters = initial_parameters(SHAPE, 30, rng) * frequency_scale(SHAPE, 30)
    axes = pixel_axes(30, 40)
    # The same pixels for both: one chunk from the same seed.
    for module in ("feedback", "quantise"):
        monkeypatch.setattr(f"coincodec.siren.{module}._PIXELS", 512)
        monkeypatch.setattr(f"coincodec.siren.{module}._CHUNK", 512)
    matrix = gauss_newton(SHAPE, parameters, axes, 3)
    assert np.diag(matrix) == pytest.approx(sensitivities(SHAPE, parameters, axes, 3), rel=1e-3, abs=1e-9)
    assert np.array_equal(matrix, matrix.T)


def test_without_correlation_it_rounds_to_the_nearest() -> None:
    place = np.linspace(-3, 3, 40, dtype=np.float32)
    unit = np.full(40, 0.3, np.float32)
    levels = Feedback(np.diag(np.linspace(0.1, 5, 40))).round(place, unit)
    assert np.array_equal(levels, np.round(place.astype(np.float64) / unit))


@pytest.mark.parametrize(("decades", "share"), [(1, 0.9), (3, 0.4)])
def test_the_error_it_leaves_is_smaller(decades: float, share: float) -> None:
    matrix = random_matrix(60, decades)
    rng = np.random.default_rng(1)
    place, unit = rng.normal(0, 5, 60).astype(np.float32), np.ones(60, np.float32)

    def growth(levels: np.ndarray) -> float:
        error = place - levels * unit
        return float(error @ matrix @ error)

    assert growth(Feedback(matrix.copy()).round(place, unit)) < share * growth(np.round(place))


def test_the_sensitivity_is_what_is_left_when_later_weights_make_up() -> None:
    """By definition: the least of e' H e for e_i = 1, weights before i exact, those after it free."""
    matrix = random_matrix(12, 2.0)
    found = Feedback(matrix.copy()).sensitivity
    damped = matrix + np.diag(feedback._DAMPING * np.diag(matrix))
    for i in range(12):
        block = damped[i:, i:]
        expected = block[0, 0] - block[0, 1:] @ np.linalg.solve(block[1:, 1:], block[1:, 0])
        assert found[i] == pytest.approx(expected, rel=1e-3)


def test_a_matrix_of_weights_that_do_nothing_is_survived() -> None:
    matrix = np.zeros((5, 5))
    matrix[0, 0] = 1
    levels = Feedback(matrix).round(np.array([1.2, 3.7, 0, -1, 2], np.float32), np.ones(5, np.float32))
    assert levels.tolist() == [1, 4, 0, -1, 2]


def test_a_picture_loses_less_by_it() -> None:
    y, x = np.mgrid[0:48, 0:64] / 64
    picture = np.round(127 + 120 * np.stack([np.sin(20 * x * y), np.cos(9 * x) * y, np.sin(5 * x + 12 * y)], -1))
    axes = pixel_axes(48, 64)
    objective = NativeObjective(picture.astype(np.uint8), SHAPE, axes, 2)
    parameters = wrap_phases(SHAPE, fit(objective, SHAPE, RECIPES["default"], steps=500).parameters)
    plain = Quantiser(SHAPE, parameters, sensitivities(SHAPE, parameters, axes, 0))
    better = Feedback(gauss_newton(SHAPE, parameters, axes, 0))
    fed = Quantiser(SHAPE, parameters, better.sensitivity, better)
    base = objective.loss_and_gradient(parameters, None)[0]
    excess = []
    for quantiser in (plain, fed):
        codes = quantiser.steps(2 ** quantiser.coarseness_for_bytes(200))
        unit = step_vector(SHAPE, codes)
        levels = np.round(quantiser.positions(codes))
        excess.append(objective.loss_and_gradient(levels * unit, None)[0] - base)
    assert excess[1] < 0.5 * excess[0]
