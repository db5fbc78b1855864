"""Sizes, coordinates and initial weights of the `siren` family."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincodec import native
from coincodec.siren.model import (
    SirenShape,
    frequency_scale,
    from_paper_axes,
    initial_parameters,
    paper_axes,
    pixel_axes,
    wrap_phases,
)

sides = st.integers(1, 60)


def test_the_papers_10x28_has_7479_parameters() -> None:
    shape = SirenShape(2, 3, 10, 28)
    assert shape.parameters == 7479
    assert shape.macs == 2 * 28 + 9 * 28 * 28 + 28 * 3
    assert str(shape) == "10x28"


def test_matrices_are_views_that_cover_all_parameters() -> None:
    shape = SirenShape(2, 3, 4, 6)
    parameters = np.zeros(shape.parameters, np.float32)
    for number, matrix in enumerate(shape.matrices(parameters)):
        matrix[:] = number + 1
    assert parameters.min() == 1
    assert [m.shape for m in shape.matrices(parameters)] == [(6, 3), (6, 7), (6, 7), (6, 7), (3, 7)]


@given(sides, sides)
def test_pixel_axes_span_the_picture_symmetrically(height: int, width: int) -> None:
    rows, columns = pixel_axes(height, width)
    assert (len(rows), len(columns)) == (height, width)
    for axis in (rows, columns):
        assert np.array_equal(axis, -axis[::-1])
    longer = max(rows, columns, key=len)
    assert longer[-1] == pytest.approx(1 - 1 / len(longer))


@given(sides, sides, st.integers(2, 4))
def test_pixel_axes_at_another_resolution_average_to_the_same_points(height: int, width: int, scale: int) -> None:
    for coarse, fine in zip(pixel_axes(height, width), pixel_axes(scale * height, scale * width), strict=True):
        assert fine.reshape(-1, scale).mean(1) == pytest.approx(coarse, abs=1e-6)


def test_paper_axes_divide_both_sides_by_height_less_one() -> None:
    """The paper's code: indices / (shape[1] - 1), minus a half, times two."""
    rows, columns = paper_axes(512, 768)
    assert rows[[0, 511]] == pytest.approx([-1, 1])
    assert columns[[0, 511, 767]] == pytest.approx([-1, 1, 2 * 767 / 511 - 1])


@given(st.integers(1, 20), st.integers(1, 20))
def test_a_network_fitted_on_the_papers_axes_is_the_same_function_on_ours(height: int, width: int) -> None:
    shape = SirenShape(2, 3, 3, 8)
    parameters = initial_parameters(shape, 30, np.random.default_rng(1)) * frequency_scale(shape, 10)
    moved = from_paper_axes(shape, parameters, height, width)
    theirs = native.siren_forward(parameters, shape, paper_axes(height, width), np.float32, 1)
    ours = native.siren_forward(moved, shape, pixel_axes(height, width), np.float32, 1)
    assert ours == pytest.approx(theirs, abs=1e-4)


def test_wrapped_phases_give_the_same_function() -> None:
    shape = SirenShape(2, 3, 3, 8)
    parameters = initial_parameters(shape, 30, np.random.default_rng(1)) * frequency_scale(shape, 30)
    wrapped = wrap_phases(shape, parameters)
    biases = np.concatenate([matrix[:, -1] for matrix in shape.matrices(wrapped)[:-1]])
    assert np.abs(shape.matrices(parameters)[0][:, -1]).max() > 6
    assert np.abs(biases).max() <= np.pi + 1e-6
    before, after = (native.siren_forward(p, shape, pixel_axes(9, 9), np.float32, 1) for p in (parameters, wrapped))
    assert after == pytest.approx(before, abs=1e-4)


def test_initial_weights_have_the_bounds_of_the_papers_code() -> None:
    shape = SirenShape(2, 3, 5, 40)
    first, *hidden = shape.matrices(initial_parameters(shape, 30, np.random.default_rng(0)))
    assert 0.45 < np.abs(first).max() <= 0.5
    bound = np.sqrt(6 / 40) / 30
    for matrix in hidden:
        assert 0.9 * bound < np.abs(matrix).max() <= bound


def test_only_sine_layers_are_scaled_by_w0() -> None:
    shape = SirenShape(2, 3, 2, 5)
    matrices = shape.matrices(frequency_scale(shape, 30))
    assert [set(m.ravel()) for m in matrices] == [{30}, {30}, {1}]
