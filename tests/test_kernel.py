"""The native kernels against the float64 reference, on every instruction set."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from coincodec import native
from coincodec.siren import reference
from coincodec.siren.model import SirenShape, frequency_scale, initial_parameters, pixel_axes
from instruction_sets import FUSED

SHAPES = [
    SirenShape(2, 3, 5, 20),
    SirenShape(2, 3, 10, 28),
    SirenShape(2, 1, 13, 49),
    SirenShape(2, 4, 3, 15),
    SirenShape(1, 2, 1, 1),
    SirenShape(3, 5, 2, 7),
    SirenShape(8, 16, 2, 33),
    SirenShape(2, 3, 64, 4),
    SirenShape(2, 3, 2, 256),
]


def network(shape: SirenShape, seed: int = 0) -> np.ndarray:
    """Parameters as a fit begins with."""
    return initial_parameters(shape, 30, np.random.default_rng(seed)) * frequency_scale(shape, 30)


def axes_of(shape: SirenShape, extents: list[int], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(-1, 1, n)).astype(np.float32) for n in extents]


def extents_of(shape: SirenShape) -> list[int]:
    return {1: [131], 2: [13, 17], 3: [5, 7, 6]}.get(shape.inputs, [2] * shape.inputs)


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward_agrees_with_the_reference(isa: str, shape: SirenShape) -> None:
    axes = axes_of(shape, extents_of(shape))
    parameters = network(shape)
    y = native.siren_forward(parameters, shape, axes, np.float32, threads=2)
    expected = reference.forward(shape, parameters, reference.grid(axes))
    assert relative(y.reshape(expected.shape), expected) < 1e-5


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_loss_and_gradient_agree_with_the_reference(isa: str, shape: SirenShape) -> None:
    axes = axes_of(shape, extents_of(shape))
    parameters = network(shape)
    x = reference.grid(axes)
    targets = np.random.default_rng(2).random((len(x), shape.outputs)).astype(np.float32)
    loss, gradient = native.siren_loss_and_gradient(parameters, shape, axes, targets, None, threads=2)
    expected_loss, expected = reference.loss_and_gradient(shape, parameters, x, targets.astype(np.float64))
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert relative(gradient, expected) < 1e-5
    for ours, theirs in zip(shape.matrices(gradient), shape.matrices(expected), strict=True):
        assert relative(ours, theirs) < 3e-5


def test_the_reference_gradient_is_the_slope_of_its_loss() -> None:
    shape = SirenShape(2, 3, 3, 6)
    axes = axes_of(shape, [5, 4])
    x, parameters = reference.grid(axes), network(shape).astype(np.float64)
    targets = np.random.default_rng(3).random((len(x), 3))
    _, gradient = reference.loss_and_gradient(shape, parameters, x, targets)
    for i in range(0, shape.parameters, 7):
        step = np.zeros(shape.parameters)
        step[i] = 1e-6
        up, _ = reference.loss_and_gradient(shape, parameters + step, x, targets)
        down, _ = reference.loss_and_gradient(shape, parameters - step, x, targets)
        assert (up - down) / 2e-6 == pytest.approx(gradient[i], rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 700, 5000])
def test_an_index_selects_samples_with_repetition(isa: str, count: int) -> None:
    shape = SirenShape(2, 3, 3, 9)
    axes = axes_of(shape, [40, 50])
    parameters, x = network(shape), reference.grid(axes)
    targets = np.random.default_rng(2).integers(0, 256, (len(x), 3), dtype=np.uint8)
    index = np.random.default_rng(5).integers(0, len(x), count)
    loss, gradient = native.siren_loss_and_gradient(parameters, shape, axes, targets, index, threads=2)
    expected_loss, expected = reference.loss_and_gradient(shape, parameters, x[index], targets[index] / 255)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert relative(gradient, expected) < 1e-5


@pytest.mark.parametrize(("dtype", "maximum"), [(np.uint8, 255), (np.uint16, 65535)])
def test_integer_samples_stand_for_value_over_maximum(isa: str, dtype: type, maximum: int) -> None:
    shape = SirenShape(2, 2, 2, 8)
    axes = axes_of(shape, [9, 11])
    parameters = network(shape)
    shape.matrices(parameters)[-1][:] *= 50
    targets = np.random.default_rng(4).integers(0, maximum + 1, (99, 2)).astype(dtype)
    floats = (targets / np.float32(maximum)).astype(np.float32)
    loss, _ = native.siren_loss_and_gradient(parameters, shape, axes, targets, None, 1)
    assert loss == pytest.approx(native.siren_loss_and_gradient(parameters, shape, axes, floats, None, 1)[0], rel=1e-5)

    y = native.siren_forward(parameters, shape, axes, np.float32, 1)
    rounded = native.siren_forward(parameters, shape, axes, dtype, 1)
    exact = np.clip(y, 0, 1) * np.float32(maximum)
    assert np.array_equal(rounded, np.floor(exact + np.float32(0.5)).astype(dtype))
    assert rounded.min() == 0  # both ends of the clamp are reached
    assert rounded.max() == maximum


def test_sine_and_cosine_are_accurate_far_from_zero(isa: str) -> None:
    """One feature h = sin(b): forward gives the sine, the gradient of b the cosine."""
    shape = SirenShape(1, 1, 1, 1)
    axes = [np.zeros(1, np.float32)]
    for angle in np.concatenate([np.linspace(-30, 30, 601), [500.25, -4000.5]]).astype(np.float32):
        parameters = np.array([0, angle, 1, 0], np.float32)
        y = native.siren_forward(parameters, shape, axes, np.float32, 1).item()
        target = np.array([[y - 1]], np.float32)
        slope = native.siren_loss_and_gradient(parameters, shape, axes, target, None, 1)[1][1] / 2
        tolerance = 3e-7 + 2e-7 * abs(float(angle))
        assert y == pytest.approx(np.sin(np.float64(angle)), abs=tolerance)
        assert slope == pytest.approx(np.cos(np.float64(angle)), abs=2 * tolerance)


@pytest.mark.parametrize("count", [None, 1, 700, 8192])
def test_the_result_does_not_depend_on_the_number_of_threads(isa: str, count: int | None) -> None:
    shape = SirenShape(2, 3, 4, 21)
    axes = pixel_axes(150, 200)
    parameters = network(shape)
    rng = np.random.default_rng(6)
    targets = rng.integers(0, 256, (30000, 3), dtype=np.uint8)
    index = None if count is None else rng.integers(0, 30000, count)
    results = [native.siren_loss_and_gradient(parameters, shape, axes, targets, index, n) for n in (1, 2, 3, 7)]
    for loss, gradient in results[1:]:
        assert loss == results[0][0]
        assert gradient.tobytes() == results[0][1].tobytes()
    pictures = [native.siren_forward(parameters, shape, axes, np.float32, n).tobytes() for n in (1, 2, 3)]
    assert pictures[0] == pictures[1] == pictures[2]


def test_instruction_sets_with_fused_multiply_add_decode_the_same_bits() -> None:
    if len(FUSED) < 2:
        pytest.skip("the machine has fewer than two of them")
    shape, axes = SirenShape(2, 3, 10, 28), pixel_axes(64, 96)
    usual, pictures = native.selected_isa(), []
    for isa in FUSED:
        native.select_isa(isa)
        pictures.append(native.siren_forward(network(shape), shape, axes, np.float32, 2).tobytes())
    native.select_isa(usual)
    assert len(set(pictures)) == 1


def test_part_of_a_grid_decodes_to_the_same_bits_as_the_whole(isa: str) -> None:
    shape, (rows, columns) = SirenShape(2, 3, 5, 20), pixel_axes(70, 90)
    parameters = network(shape)
    whole = native.siren_forward(parameters, shape, [rows, columns], np.float32, 2)
    part = native.siren_forward(parameters, shape, [rows[13:29], columns[5:78]], np.float32, 2)
    assert np.array_equal(part, whole[13:29, 5:78])


@pytest.mark.skipif("baseline" not in native.supported_isas(), reason="only x86-64 was tried")
@pytest.mark.parametrize("threads", [1, 2])
def test_subnormal_values_are_zero(isa: str, threads: int) -> None:
    shape = SirenShape(1, 1, 1, 1)
    axis = np.linspace(-1, 1, 5000, dtype=np.float32)
    values = native.siren_forward(np.array([0, 0, 0, 1e-39], np.float32), shape, [axis], np.float32, threads)
    assert not values.any()
    assert np.float32(1e-39) * np.float32(1) != 0  # outside of tasks they are as ever


def test_not_a_number_becomes_zero(isa: str) -> None:
    parameters = np.array([0, 0, 1, np.nan], np.float32)
    picture = native.siren_forward(parameters, SirenShape(1, 1, 1, 1), [np.zeros(5, np.float32)], np.uint8, 1)
    assert not picture.any()


class TestBadArguments:
    shape = SirenShape(2, 3, 2, 8)
    axes = (np.zeros(4, np.float32), np.zeros(5, np.float32))
    parameters = np.zeros(shape.parameters, np.float32)
    targets = np.zeros((20, 3), np.uint8)

    def gradient(self, **changes: object) -> object:
        arguments = {
            "parameters": self.parameters,
            "shape": self.shape,
            "axes": self.axes,
            "targets": self.targets,
            "index": None,
            "threads": 1,
        }
        return native.siren_loss_and_gradient(**(arguments | changes))  # type: ignore[arg-type]

    @pytest.mark.parametrize("index", [[-1], [20], [0, 5, 1 << 40], []])
    def test_index_outside_the_grid(self, index: list[int]) -> None:
        with pytest.raises(ValueError, match="index"):
            self.gradient(index=np.array(index, np.int64))

    @pytest.mark.parametrize(
        "shape", [(0, 3, 2, 8), (9, 3, 2, 8), (2, 0, 2, 8), (2, 17, 2, 8), (2, 3, 0, 8), (2, 3, 65, 8), (2, 3, 2, 257)]
    )
    def test_shape_out_of_range(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="out of range"):
            self.gradient(shape=shape)

    def test_sizes_that_disagree(self) -> None:
        with pytest.raises(ValueError, match="parameters"):
            self.gradient(parameters=self.parameters[:-1])
        with pytest.raises(ValueError, match="targets"):
            self.gradient(targets=self.targets[:-1])
        with pytest.raises(ValueError, match="axis"):
            self.gradient(axes=self.axes[:1])
        with pytest.raises(ValueError, match="empty"):
            self.gradient(axes=(self.axes[0][:0], self.axes[1]))

    def test_types_that_are_not_taken(self) -> None:
        with pytest.raises(ValueError, match="uint8"):
            self.gradient(targets=self.targets.astype(np.int32))
        with pytest.raises(TypeError):
            self.gradient(parameters=self.parameters.astype(np.float64))

    @pytest.mark.parametrize("threads", [0, -1, native.MAX_THREADS + 1])
    def test_threads_out_of_range(self, threads: int) -> None:
        with pytest.raises(ValueError, match="threads"):
            self.gradient(threads=threads)


def _step(shape: SirenShape) -> bytes:
    axes = pixel_axes(60, 80)
    targets = np.random.default_rng(1).integers(0, 256, (4800, 3), dtype=np.uint8)
    return native.siren_loss_and_gradient(network(shape), shape, axes, targets, None, 3)[1].tobytes()


def test_several_python_threads_may_call_at_once() -> None:
    shapes = [SirenShape(2, 3, 3, width) for width in (8, 13, 20, 28)] * 3
    expected = [_step(shape) for shape in shapes]
    results: dict[int, bytes] = {}

    def work(number: int) -> None:
        for _ in range(5):
            results[number] = _step(shapes[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(shapes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[number] for number in range(len(shapes))] == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_computes_with_threads_of_its_own() -> None:
    shape = SirenShape(2, 3, 3, 20)
    expected = _step(shape)  # makes the parent's pool
    child = os.fork()
    if child == 0:
        os._exit(0 if _step(shape) == expected else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
