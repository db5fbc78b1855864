"""The latent kernels against the float64 reference, on every instruction set."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from coincodec import _native
from coincodec.latent import reference
from coincodec.latent.model import LatentShape, Size, initial_parameters, parts
from coincodec.latent.shown import render
from instruction_sets import FUSED

SIZES = {
    "middle": Size(12, 4, 16, 4),
    "no features": Size(5, 0, 7, 0),
    "odd": Size(14, 6, 9, 3),
    "one of each": Size(1, 1, 1, 1),
    "largest": Size(14, 8, 64, 16),
}
PICTURES = [(19, 13, 3), (6, 290, 1), (1, 1, 3), (2, 7, 4), (37, 5, 2), (70, 33, 3)]
SOFT = (0.7, 0.2, 5)


class Case:
    """A model with random parameters, latents and picture; what it shows lies within 0..1, so that no clamp acts."""

    def __init__(self, height: int, width: int, channels: int, size: Size) -> None:
        rng = np.random.default_rng(height * width)
        levels = min(5, max(1, int(np.ceil(np.log2(max(height, width)))) + 1))
        self.shape = LatentShape.of(height, width, channels, levels, size)
        self.parameters = initial_parameters(self.shape, 0)
        self.parameters += rng.normal(0, 0.15, self.parameters.shape).astype(np.float32)
        p = parts(self.shape, self.parameters)
        p.second[:, :-1] *= 0.5 / (size.hidden + levels)
        p.second[:, -1] = 0.5
        p.mix[:] *= 0.3
        p.output[:] *= 0.3
        p.output[1, -1] = 5
        self.samples = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
        self.goal, self.weights = self.samples / 255, np.ones(self.samples.shape)
        self.fit = _native.LatentFit(self.shape.native, self.samples)
        self.latents = self.fit.latents()
        for level in range(levels):
            self.shape.plane(self.latents, level)[:] = rng.normal(0, 1.5, self.shape.grid(level))

    def grids(self) -> list[np.ndarray]:
        return [self.shape.plane(self.latents, level).astype(float) for level in range(self.shape.levels)]

    def guide(self) -> np.ndarray:
        """Gives it a goal of its own, and weights. Returns what is shown, as planes."""
        picture, goal, weights, shown = self.fit.guide()
        assert np.array_equal(picture, goal)
        assert picture == pytest.approx((self.samples / 255).transpose(2, 0, 1))
        rng = np.random.default_rng(7)
        self.goal, self.weights = rng.uniform(-0.3, 1.3, self.goal.shape), rng.uniform(0, 3, self.goal.shape)
        goal[:], weights[:] = self.goal.transpose(2, 0, 1), self.weights.transpose(2, 0, 1)
        return shown

    def cost(self, parameters: np.ndarray, grids: list[np.ndarray], soft: tuple[float, float, int] | None) -> tuple:
        return reference.cost(self.shape, parameters, grids, self.goal, soft, self.weights)

    def step(self, price: float = 0.02, every: int = 1, phase: int = 0, threads: int = 2) -> tuple:
        gradient = np.empty_like(self.parameters)
        cost = self.fit.step(self.parameters, SOFT, None, price, every, phase, gradient, threads)
        return cost, gradient

    def latent_gradient(self, price: float, threads: int = 2) -> np.ndarray:
        """By an Adam whose step is the gradient itself."""
        before = self.latents.copy()
        gradient = np.empty_like(self.parameters)
        plain = (1.0, 0.0, 1.0, 1.0, 1.0, 1.0)
        self.fit.step(self.parameters, SOFT, plain, price, 1, 0, gradient, threads)
        moved = before - self.latents
        self.latents[:] = before
        return moved


@pytest.fixture(params=PICTURES, ids=str)
def picture(request: pytest.FixtureRequest) -> tuple[int, int, int]:
    shape: tuple[int, int, int] = request.param
    return shape


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("soft", [None, SOFT], ids=["hard", "soft"])
def test_the_cost_agrees_with_the_reference(
    isa: str, picture: tuple[int, int, int], size: str, soft: tuple[float, float, int] | None
) -> None:
    case = Case(*picture, SIZES[size])
    expected = case.cost(case.parameters.astype(float), case.grids(), soft)
    assert case.fit.evaluate(case.parameters, soft, 2) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("soft", [None, SOFT], ids=["hard", "soft"])
def test_errors_are_weighted_and_taken_from_a_goal(
    isa: str, picture: tuple[int, int, int], soft: tuple[float, float, int] | None
) -> None:
    case = Case(*picture, SIZES["middle"])
    shown = case.guide()
    expected = case.cost(case.parameters.astype(float), case.grids(), soft)
    assert case.fit.evaluate(case.parameters, soft, 2) == pytest.approx(expected, rel=1e-5)
    z = reference.quantised(case.shape, case.grids(), soft)
    wanted = reference.synthesis(case.shape, parts(case.shape, case.parameters.astype(float)), z)
    assert shown == pytest.approx(wanted, abs=1e-5)


def derivative(cost: Callable[[float], float], h: float = 1e-6) -> float:
    return (cost(h) - cost(-h)) / (2 * h)


@pytest.mark.parametrize("guided", [False, True], ids=["plain", "guided"])
@pytest.mark.parametrize("size", SIZES)
def test_the_gradients_agree_with_the_reference(picture: tuple[int, int, int], size: str, guided: bool) -> None:
    """Against differences of the reference: 40 parameters, 25 latents, those at borders among them."""
    case = Case(*picture, SIZES[size])
    if guided:
        case.guide()
    price, channels = 0.02, picture[2]
    parameters, grids = case.parameters.astype(float), case.grids()
    rng = np.random.default_rng(1)

    def total(p: np.ndarray, g: list[np.ndarray]) -> float:
        error, bits = case.cost(p, g, SOFT)
        return error / channels + price * bits

    _, gradient = case.step(price)
    largest = float(np.abs(gradient).max())
    for i in rng.choice(len(parameters), min(40, len(parameters)), replace=False):
        unit = np.eye(1, len(parameters), int(i))[0]
        expected = derivative(lambda h, unit=unit: total(parameters + h * unit, grids))
        assert gradient[i] == pytest.approx(expected, rel=2e-3, abs=1e-4 * largest), f"parameter {i}"

    moved = case.latent_gradient(price)
    scale = float(np.abs(moved).max())
    for _ in range(25):
        level = int(rng.integers(case.shape.levels))
        rows, columns = case.shape.grid(level)
        row, column = (int(rng.choice([0, n - 1, rng.integers(n)])) for n in (rows, columns))

        def at(h: float, level: int = level, row: int = row, column: int = column) -> float:
            changed = [g.copy() for g in grids]
            changed[level][row, column] += h
            return total(parameters, changed)

        found = case.shape.plane(moved, level)[row, column]
        assert found == pytest.approx(derivative(at), rel=2e-3, abs=1e-4 * scale), f"latent {level} {row} {column}"


@pytest.mark.parametrize("size", ["middle", "odd"])
def test_instruction_sets_agree_on_gradients(isa: str, size: str) -> None:
    usual = Case(40, 300, 3, SIZES[size])
    here, gradient = usual.step()
    moved = usual.latent_gradient(0.02)
    _native.select_isa("baseline" if "baseline" in _native.supported_isas() else isa)
    there, expected = Case(40, 300, 3, SIZES[size]).step()
    assert here == pytest.approx(there, rel=1e-5)
    assert np.linalg.norm(gradient - expected) < 1e-4 * np.linalg.norm(expected)
    plain = Case(40, 300, 3, SIZES[size]).latent_gradient(0.02)
    assert np.linalg.norm(moved - plain) < 1e-4 * np.linalg.norm(plain)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_change_nothing(isa: str, threads: int) -> None:
    one, many = (Case(120, 400, 3, SIZES["middle"]) for _ in range(2))
    cost, gradient = one.step(every=4, phase=3, threads=1)
    other_cost, other = many.step(every=4, phase=3, threads=threads)
    assert cost == other_cost
    assert (gradient == other).all()
    assert (one.latent_gradient(0.02, 1) == many.latent_gradient(0.02, threads)).all()
    assert one.fit.evaluate(one.parameters, None, 1) == many.fit.evaluate(many.parameters, None, threads)


def test_the_phases_of_a_sampled_gradient_average_to_the_whole() -> None:
    case = Case(64, 96, 3, SIZES["middle"])
    _, whole = case.step()
    sampled = np.mean([case.step(every=4, phase=phase)[1] for phase in range(4)], 0)
    assert np.linalg.norm(sampled - whole) < 1e-4 * np.linalg.norm(whole)


def test_the_clamp_passes_gradients_straight_through() -> None:
    """A model that shows far too much white on a black picture must be told to show less."""
    case = Case(16, 16, 1, SIZES["middle"])
    parts(case.shape, case.parameters).second[:, -1] = 3
    case.fit = _native.LatentFit(case.shape.native, np.zeros((16, 16, 1), np.uint8))
    case.latents = case.fit.latents()
    _, gradient = case.step()
    assert parts(case.shape, gradient).second[0, -1] > 1


def test_margins_of_the_latents_stay_zero() -> None:
    case = Case(19, 13, 3, SIZES["middle"])
    inside = case.shape.empty_latents()
    for level in range(case.shape.levels):
        case.shape.plane(inside, level)[:] = 1
    gradient = np.empty_like(case.parameters)
    case.fit.step(case.parameters, SOFT, (0.3, 0.9, 0.99, 0.1, 0.01, 1e-8), 0.02, 1, 0, gradient, 2)
    assert not case.latents[inside == 0].any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rendered_samples_are_those_of_the_reference(isa: str, dtype: type, picture: tuple[int, int, int]) -> None:
    case = Case(*picture, SIZES["middle"])
    latents = case.shape.empty_latents()
    np.rint(case.latents, out=latents)
    shown = render(case.shape, case.parameters, latents, dtype, 2)
    grids = [case.shape.plane(latents, level).astype(float) for level in range(case.shape.levels)]
    exact = reference.synthesis(case.shape, parts(case.shape, case.parameters.astype(float)), grids)
    maximum = np.iinfo(dtype).max
    expected = np.clip(exact.transpose(1, 2, 0), 0, 1) * maximum
    assert np.abs(shown - expected).max() <= 0.5 + 1e-4 * maximum / 255


@pytest.mark.skipif(len(FUSED) < 2, reason="one instruction set with fused multiply-add")
def test_fused_instruction_sets_render_the_same_bits() -> None:
    usual = _native.selected_isa()
    case = Case(70, 333, 3, SIZES["odd"])
    latents = case.shape.empty_latents()
    np.rint(case.latents, out=latents)
    pictures = []
    for name in FUSED:
        _native.select_isa(name)
        pictures.append(render(case.shape, case.parameters, latents, np.uint16, 3))
    _native.select_isa(usual)
    assert all((p == pictures[0]).all() for p in pictures)


class TestArguments:
    def test_a_shape_out_of_range_is_refused(self) -> None:
        with pytest.raises(ValueError, match="neighbours out of range"):
            _native.latent_layout((8, 8, 3, 2, 15, 4, 16, 4, True))

    def test_samples_of_another_size_are_refused(self) -> None:
        with pytest.raises(ValueError, match="samples must have the shape"):
            _native.LatentFit((8, 8, 3, 2, 4, 4, 16, 4, True), np.zeros((8, 9, 3), np.uint8))

    def test_contexts_of_the_first_streams_are_not_fitted(self) -> None:
        with pytest.raises(ValueError, match="magnitudes"):
            _native.LatentFit((8, 8, 3, 2, 4, 4, 16, 4, False), np.zeros((8, 8, 3), np.uint8))

    def test_parameters_of_another_size_are_refused(self) -> None:
        case = Case(8, 8, 3, SIZES["middle"])
        with pytest.raises(ValueError, match="parameters do not fit"):
            case.fit.evaluate(case.parameters[1:].copy(), None, 1)


@pytest.mark.parametrize("width", [9000, 700])
def test_rows_are_the_same_from_wherever_they_are_rendered(width: int) -> None:
    """Coarse grids are upsampled strip by strip: a strip's border must not show."""
    shape = LatentShape.of(300, width, 1, 6, Size(2, 1, 4, 2))
    rng = np.random.default_rng(0)
    parameters = initial_parameters(shape, 0)
    parameters += rng.normal(0, 0.05, parameters.shape).astype(np.float32)
    latents = shape.empty_latents()
    for level in range(shape.levels):
        shape.plane(latents, level)[:] = rng.integers(-2, 3, shape.grid(level))
    whole = render(shape, parameters, latents, np.uint16, 2)
    assert np.ptp(whole) > 10000
    picture = _native.LatentPicture(shape.native, parameters, latents)
    for first, count in ((0, 1), (1, 5), (127, 2), (100, 170), (299, 1), (30, 270)):
        rows = np.empty((count, width, 1), np.uint16)
        picture.rows(first, rows, 2)
        assert np.array_equal(rows, whole[first : first + count])
