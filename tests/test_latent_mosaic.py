"""Large pictures: a sample of one, and its parts."""

from __future__ import annotations

import numpy as np
import pytest

import coincodec
from coincodec import codec
from coincodec.errors import TargetError
from coincodec.latent import encode, mosaic, stages
from coincodec.latent.encode import levels_for
from coincodec.latent.fitted import Model
from coincodec.latent.model import SIZES, LatentShape, Shared, coarser, coarser_shape, finer, parts
from coincodec.latent.mosaic import Half, Mosaic, Part, parts_of, sample_of, seen_from
from coincodec.latent.recipe import RECIPES
from coincodec.latent.stages import coarse_factor, large_steps, plan_large, work_at
from coincodec.latent.start import start_for
from coincodec.looks.eye import EyeAim
from coincodec.metrics import psnr, squared_error
from coincodec.options import EncodeOptions

HEIGHT, WIDTH = 300, 421


def shape_of(height: int, width: int) -> LatentShape:
    return LatentShape.of(height, width, 3, levels_for(height, width), SIZES["middle"])


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of a tenth of a megapixel count as large."""
    monkeypatch.setattr(mosaic, "LEAST_PIXELS", 100_000)
    monkeypatch.setattr(mosaic, "_SIDE", 128)
    monkeypatch.setattr(mosaic, "_PART", 192)
    monkeypatch.setattr(stages, "_LARGE_PIXELS", HEIGHT * WIDTH)


@pytest.fixture(scope="module")
def picture(photo: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(photo[:HEIGHT, :WIDTH])


class TestPlaces:
    @pytest.mark.parametrize("size", [(300, 421), (2848, 4272), (3391, 6028), (4000, 1200), (90, 70_000)])
    def test_parts_make_up_the_picture(self, size: tuple[int, int]) -> None:
        shape = shape_of(*size)
        seen = np.zeros((-(-size[0] // 2), -(-size[1] // 2)), int)
        for part in parts_of(shape):
            assert part.top % (1 << shape.levels - 1) == part.left % (1 << shape.levels - 1) == 0
            seen[part.top // 2 : -(-part.bottom // 2), part.left // 2 : -(-part.right // 2)] += 1
            around = seen_from(shape, part)
            assert around.top <= part.top < part.bottom <= around.bottom <= size[0]
            assert around.left <= part.left < part.right <= around.right <= size[1]
        assert (seen == 1).all()

    @pytest.mark.parametrize("size", [(1500, 1500), (1200, 4000), (390, 5000), (300, 400), (90, 20_000)])
    def test_a_sample_is_squares_apart_and_within(self, size: tuple[int, int]) -> None:
        samples = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        squares = sample_of(shape_of(*size), samples)
        seen = np.zeros(size, int)
        for s in squares:
            seen[s.top : s.bottom, s.left : s.right] += 1
        assert seen.max() == 1
        assert 1 <= len(squares) <= 6

    def test_a_sample_has_plain_places_and_the_most_detailed_one(self) -> None:
        samples = np.full((1600, 1600, 3), 128, np.uint8)
        samples[800:840, 1200:1240] = np.random.default_rng(0).integers(0, 256, (40, 40, 3))
        squares = sample_of(shape_of(1600, 1600), samples)
        busy = [s for s in squares if s.top <= 820 < s.bottom and s.left <= 1220 < s.right]
        assert len(busy) == 1
        assert len(squares) > 4


class TestPlan:
    @pytest.mark.parametrize("preset", RECIPES)
    def test_larger_pictures_have_fewer_steps_at_their_own_size(self, preset: str) -> None:
        recipe = RECIPES[preset]
        plans = [plan_large(recipe, recipe.steps, shape_of(*size), 884_736) for size in ((2000, 2000), (4000, 6000))]
        assert plans[0].parts > 2 * plans[1].parts > 20
        for plan in plans:
            assert plan.begin == recipe.begin
            assert [stage.level for stage in plan.stages] == list(range(len(plan.stages)))[::-1]
            assert plan.stages[-1].end == 1

    def test_low_prices_have_more_steps_for_what_is_fine(self) -> None:
        shape, recipe = shape_of(3000, 4000), RECIPES["fast"]
        parts = [plan_large(recipe, 560, shape, 884_736, price=price).parts for price in (0.01, 0.001, 0.0005, 1e-5)]
        assert parts[0] == parts[1] < parts[2] < parts[3] == pytest.approx(2 * parts[1], abs=1)

    def test_it_may_end_before_the_finest_grid(self) -> None:
        plan = plan_large(RECIPES["fast"], 560, shape_of(3000, 4000), 884_736, last=1)
        assert (plan.stages[-1].level, plan.stages[-1].end, plan.parts) == (1, 1, 0)

    @pytest.mark.parametrize("last", [0, 1, 2])
    def test_steps_are_those_of_a_work(self, last: int) -> None:
        shape = shape_of(3000, 4000)
        steps = large_steps(shape, 884_736, 100 * work_at(shape, 0), last)
        plan = plan_large(RECIPES["fast"], round(steps), shape, 884_736, last)
        work = sum(stage.steps * stage.work for stage in plan.stages)
        work += plan.whole * work_at(shape, 1) + plan.parts * work_at(shape, 0)
        assert work == pytest.approx(100 * work_at(shape, 0), rel=0.03)


@pytest.mark.usefixtures("small_parts")
class TestMosaic:
    def test_its_cost_is_that_of_its_squares(self, picture: np.ndarray) -> None:
        shape = shape_of(HEIGHT, WIDTH)
        whole = Mosaic(shape, picture, 2)
        parameters = start_for(shape, 1e-3, 0)
        found = whole.step(parameters, None, None, 1e-3, 1, 0)
        gradients, errors, bits = np.zeros_like(whole.gradient), 0.0, 0.0
        for square in sample_of(shape, picture):
            model = Model(
                LatentShape.of(square.height, square.width, 3, shape.levels, SIZES["middle"]),
                picture[square.top : square.bottom, square.left : square.right],
                1,
            )
            cost = model.step(parameters, None, None, 1e-3, 1, 0)
            gradients += model.gradient
            errors += cost.error * model.pixels
            bits += cost.bits
        assert found.error == pytest.approx(errors / whole.pixels)
        assert found.bits == pytest.approx(bits)
        assert whole.gradient == pytest.approx(gradients, rel=1e-5)
        assert whole.stands_for == pytest.approx(HEIGHT * WIDTH / whole.pixels)

    def test_half_the_size_has_a_say_as_its_gradient_is(self, picture: np.ndarray) -> None:
        """A step at half the size changes the networks of the whole as finite differences of its cost say."""
        shape = shape_of(HEIGHT, WIDTH)
        coarse = Mosaic(shape, picture, 1).halved()
        rng = np.random.default_rng(0)
        for level in range(coarse.shape.levels):
            plane = coarse.shape.plane(coarse.latents, level)
            plane[...] = np.rint(rng.laplace(0, 0.25, plane.shape))  # what is shown stays within 0..1
        half = Half(shape, coarse)
        parameters = start_for(shape, 4e-3, 0)
        parts(shape, parameters).filters[0] *= 1.1
        still = (0.0, 0.5, 0.9, 1.0, 1.0, 1.0)
        half.step(parameters, (1e-3, 0.0, 0), still, 4e-3, 1, 0)
        shared = Shared.of(shape, parameters)
        places = parts(shape, np.arange(shape.parameters))
        steepest = places.output[1, np.abs(half.gradient[places.output[1]]).argmax()]  # of what bits alone depend on
        for place in (*places.second[0, 16:22], *places.first[1], places.mix[0, 0], steepest):
            costs = []
            for change in (-2e-3, 2e-3):
                moved = parameters.copy()
                moved[place] += change
                values = np.zeros(coarse.shape.parameters, np.float32)
                shared.give(moved, values)
                cost = coarse.evaluate(values)
                price = coarse_factor(4e-3) * 4e-3
                costs.append(cost.error * coarse.pixels + price * cost.bits)
            slope = (costs[1] - costs[0]) / 4e-3
            assert half.gradient[place] == pytest.approx(
                slope, rel=0.05, abs=0 if place == steepest else 0.02 * float(abs(half.gradient).max())
            )

    def test_half_the_size_shows_what_a_preview_does(self) -> None:
        shape = shape_of(HEIGHT, WIDTH)
        parameters = start_for(shape, 1e-3, 0)
        parts(shape, parameters).filters[0] *= 1.1
        small, shown = coarser(shape, parameters, 1)
        values = np.zeros(small.parameters, np.float32)
        Shared.of(shape, parameters).give(parameters, values)
        synthesis = small.layout["filters"][0]
        assert np.array_equal(values[synthesis:], shown[synthesis:])

    def test_what_half_the_size_lacks_stays(self) -> None:
        shape = shape_of(HEIGHT, WIDTH)
        parameters = np.arange(shape.parameters, dtype=np.float32) / shape.parameters
        before = parameters.copy()
        shared = Shared.of(shape, parameters)
        coarse = np.zeros(coarser_shape(shape, 1).parameters, np.float32)
        shared.give(parameters, coarse)
        finer(shape, parameters, coarse)
        assert parameters == pytest.approx(before, rel=1e-5)
        assert (shared.places < 0).sum() == shape.hidden + 3 + 4 + shape.features * (shape.levels - 1)

    def test_parts_leave_their_own_latents_behind_and_no_others(self, picture: np.ndarray) -> None:
        shape = shape_of(HEIGHT, WIDTH)
        whole = Mosaic(shape, picture, 1)
        number = 0
        for number, part in enumerate(whole.parts(), 1):
            part.latents += 0.3 + number
        assert number > 3
        for level in range(shape.levels):
            plane = shape.plane(whole.integers(), level)
            assert set(np.unique(plane)) == set(range(1, number + 1))

    def test_what_lies_around_a_part_stays(self, picture: np.ndarray) -> None:
        shape = shape_of(HEIGHT, WIDTH)
        whole = Mosaic(shape, picture, 1)
        rng = np.random.default_rng(0)
        for level in range(shape.levels):
            plane = shape.plane(whole.whole, level)
            plane[...] = rng.normal(0, 1, plane.shape)
        core = list(parts_of(shape))[1]
        part = Part(shape, picture, 1, None, seen_from(shape, core), core)
        part.take_from(shape, whole.whole, 3)
        before = part.latents.copy()
        parameters = start_for(shape, 1e-3, 0)
        part.step(parameters, (0.3, 0.1, 1), (0.3, 0.5, 0.9, 0.5, 0.1, 1e-3), 1e-3, 1 << 30, 0)
        for level in range(shape.levels):
            moved = part.shape.plane(part.latents, level) != part.shape.plane(before, level)
            left, top = core.left - part.seen.left >> level, core.top - part.seen.top >> level
            inside = np.zeros_like(moved)
            inside[top : top - (-core.height >> level), left : left - (-core.width >> level)] = True
            assert not (moved & ~inside).any()
            assert moved[inside].mean() > 0.9 if level < 3 else not moved.any()

    def test_errors_count_alike_in_all_parts(self, picture: np.ndarray) -> None:
        """A plain part is as dear beside a busy one as in the whole picture."""
        busy = picture.copy()
        busy[:, WIDTH // 2 :] = np.random.default_rng(0).integers(64, 192, (HEIGHT, WIDTH - WIDTH // 2, 3))
        whole = Mosaic(shape_of(HEIGHT, WIDTH), busy, 1, EyeAim)
        weights = [float(square.native.guide()[2].mean()) for square in whole.squares]
        assert max(weights) > 1.5 * min(weights)
        assert np.mean(weights) == pytest.approx(1, rel=1e-3)

    @pytest.mark.parametrize("tune", ["psnr", "eye"])
    def test_a_picture_is_fitted_in_parts(self, picture: np.ndarray, tune: str) -> None:
        options = {"model": "latent", "preset": "fast", "lambda_": 0.002, "steps": 250, "tune": tune}
        data = coincodec.encode(picture, **options)
        assert data == coincodec.encode(picture, **options, threads=1)
        found = psnr(squared_error(coincodec.decode(data), picture) / picture.size, 8)
        assert found > 27
        assert len(data) < HEIGHT * WIDTH / 8

    def test_targets_hold(self, picture: np.ndarray) -> None:
        options = {"model": "latent", "preset": "instant"}
        assert len(coincodec.encode(picture, bytes=6000, **options)) <= 6000
        data = coincodec.encode(picture, psnr=30.0, **options)
        assert psnr(squared_error(coincodec.decode(data), picture) / picture.size, 8) >= 30

    def test_hardly_any_time_leaves_a_picture(self, picture: np.ndarray) -> None:
        encoded = codec.encode_samples(picture, EncodeOptions(time=0.05, model="latent"))
        assert coincodec.decode(encoded.data).shape == picture.shape
        assert encoded.notes

    def test_a_price_needs_no_score_and_a_score_is_kept(
        self, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = []

        def scored(*arguments: object) -> None:
            made.append(arguments)
            raise TargetError("scored")

        monkeypatch.setattr(encode, "Ssimulacra2", scored)
        coincodec.encode(picture, preset="instant", steps=20, lambda_=0.01)
        assert not made
        with pytest.raises(TargetError, match="scored"):
            coincodec.encode(picture, preset="instant", steps=20, ssimulacra2=50)

    def test_the_work_that_is_expected_is_done(self, picture: np.ndarray) -> None:
        shares = []
        options = EncodeOptions(model="latent", preset="instant", lambda_=0.005)
        codec.encode_samples(picture, options, lambda progress: shares.append(progress.share))
        assert shares == sorted(shares)
        assert 0.9 < shares[-1] <= 1
        assert shares.count(1) <= 1
