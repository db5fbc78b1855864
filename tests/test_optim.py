"""Optimisers against their published formulas."""

from __future__ import annotations

import numpy as np
import pytest

from coincodec.optim import Adam, Muon, Soap


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


class TestSoap:
    def test_it_finds_the_least_of_a_badly_scaled_matrix_problem(self) -> None:
        rng = np.random.default_rng(0)
        left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (6, 9))
        scales = 10.0 ** -rng.uniform(0, 2, (6, 9))
        goal = rng.normal(size=(6, 9))
        parameters = np.zeros(54, np.float32)
        optimiser = Soap(parameters, [(0, 6, 9)])

        def loss_and_gradient() -> tuple[float, np.ndarray]:
            off = scales * (left.T @ (parameters.reshape(6, 9) - goal) @ right)
            return float((off**2).sum()), (left @ (2 * scales * off) @ right.T).astype(np.float32).ravel()

        first, _ = loss_and_gradient()
        for step in range(600):
            _, gradient = loss_and_gradient()
            optimiser.step(gradient, 0.05 * (1 - step / 600))
        assert loss_and_gradient()[0] < 1e-4 * first

    def test_parameters_outside_the_matrices_stay(self) -> None:
        parameters = np.ones(10, np.float32)
        optimiser = Soap(parameters, [(2, 2, 3)])
        optimiser.step(np.ones(10, np.float32), 0.1)
        assert (parameters[[0, 1, 8, 9]] == 1).all()
        assert (parameters[2:8] != 1).all()

    @staticmethod
    def disturbance(shapes: list[tuple[int, int]], draw: int) -> list[float]:
        """How far from where it would be alone each matrix ends among the others, relative to how far it moved."""
        *offsets, size = np.cumsum([0, *(rows * columns for rows, columns in shapes)]).tolist()
        matrices = [(at, *shape) for at, shape in zip(offsets, shapes, strict=True)]
        rng = np.random.default_rng(draw)
        goal, noise = rng.normal(size=size), rng.normal(size=(60, size))

        def moved(which: list[tuple[int, int, int]]) -> np.ndarray:
            parameters = np.zeros(size, np.float32)
            optimiser = Soap(parameters, which)
            for step in range(60):
                optimiser.step((parameters - goal + noise[step]).astype(np.float32), 0.02)
            return parameters

        together, alone = moved(matrices), sum(moved([matrix]) for matrix in matrices)
        ends = offsets[1:]
        return [
            float(np.linalg.norm(off) / np.linalg.norm(way))
            for off, way in zip(np.split(together - alone, ends), np.split(alone, ends), strict=True)
        ]

    @pytest.mark.parametrize(
        "tolerances",
        [
            {(6, 6): 1e-3, (2, 2): 1e-3, (12, 12): 1e-3, (1, 1): 1e-3},
            # Rounding, which depends on the machine, turns directions that no gradient has yet had.
            {(6, 9): 0.04, (2, 20): 0.06, (12, 3): 0.03, (1, 1): 1e-3},
        ],
        ids=["square", "oblong"],
    )
    def test_matrices_do_not_disturb_each_other(self, tolerances: dict[tuple[int, int], float]) -> None:
        """Each moves as it would alone, whatever the sizes of the others; means of six draws."""
        disturbances = [self.disturbance(list(tolerances), draw) for draw in range(6)]
        assert (np.mean(disturbances, axis=0) < list(tolerances.values())).all()

    def test_a_turn_of_the_basis_cannot_make_a_step_large(self) -> None:
        """A gradient of rank one that turns by a right angle meets squares that were never summed."""
        parameters = np.zeros(16, np.float32)
        optimiser = Soap(parameters, [(0, 4, 4)])
        for step in range(40):
            gradient = np.zeros((4, 4), np.float32)
            gradient[step // 10 % 4, step // 20] = 1
            before = parameters.copy()
            optimiser.step(gradient.ravel(), 0.1)
            assert np.linalg.norm(parameters - before) <= 0.1 * Soap.MOST * 4
