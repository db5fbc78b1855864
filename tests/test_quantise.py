"""Integer weights: sensitivities, steps, refinement, trimming, and their section of the stream."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincodec import container, entropy
from coincodec.container import Header, Section
from coincodec.entropy import RangeEncoder
from coincodec.errors import CorruptError, FitError
from coincodec.siren import quantise, reference, stream
from coincodec.siren.fit import fit
from coincodec.siren.model import Array32, SirenShape, pixel_axes, wrap_phases
from coincodec.siren.objective import NativeObjective
from coincodec.siren.quantise import Quantiser
from coincodec.siren.recipe import RECIPES
from coincodec.siren.stream import QuantisedWeights, read_weights, step_of, write_coded

SHAPE = SirenShape(2, 3, 3, 12)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Structure of several scales, 64 by 48."""
    y, x = np.mgrid[0:48, 0:64] / 64
    planes = [np.sin(20 * x * y), np.cos(9 * x) * y, np.sin(5 * x + 12 * y)]
    return np.round(127 + 120 * np.stack(planes, -1)).astype(np.uint8)


@pytest.fixture(scope="module")
def objective(picture: np.ndarray) -> NativeObjective:
    return NativeObjective(picture, SHAPE, pixel_axes(48, 64), 2)


@pytest.fixture(scope="module")
def quantiser(objective: NativeObjective) -> Quantiser:
    """A network fitted to the picture."""
    parameters = wrap_phases(SHAPE, fit(objective, SHAPE, RECIPES["default"], steps=600).parameters)
    return Quantiser(SHAPE, parameters, quantise.sensitivities(SHAPE, parameters, objective.axes, 0))


def loss(objective: NativeObjective, parameters: Array32) -> float:
    return objective.loss_and_gradient(parameters, None)[0]


def payload(weights: QuantisedWeights) -> int:
    return len(write_coded(SHAPE, weights).payload)


class TestSensitivities:
    def test_they_are_mean_squared_derivatives(self, quantiser: Quantiser, monkeypatch: pytest.MonkeyPatch) -> None:
        """Against the float64 reference, pixel by pixel and channel by channel."""
        monkeypatch.setattr(quantise, "_PIXELS", 8)
        monkeypatch.setattr(quantise, "_CHUNK", 8)
        axes = [np.linspace(-1, 1, 5, dtype=np.float32), np.array([0.3], np.float32)]
        found = quantise.sensitivities(SHAPE, quantiser.parameters, axes, 7)
        rng = np.random.default_rng(7)
        points = np.stack([axis[rng.integers(0, len(axis), 8)] for axis in axes], 1).astype(np.float64)
        total = np.zeros(SHAPE.parameters)
        for point in points:
            here = point[None]
            value = reference.forward(SHAPE, quantiser.parameters, here)
            for channel in range(3):
                # With this target the gradient of the mean squared error is the derivative of the channel.
                target = value.copy()
                target[0, channel] -= 1.5
                total += reference.loss_and_gradient(SHAPE, quantiser.parameters, here, target)[1] ** 2
        assert found == pytest.approx(total / 24, rel=1e-3, abs=1e-6 * total.max())

    def test_they_foretell_what_rounding_costs(self, quantiser: Quantiser, objective: NativeObjective) -> None:
        steps = quantiser.steps(2.0**-9)
        error = quantise.step_vector(SHAPE, steps) ** 2 / 12
        foretold = float((quantiser.sensitivity * error).sum())
        cost = loss(objective, quantiser.rounded(steps).parameters()) - loss(objective, quantiser.parameters)
        assert 0.5 * foretold < cost < 2 * foretold


class TestSteps:
    def test_a_layer_twice_as_sensitive_has_a_step_smaller_by_the_root(self) -> None:
        sensitivity = np.ones(SHAPE.parameters, np.float32)
        SHAPE.matrices(sensitivity)[1][:] = 16
        steps = Quantiser(SHAPE, np.zeros_like(sensitivity), sensitivity).steps(0.01)
        assert step_of(steps[0]) / step_of(steps[1]) == pytest.approx(4)
        assert step_of(steps[0]) == pytest.approx(0.01, rel=0.05)

    @pytest.mark.parametrize("code", [0, 1, 7, 8, 100, 255])
    def test_step_codes_are_eighths_of_octaves(self, code: int) -> None:
        assert step_of(code) == pytest.approx(2 ** (4 - code / 8), rel=1e-6)

    def test_a_layer_that_does_nothing_gets_the_coarsest_step(self) -> None:
        nothing = np.zeros(SHAPE.parameters, np.float32)
        assert Quantiser(SHAPE, nothing, nothing).steps(1.0) == (0, 0, 0, 0)

    @pytest.mark.parametrize("budget", [150, 250, 400, 600])
    def test_a_budget_is_used_and_not_passed(self, quantiser: Quantiser, budget: int) -> None:
        used = payload(quantiser.rounded(quantiser.steps(2 ** quantiser.coarseness_for_bytes(budget))))
        assert 0.95 * budget < used <= budget


