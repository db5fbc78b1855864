"""The fitting loop and its recipes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincodec.errors import FitError
from coincodec.progress import Progress
from coincodec.siren.fit import axes_for, fit
from coincodec.siren.model import SirenShape, frequency_scale, initial_parameters, paper_axes
from coincodec.siren.objective import NativeObjective
from coincodec.siren.recipe import RECIPES
from coincodec.siren.sampling import StratifiedSampler

SHAPE = SirenShape(2, 3, 3, 12)
DEFAULT, PAPER = RECIPES["default"], RECIPES["paper"]


def objective(samples: np.ndarray, recipe: object = DEFAULT, threads: int = 2) -> NativeObjective:
    return NativeObjective(samples, SHAPE, axes_for(recipe, *samples.shape[:2]), threads)  # type: ignore[arg-type]


class Recorded:
    """Passes on an objective and keeps what was asked."""

    def __init__(self, inner: NativeObjective) -> None:
        self.inner, self.height, self.width = inner, inner.height, inner.width
        self.asked: list[np.ndarray] = []

    def loss_and_gradient(self, parameters: np.ndarray, index: np.ndarray | None) -> tuple[float, np.ndarray]:
        self.asked.append(parameters.copy())
        return self.inner.loss_and_gradient(parameters, index)


class TestSampler:
    @settings(max_examples=50)
    @given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 500))
    def test_one_pixel_in_every_cell(self, height: int, width: int, count: int) -> None:
        sampler = StratifiedSampler(height, width, count, np.random.default_rng(0))
        index = sampler.draw()
        (top, cell_height), (left, cell_width) = sampler.rows, sampler.columns
        row, column = np.divmod(index.reshape(len(top), len(left)), width)
        assert (row >= top[:, None]).all()
        assert (row < (top + cell_height)[:, None]).all()
        assert (column >= left).all()
        assert (column < left + cell_width).all()
        assert cell_height.sum() == height
        assert cell_width.sum() == width

    def test_every_pixel_is_drawn_sooner_or_later(self) -> None:
        sampler = StratifiedSampler(10, 14, 12, np.random.default_rng(0))
        seen = set().union(*(sampler.draw().tolist() for _ in range(400)))
        assert seen == set(range(140))

    def test_a_kodak_picture_gets_about_8192(self) -> None:
        count = len(StratifiedSampler(512, 768, 8192, np.random.default_rng(0)).draw())
        assert 8000 < count < 8400


class TestObjective:
    def test_bands_add_up_to_the_whole(self, small: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
        parameters = initial_parameters(SHAPE, 30, np.random.default_rng(0)) * frequency_scale(SHAPE, 30)
        whole = objective(small).loss_and_gradient(parameters, None)
        monkeypatch.setattr(NativeObjective, "BAND", 100)
        banded = objective(small).loss_and_gradient(parameters, None)
        assert banded[0] == pytest.approx(whole[0], rel=1e-6)
        assert np.linalg.norm(banded[1] - whole[1]) < 1e-5 * np.linalg.norm(whole[1])


class TestPaperRecipe:
    def test_it_is_full_batch_adam_at_a_constant_rate_from_the_siren_initialisation(self, small: np.ndarray) -> None:
        """The first steps of the loop, written out with the paper's numbers."""
        recorded = Recorded(objective(small, PAPER))
        fit(recorded, SHAPE, PAPER, steps=3, seed=5)
        theta = initial_parameters(SHAPE, 30, np.random.default_rng(5)).astype(np.float64)
        scale = frequency_scale(SHAPE, 30).astype(np.float64)
        m = v = np.zeros_like(theta)
        for t in (1, 2, 3):
            assert recorded.asked[t - 1] == pytest.approx(scale * theta, abs=2e-4)
            g = scale * recorded.inner.loss_and_gradient((scale * theta).astype(np.float32), None)[1]
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            theta -= 2e-4 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    def test_it_uses_the_papers_coordinates_and_steps(self) -> None:
        assert PAPER.steps == 50_000
        assert all(map(np.array_equal, axes_for(PAPER, 5, 9), paper_axes(5, 9)))

    def test_the_best_of_the_second_half_is_kept(self, small: np.ndarray) -> None:
        class Told(Recorded):
            """Answers with losses that were told beforehand."""

            def loss_and_gradient(self, parameters: np.ndarray, index: np.ndarray | None) -> tuple[float, np.ndarray]:
                _, gradient = super().loss_and_gradient(parameters, index)
                return losses[len(self.asked) - 1], gradient

        losses = [0.1] * 40
        losses[7], losses[26], losses[33] = 0.05, 0.08, 0.09
        told = Told(objective(small, PAPER))
        fitted = fit(told, SHAPE, PAPER, steps=40)
        assert np.array_equal(fitted.parameters, told.asked[26])


