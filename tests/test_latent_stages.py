"""Fits in stages of size: reduced pictures, plans, what goes over to the next size, fits that end in time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coincodec
from coincodec import codec
from coincodec.errors import ShortfallWarning
from coincodec.latent import stages
from coincodec.latent.encode import Encoder
from coincodec.latent.fit import Fit
from coincodec.latent.fitted import Model
from coincodec.latent.model import SIZES, LatentShape, coarser, coarser_shape, finer, initial_parameters, parts
from coincodec.latent.origin import Origin
from coincodec.latent.pace import Hurry, Pace, preset_within, steps_within
from coincodec.latent.recipe import RECIPES
from coincodec.latent.reference import distribution
from coincodec.latent.stages import coarse_factor, detailed, grain, halved, halving_shows, plan, work_at, work_of
from coincodec.options import EncodeOptions
from coincodec.progress import Progress


def shape_of(rows: int, columns: int, levels: int = 7, size: str = "middle") -> LatentShape:
    return LatentShape.of(rows, columns, 3, levels, SIZES[size])


class TestHalved:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_means_of_what_there_is(self, dtype: type) -> None:
        samples = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (5, 4, 2), endpoint=True).astype(dtype)
        found = halved(samples)
        assert found.dtype == dtype
        assert found.shape == (3, 2, 2)
        for row in range(3):
            for column in range(2):
                block = samples[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].astype(float)
                assert found[row, column] == pytest.approx(block.mean((0, 1)), abs=0.5)

    @given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 255))
    def test_a_plain_picture_stays_plain(self, rows: int, columns: int, value: int) -> None:
        found = halved(np.full((rows, columns, 1), value, np.uint8))
        assert found.shape == ((rows + 1) // 2, (columns + 1) // 2, 1)
        assert (found == value).all()


class TestDetail:
    def test_grain_is_the_error_of_means(self) -> None:
        board = np.indices((6, 8)).sum(0) % 2 * 100 + 50
        assert grain(board[:, :, None].astype(np.uint8)) == pytest.approx((50 / 255) ** 2)
        assert grain(np.full((5, 7, 3), 9, np.uint16)) == 0
        assert grain(np.zeros((1, 9, 3), np.uint8)) == 0

    def test_noise_is_detailed_where_bits_are_cheap_and_a_gradient_is_not(self) -> None:
        noise = np.random.default_rng(0).integers(100, 140, (32, 32, 3)).astype(np.uint8)
        gradient = np.repeat(np.arange(64, dtype=np.uint8)[:, None, None], 64, axis=1)
        assert detailed(grain(noise), 0.0001)
        assert not detailed(grain(noise), 0.05)
        assert not detailed(grain(gradient), 0.0001)


def prices_and_units(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float, float]]:
    """Runs a fit: (rows of the picture, price, units) at every soft step."""
    seen: list[tuple[int, float, float]] = []
    watched: Callable[[float, int], object] = fit.soft_step

    def soft_step(share: float, step: int) -> object:
        found = watched(share, step)
        seen.append((fit.model.shape.height, fit.price, fit.units))
        return found

    monkeypatch.setattr(fit, "soft_step", soft_step)
    fit.run(None)
    return seen


def test_bits_are_cheaper_at_parts_of_the_size_unless_they_are_cheap_anyway() -> None:
    factors = [coarse_factor(price) for price in (1e-5, 1e-3, 2e-3, 6e-3, 0.02, 0.05)]
    assert factors[:2] == [1, 1]
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == 0.25  # a latent is for four times as many pixels


@pytest.mark.parametrize("price", [0.01, 1e-3])
def test_a_fit_goes_over_in_the_units_and_with_the_start_it_has(
    photo: np.ndarray, price: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Encoder(
        np.ascontiguousarray(photo[:64, :96]), EncodeOptions(preset="fast", steps=60, lambda_=price), None
    )
    fit, rescaled = encoder.fit, []
    monkeypatch.setattr("coincodec.latent.fit.rescale", lambda shape, parameters, step: rescaled.append(step))
    seen = prices_and_units(fit, monkeypatch)
    factor = coarse_factor(price)
    coarse, full = ([(p, u) for height, p, u in seen if height == h] for h in (32, 64))
    np.testing.assert_allclose(coarse, factor * price, rtol=1e-6)
    np.testing.assert_allclose(full, price, rtol=1e-6)
    assert fit.origin == Origin.near(SIZES["middle"], factor * price, price)
    assert rescaled == pytest.approx([1.0] * len(rescaled))  # what goes over is in the right units already


class TestPlan:
    @pytest.mark.parametrize("preset", RECIPES)
    @pytest.mark.parametrize("size", [(64, 64), (512, 768), (2000, 3000), (1, 3000)])
    @pytest.mark.parametrize("detail", [False, True])
    def test_it_costs_what_was_asked(self, preset: str, size: tuple[int, int], detail: bool) -> None:
        shape, recipe = shape_of(*size, levels=5), RECIPES[preset]
        found = plan(recipe, recipe.steps, shape, detail)
        assert sum(s.steps * s.work for s in found) == pytest.approx(recipe.steps * work_at(shape, 0), rel=0.01)
        assert [s.level for s in found] == list(range(len(found) - 1, -1, -1))

    def test_the_schedule_goes_on_from_size_to_size(self) -> None:
        found = plan(RECIPES["fast"], 500, shape_of(2000, 3000), False)
        assert [s.begin for s in found[1:]] == [s.end for s in found[:-1]]
        assert (found[0].begin, found[-1].begin, found[-1].end) == (0, RECIPES["fast"].begin, 1)

    def test_what_half_the_size_does_not_show_begins_at_its_own(self) -> None:
        found = plan(RECIPES["fast"], 500, shape_of(512, 768), False, halve=False)
        assert [(s.level, s.steps, s.begin) for s in found] == [(0, 500, 0.0)]
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        blocks, flat = np.kron(noise[:16, :16], np.ones((4, 4, 1), np.uint8)), np.full((64, 64, 3), 77, np.uint8)
        assert not halving_shows(noise, grain(noise))
        assert not halving_shows(flat, grain(flat))
        assert halving_shows(blocks, grain(blocks))

    def test_detailed_pictures_begin_again_with_the_networks_alone(self) -> None:
        plain, fine = (plan(RECIPES["default"], 2000, shape_of(512, 768), detail) for detail in (False, True))
        assert plain[0].steps > 2 * fine[0].steps
        assert plain[1].steps < fine[1].steps
        assert (fine[1].begin, fine[1].latents, plain[1].latents) == (0, False, True)

    def test_larger_pictures_begin_further_down_and_the_smallest_at_their_size(self) -> None:
        sizes = {(16, 16): 1, (32, 64): 1, (3000, 12): 1, (64, 64): 2, (512, 768): 2, (1024, 1024): 2, (2000, 3000): 4}
        for (rows, columns), count in sizes.items():
            assert len(plan(RECIPES["fast"], 100, shape_of(rows, columns), False)) == count

    def test_for_want_of_time_it_ends_before_the_finest_grid(self) -> None:
        shape = shape_of(2000, 3000)
        found = plan(RECIPES["instant"], 100, shape, False, last=2)
        assert found[-1].level == 2
        assert sum(s.steps * s.work for s in found) == pytest.approx(100 * work_at(shape, 2), rel=0.02)

    def test_there_is_never_nothing_to_do(self) -> None:
        assert all(stage.steps >= 1 for stage in plan(RECIPES["fast"], 1, shape_of(512, 768), False))


class TestGoingOn:
    """From half the size to the whole."""

    @pytest.fixture
    def shape(self) -> LatentShape:
        return shape_of(40, 56, 5)

    def test_what_coarse_grids_show_stays(self, shape: LatentShape) -> None:
        rng = np.random.default_rng(0)
        parameters = initial_parameters(shape, 0)
        parameters += rng.normal(0, 0.1, parameters.shape).astype(np.float32)
        small = coarser_shape(shape, 1)
        coarse = rng.normal(0, 0.1, small.parameters).astype(np.float32)
        own = parts(shape, parameters.copy())
        finer(shape, parameters, coarse)
        back, theirs = parts(small, coarser(shape, parameters, 1)[1]), parts(small, coarse)
        for name in ("filters", "first", "second", "block", "mix"):
            np.testing.assert_allclose(getattr(back, name), getattr(theirs, name), atol=1e-6, err_msg=name)
        kept = parts(shape, parameters)
        assert (kept.filters[0] == own.filters[0]).all()
        assert (kept.features[0] == own.features[0]).all()
        assert (kept.first[:, 0] == own.first[:, 0]).all()
        assert (kept.second[:, shape.hidden] == own.second[:, shape.hidden]).all()

    def test_what_contexts_expect_of_coarse_grids_stays(self, shape: LatentShape) -> None:
        rng = np.random.default_rng(1)
        parameters, small = initial_parameters(shape, 0), coarser_shape(shape, 1)
        coarse = rng.normal(0, 0.1, small.parameters).astype(np.float32)
        finer(shape, parameters, coarse)
        grids = [rng.normal(0, 2, shape.grid(level)) for level in range(5)]
        # The coarsest of the three grids with features loses them: it is the fourth now.
        for level in (0, 1, 3):
            before = distribution(small, parts(small, coarse.astype(float)), grids[1:], level)
            after = distribution(shape, parts(shape, parameters.astype(float)), grids, level + 1)
            np.testing.assert_allclose(after, before, atol=1e-6, err_msg=str(level))

    def test_latents_go_to_their_grids(self, shape: LatentShape) -> None:
        model = Model(shape, np.zeros((40, 56, 3), np.uint8), 1)
        half = model.halved()
        half.latents[...] = 0
        for level in range(4):
            half.shape.plane(half.latents, level)[...] = level + 1
        model.take(half)
        assert [np.unique(shape.plane(model.latents, level)).tolist() for level in range(5)] == [
            [0], [1], [2], [3], [4],
        ]  # fmt: skip


def cost(samples: np.ndarray, price: float, **options: object) -> float:
    encoded = codec.encode_samples(samples, EncodeOptions(tune="psnr", lambda_=price, **options))  # type: ignore[arg-type]
    return math.log(10 ** (-encoded.psnr / 10) + price * 8 * len(encoded.data) / samples[:, :, 0].size)


@pytest.mark.parametrize(("price", "gain"), [(0.004, 0.02), (0.001, 0.002)])
def test_stages_are_better_than_the_same_work_at_full_size(
    photo: np.ndarray, price: float, gain: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    crop = np.ascontiguousarray(photo[:256, :384])
    staged = cost(crop, price, preset="instant")
    monkeypatch.setattr(stages, "levels_of", lambda shape, wanted=1: 0)
    assert staged < cost(crop, price, preset="instant") - gain


@pytest.mark.parametrize("detail", [False, True])
def test_low_prices_are_come_down_to_in_all_sizes(
    photo: np.ndarray, detail: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "_DETAILED", 0 if detail else 100)
    encoder = Encoder(np.ascontiguousarray(photo[:64, :96]), EncodeOptions(preset="fast", steps=60, lambda_=3e-6), None)
    seen = prices_and_units(encoder.fit, monkeypatch)
    coarse, full = ([price for height, price, _ in seen if height == h] for h in (32, 64))
    for prices in (coarse, full):
        assert prices == sorted(prices, reverse=True)
    assert coarse[0] == pytest.approx(3e-4)
    assert (full[0] == coarse[0]) == detail
    assert full[-1] == pytest.approx(3e-6)
    first = next(number for number, (height, _, _) in enumerate(seen) if height == 64)
    assert seen[first][2] == pytest.approx(full[0])  # units are those of the price at every beginning


@pytest.mark.parametrize("detail", [False, True])
def test_latents_go_over_unless_the_picture_is_detailed(
    photo: np.ndarray, detail: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "_DETAILED", 0 if detail else 100)
    encoder = Encoder(np.ascontiguousarray(photo[:64, :96]), EncodeOptions(preset="fast", steps=60, lambda_=1e-3), None)
    taken: list[Model] = []
    monkeypatch.setattr(Model, "take", lambda self, coarse: taken.append(coarse))
    encoder.fit.run(None)
    assert len(taken) == (0 if detail else 1)


def test_progress_tells_the_share_of_the_work(photo: np.ndarray) -> None:
    seen: list[Progress] = []
    crop = np.ascontiguousarray(photo[:192, :256])
    codec.encode_samples(crop, EncodeOptions(preset="fast", steps=60, lambda_=0.002), seen.append)
    shares = [p.share or 0 for p in seen]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1, abs=1e-6)
    assert seen[-1].remaining == pytest.approx(0, abs=1e-6)
    assert [p.step for p in seen] == list(range(1, len(seen) + 1))
    assert {p.steps for p in seen} == {len(seen)}
    assert all(15 < p.psnr < 60 for p in seen[8:])
    assert all(np.isfinite(p.psnr) for p in seen)
    half = next(number for number, p in enumerate(seen) if (p.share or 0) > 0.5)
    assert half > 0.55 * len(seen)  # steps at half the size are quicker


def test_a_step_costs_more_than_its_pixels() -> None:
    assert work_of(10) > 10


class TestTime:
    def test_more_time_means_a_better_preset(self) -> None:
        presets = [preset_within(steps) for steps in (5, 200, 600, 3000, 20_000)]
        assert presets == ["instant", "instant", "fast", "default", "best"]

    def test_steps_follow_the_pace(self) -> None:
        shape, pace = shape_of(512, 768), Pace(4e-8)
        assert pace.work(shape, 20) > 1.9 * pace.work(shape, 10)
        assert pace.work(shape, 10) * pace.seconds < 10
        assert steps_within(shape, pace.work(shape, 10)) * work_at(shape, 0) * pace.seconds < 10
        assert pace.work(shape, 1e-9) == 1

    def test_without_time_for_the_finest_grids_they_are_left_out(self) -> None:
        recipe = RECIPES["instant"]
        for rows, columns in ((900, 1300), (2000, 3000)):
            shape = shape_of(rows, columns)
            works = [steps * work_at(shape, 0) for steps in (0.5, 3, 20, 200)]
            levels = [Hurry.of(recipe, shape, work, None).last for work in works]
            assert levels == sorted(levels, reverse=True)
            assert levels[0] > 1
            assert levels[-1] == 0
            assert Hurry.of(recipe, shape, works[1], None).hardly
            assert not Hurry.of(recipe, shape, works[-1], None).hardly

    def test_steps_that_were_asked_for_are_not_passed(self) -> None:
        assert Hurry.of(RECIPES["fast"], shape_of(64, 64), 1e11, 100).recipe.steps == 100

    def test_large_networks_get_fewer_steps(self) -> None:
        shape = shape_of(512, 768)
        work = 3000 * work_at(shape, 0)
        large, middle = (Hurry.of(RECIPES[name], shape, work, None).recipe.steps for name in ("default", "fast"))
        assert 0.6 < large / middle < 0.8

    def test_a_time_too_short_is_said_and_leaves_a_picture(self, photo: np.ndarray) -> None:
        with pytest.warns(ShortfallWarning, match="hardly time"):
            data = coincodec.encode(photo, model="latent", time=0.01)
        assert coincodec.decode(data).shape == photo.shape

    def test_all_of_the_time_is_used(self, photo: np.ndarray) -> None:
        crop = np.ascontiguousarray(photo[:128, :192])
        encoded = codec.encode_samples(crop, EncodeOptions(time=1.5))
        assert encoded.seconds > 1
        assert not encoded.notes

    def test_targets_hold_in_time(self, photo: np.ndarray) -> None:
        crop = np.ascontiguousarray(photo[:128, :192])
        assert len(coincodec.encode(crop, model="latent", bytes=3000, time=3.0)) <= 3000
