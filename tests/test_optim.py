"""Optimisers against their published formulas."""

from __future__ import annotations

import numpy as np
import pytest

from coincodec.optim import Adam, Muon


def test_adam_takes_the_steps_of_algorithm_1() -> None:
    rng = np.random.default_rng(0)
    theta = rng.normal(size=20)
    parameters = theta.astype(np.float32)
    adam = Adam(parameters, beta1=0.9, beta2=0.99, epsilon=1e-8)
    m = v = np.zeros(20)
    for t in range(1, 30):
        g = rng.normal(size=20)
        adam.step(g.astype(np.float32), 1e-2)
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        theta -= 1e-2 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
    assert parameters.dtype == np.float32
    assert parameters == pytest.approx(theta, abs=1e-5)


def test_muon_moves_by_a_nearly_orthogonal_matrix_along_the_momentum() -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 8, 9)).astype(np.float32)
    parameters = start.copy()
    muon = Muon(parameters)
    gradient = rng.normal(size=start.shape).astype(np.float32)
    muon.step(gradient, 0.1)
    update = (start - parameters) / (0.1 * 0.2 * 3)
    for matrix, g in zip(update, gradient, strict=True):
        assert np.linalg.svd(matrix, compute_uv=False) == pytest.approx(1, abs=0.35)
        left, _, right = np.linalg.svd(g, full_matrices=False)
        assert np.vdot(matrix, left @ right) > 0.95 * np.linalg.norm(matrix) * np.linalg.norm(left @ right)


def test_muon_stands_still_on_a_zero_gradient() -> None:
    parameters = np.ones((2, 4, 5), np.float32)
    Muon(parameters).step(np.zeros_like(parameters), 0.1)
    assert np.array_equal(parameters, np.ones((2, 4, 5)))


def test_optimisers_find_the_minimum_of_a_quadratic() -> None:
    target = np.random.default_rng(0).normal(size=(1, 6, 7)).astype(np.float32)
    for make in (Adam, Muon):
        x = np.zeros_like(target)
        optimiser = make(x)
        for step in range(400):
            optimiser.step(x - target, 0.1 * (1 - step / 400))
        assert np.abs(x - target).max() < 0.02