def test_the_default_recipe_fits_a_small_picture_well(small: np.ndarray) -> None:
    inner = objective(small)
    fitted = fit(inner, SHAPE, DEFAULT, steps=600)
    assert -10 * math.log10(inner.loss_and_gradient(fitted.parameters, None)[0]) > 40


def test_the_default_recipe_is_far_ahead_of_adam_on_a_photograph(photo: np.ndarray) -> None:
    inner, steps = objective(photo), 150
    adam = replace(PAPER, batch=DEFAULT.batch, paper_coordinates=False)
    loss = {
        name: inner.loss_and_gradient(fit(inner, SHAPE, recipe, steps=steps).parameters, None)[0]
        for name, recipe in (("muon", DEFAULT), ("adam", adam))
    }
    assert 10 * math.log10(loss["adam"] / loss["muon"]) > 1


def test_same_seed_same_weights_whatever_the_threads(photo: np.ndarray) -> None:
    results = [fit(objective(photo, threads=n), SHAPE, DEFAULT, steps=20, seed=3).parameters for n in (1, 2, 3)]
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()
    other = fit(objective(photo), SHAPE, DEFAULT, steps=20, seed=4).parameters
    assert not np.array_equal(results[0], other)


def test_progress_comes_after_every_step(small: np.ndarray) -> None:
    seen: list[Progress] = []
    fit(objective(small), SHAPE, DEFAULT, steps=25, progress=seen.append)
    assert [p.step for p in seen] == list(range(1, 26))
    assert {p.steps for p in seen} == {25}
    assert seen[-1].remaining == 0
    assert seen[-1].psnr > seen[0].psnr


def test_a_time_budget_ends_the_schedule_in_time(small: np.ndarray) -> None:
    seen: list[Progress] = []
    fitted = fit(objective(small), SHAPE, DEFAULT, time=0.5, progress=seen.append)
    assert fitted.steps == seen[-1].step > 10
    assert seen[-2].elapsed <= 0.5  # only the last step may end later
    assert -10 * math.log10(objective(small).loss_and_gradient(fitted.parameters, None)[0]) > 25


def test_the_sooner_of_steps_and_time_ends_the_fit(small: np.ndarray) -> None:
    assert fit(objective(small), SHAPE, DEFAULT, steps=7, time=1000).steps == 7
    assert fit(objective(small), SHAPE, DEFAULT, steps=10**9, time=0.05).steps < 10**6


class Unstable:
    """An objective whose loss is not a number until the learning rate has been halved `patience` times."""

    height = width = 4

    def __init__(self, patience: int) -> None:
        self.patience, self.begun = patience, 0

    def loss_and_gradient(self, parameters: np.ndarray, index: np.ndarray | None) -> tuple[float, np.ndarray]:
        fresh = initial_parameters(SHAPE, 30, np.random.default_rng(0)) * frequency_scale(SHAPE, 30)
        self.begun += np.array_equal(parameters, fresh)
        return (1.0 if self.begun > self.patience else math.nan), np.ones_like(parameters)


def test_a_fit_that_diverges_begins_again_at_a_lower_rate() -> None:
    unstable = Unstable(patience=2)
    assert fit(unstable, SHAPE, DEFAULT, steps=5).steps == 5
    assert unstable.begun == 3


def test_a_fit_that_always_diverges_is_an_error() -> None:
    with pytest.raises(FitError, match="3x12"):
        fit(Unstable(patience=100), SHAPE, DEFAULT, steps=5)


def test_a_rate_far_too_high_is_survived(photo: np.ndarray) -> None:
    wild = replace(DEFAULT, rate=lambda shape: 0.5)
    fitted = fit(objective(photo), SHAPE, wild, steps=300)
    loss = objective(photo).loss_and_gradient(fitted.parameters, None)[0]
    assert math.isfinite(loss)