class TestRefinement:
    def test_it_wins_back_what_rounding_lost(self, quantiser: Quantiser, objective: NativeObjective) -> None:
        steps = quantiser.steps(2 ** quantiser.coarseness_for_bytes(200))
        seen: list[float] = []
        positions = quantise.refine(objective, SHAPE, quantiser.positions(steps), steps, 200, 0, seen.append)
        before = loss(objective, quantiser.rounded(steps).parameters())
        after = loss(objective, quantise.levels_of(SHAPE, positions, steps).parameters())
        assert after < 0.7 * before
        assert len(seen) == 200

    def test_the_threads_do_not_matter(self, quantiser: Quantiser, picture: np.ndarray) -> None:
        steps = quantiser.steps(2.0**-6)
        results = []
        for threads in (1, 2, 3):
            objective = NativeObjective(picture, SHAPE, pixel_axes(48, 64), threads)
            results.append(
                quantise.refine(objective, SHAPE, quantiser.positions(steps), steps, 5, 0, lambda _: None).tobytes()
            )
        assert len(set(results)) == 1


class TestTrimming:
    def test_what_fits_is_left_alone(self, quantiser: Quantiser) -> None:
        steps = quantiser.steps(2.0**-6)
        nearest = quantiser.rounded(steps)
        positions = quantiser.parameters / quantise.step_vector(SHAPE, steps)
        kept = quantise.trimmed(quantiser, positions, steps, payload(nearest))
        assert all(map(np.array_equal, kept.levels, nearest.levels))

    @pytest.mark.parametrize("share", [0.99, 0.9, 0.5, 0.1])
    def test_what_does_not_fit_is_made_to(self, quantiser: Quantiser, share: float) -> None:
        steps = quantiser.steps(2.0**-6)
        nearest = quantiser.rounded(steps)
        budget = int(share * payload(nearest))
        positions = quantiser.parameters / quantise.step_vector(SHAPE, steps)
        trimmed = quantise.trimmed(quantiser, positions, steps, budget)
        assert payload(trimmed) <= budget
        for small, large in zip(trimmed.levels, nearest.levels, strict=True):
            assert (np.abs(small) <= np.abs(large)).all()

    def test_a_little_costs_less_than_coarser_steps_would(
        self, quantiser: Quantiser, objective: NativeObjective
    ) -> None:
        """One byte less must not cost a hundredth of the quality."""
        steps = quantiser.steps(2.0**-7)
        nearest = quantiser.rounded(steps)
        positions = quantiser.parameters / quantise.step_vector(SHAPE, steps)
        trimmed = quantise.trimmed(quantiser, positions, steps, payload(nearest) - 1)
        before, after = (loss(objective, weights.parameters()) for weights in (nearest, trimmed))
        assert after < 1.01 * before

    def test_weights_are_zeroed_out_where_bits_are_dear(self, quantiser: Quantiser) -> None:
        steps = quantiser.steps(2.0**-6)
        positions = quantiser.parameters / quantise.step_vector(SHAPE, steps)
        trimmed = quantise.trimmed(quantiser, positions, steps, 60)
        zeros = sum(int((levels == 0).sum()) for levels in trimmed.levels)
        assert zeros > 0.5 * SHAPE.parameters

    def test_a_budget_nothing_fits_in_is_an_error(self, quantiser: Quantiser) -> None:
        steps = quantiser.steps(2.0**-6)
        positions = quantiser.parameters / quantise.step_vector(SHAPE, steps)
        with pytest.raises(FitError, match="do not fit in 1 bytes"):
            quantise.trimmed(quantiser, positions, steps, 1)


def levels_from(rng: np.random.Generator, spread: int) -> QuantisedWeights:
    sizes = [(fan_out, fan_in + 1) for fan_out, fan_in in SHAPE.sizes]
    levels = tuple(rng.integers(-spread, spread + 1, size).astype(np.int32) for size in sizes)
    return QuantisedWeights(levels, tuple(int(code) for code in rng.integers(60, 256, len(sizes))))


class TestSection:
    @settings(max_examples=60)
    @given(st.integers(0, 2**32), st.sampled_from([0, 1, 5, 60, 900]))
    def test_what_was_written_is_read(self, seed: int, spread: int) -> None:
        weights = levels_from(np.random.default_rng(seed), spread)
        assert read_weights(SHAPE, [write_coded(SHAPE, weights)]).tobytes() == weights.parameters().tobytes()

    def test_a_weight_is_the_exact_product_rounded_once(self) -> None:
        shape = SirenShape(2, 1, 1, 1)
        weights = QuantisedWeights((np.array([[3, -77, 1234]], np.int32), np.array([[9, 1]], np.int32)), (27, 200))
        expected = [
            float(np.float32(q * round(2**23 * 2 ** (-(code % 8) / 8)) * 2.0 ** (4 - 23 - code // 8)))
            for q, code in [(3, 27), (-77, 27), (1234, 27), (9, 200), (1, 200)]
        ]
        assert weights.parameters().tolist() == expected
        assert read_weights(shape, [write_coded(shape, weights)]).tolist() == expected

    def test_weights_of_six_bits_take_six_bits(self, quantiser: Quantiser) -> None:
        rng = np.random.default_rng(0)
        sizes = [(fan_out, fan_in + 1) for fan_out, fan_in in SHAPE.sizes]
        deviation = 2**6 / math.sqrt(2 * math.pi * math.e)
        levels = tuple(np.round(rng.normal(0, deviation, size)).astype(np.int32) for size in sizes)
        bits = 8 * payload(QuantisedWeights(levels, (64,) * 4)) / SHAPE.parameters
        assert 5.9 < bits < 6.3

    def test_too_large_a_weight_is_not_written(self) -> None:
        weights = levels_from(np.random.default_rng(0), 900)
        with pytest.raises(FitError, match="too large"):
            write_coded(SHAPE, QuantisedWeights(weights.levels, (0,) * 4))

    def test_too_many_steps_are_not_written(self) -> None:
        weights = levels_from(np.random.default_rng(0), 2)
        weights.levels[1][0, 0] = entropy.LIMIT + 1
        with pytest.raises(FitError, match="too many steps"):
            write_coded(SHAPE, QuantisedWeights(weights.levels, (255,) * 4))


class TestDamage:
    """Sections whose checksum is right and whose content no encoder writes."""

    @staticmethod
    def read(payload: bytes) -> Array32:
        header = Header(stream.FAMILY, 3, 2, 3, 8, stream.header_parameters(SHAPE))
        _, sections = container.read(container.write(header, [Section(stream.WEIGHTS_CODED, payload)]))
        return read_weights(SHAPE, sections)

    @given(st.binary(max_size=400))
    def test_any_bytes_are_weights_or_our_error(self, data: bytes) -> None:
        try:
            found = self.read(data)
        except CorruptError:
            return
        assert np.isfinite(found).all()

    def test_bytes_left_over(self) -> None:
        payload = bytes(write_coded(SHAPE, levels_from(np.random.default_rng(0), 5)).payload)
        with pytest.raises(CorruptError, match="left over"):
            self.read(payload + bytes(8) + b"\1")

    @pytest.mark.parametrize("codes", [(-1, 84, 84), (256, 84, 84), (64, -1, 84), (64, 84, 160)])
    def test_impossible_codes_of_a_layer(self, codes: tuple[int, int, int]) -> None:
        coder = RangeEncoder()
        coder.logistic(np.subtract(codes, (64, 84, 84)).astype(np.int32), 40)
        with pytest.raises(CorruptError, match="impossible step or scale"):
            self.read(coder.finish())

    def test_weights_beyond_the_bound(self) -> None:
        coder = RangeEncoder()
        before = (64, 84, 84)
        for fan_out, fan_in in SHAPE.sizes:
            coder.logistic(np.subtract((0, 84, 84), before).astype(np.int32), 40)
            coder.logistic(np.full(fan_out * fan_in, 1000, np.int32), 84)
            coder.logistic(np.zeros(fan_out, np.int32), 84)
            before = (0, 84, 84)
        with pytest.raises(CorruptError, match="too large"):
            self.read(coder.finish())
