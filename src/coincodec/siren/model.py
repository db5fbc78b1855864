"""What a SIREN is here: its sizes, its parameters, and where the pixels of a picture lie.

The network of a stream is h = sin(W h + b), `layers` times, then y = W h + b, with y the sample
values in [0, 1]. The SIREN paper (Sitzmann et al. 2020, section 3.2) writes sin(w0 (W h + b)): w0 only
says how far a step of the optimiser moves the function, so it belongs to the fit and is multiplied
into the weights before they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array32 = NDArray[np.float32]


class SirenShape(NamedTuple):
    """Sizes of a network: `layers` sine layers of `width` features, then a linear one.

    The paper's 10x28 is SirenShape(2, 3, 10, 28).
    """

    inputs: int
    outputs: int
    layers: int
    width: int

    def __str__(self) -> str:
        return f"{self.layers}x{self.width}"

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """(fan out, fan in) of every layer, the linear one last."""
        ins = [self.inputs] + [self.width] * self.layers
        outs = [self.width] * self.layers + [self.outputs]
        return list(zip(outs, ins, strict=True))

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(fan_out * (fan_in + 1) for fan_out, fan_in in self.sizes)

    @property
    def macs(self) -> int:
        """Multiply-accumulates to evaluate one sample."""
        return sum(fan_out * fan_in for fan_out, fan_in in self.sizes)

    def matrices(self, parameters: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        """Views of the flat parameters, one [W | b] of shape (fan out, fan in + 1) per layer."""
        views, start = [], 0
        for fan_out, fan_in in self.sizes:
            end = start + fan_out * (fan_in + 1)
            views.append(parameters[start:end].reshape(fan_out, fan_in + 1))
            start = end
        return views


def pixel_axes(height: int, width: int) -> list[Array32]:
    """Coordinates of pixel centres, rows then columns: the convention of the format.

    The longer side of the picture spans [-1, 1], the other one keeps the scale, and (0, 0) is the middle:
    pixel i of n has the coordinate (2 i + 1 - n) / max(height, width). The same picture at another
    resolution therefore covers the same area, which is what lets a decoder evaluate it at any scale.
    """
    longer = max(height, width)
    return [pixel_axis(n, longer, 0, n, n) for n in (height, width)]


def pixel_axis(n: int, longer: int, first: int, last: int, count: int) -> Array32:
    """Coordinates of the middles of `count` equal parts of pixels first to last - 1, of n along this side."""
    places = first + (np.arange(count) + 0.5) * ((last - first) / count)
    return ((2 * places - n) / longer).astype(np.float32)


def paper_axes(height: int, width: int) -> list[Array32]:
    """Coordinates as in the paper's code: row i and column j at 2 (i or j) / (height - 1) - 1.

    Both axes are divided by height - 1, so columns of a wide picture pass 1. A height of 1, for which
    the paper's code divides by zero, counts as 2.
    """
    return [(2 * np.arange(n) / max(height - 1, 1) - 1).astype(np.float32) for n in (height, width)]


def from_paper_axes(shape: SirenShape, parameters: Array32, height: int, width: int) -> Array32:
    """The parameters that give on `pixel_axes` what these give on `paper_axes`.

    The two differ by a scale and a shift per axis, which the first layer absorbs.
    """
    moved = parameters.copy()
    first = shape.matrices(moved)[0]
    longer, divisor = max(height, width), max(height - 1, 1)
    for axis, n in enumerate((height, width)):
        first[:, -1] += first[:, axis] * ((n - 1) / divisor - 1)
        first[:, axis] *= longer / divisor
    return moved


def wrap_phases(shape: SirenShape, parameters: Array32) -> Array32:
    """The same function with every bias of a sine in [-pi, pi], where half floats are finest."""
    wrapped = parameters.copy()
    for matrix in shape.matrices(wrapped)[:-1]:
        turns = np.round(matrix[:, -1].astype(np.float64) / (2 * np.pi))
        matrix[:, -1] -= 2 * np.pi * turns
    return wrapped


def initial_parameters(shape: SirenShape, w0: float, rng: np.random.Generator) -> Array32:
    """Random parameters as in the paper's code (Sitzmann et al. 2020, section 3.2), before scaling by w0.

    Uniform in +-1 / fan in for the first layer, in +-sqrt(6 / fan in) / w0 for the others, biases
    like the weights of their layer.
    """
    parts = []
    for number, (fan_out, fan_in) in enumerate(shape.sizes):
        bound = 1 / fan_in if number == 0 else np.sqrt(6 / fan_in) / w0
        parts.append(rng.uniform(-bound, bound, fan_out * (fan_in + 1)))
    return np.concatenate(parts).astype(np.float32)


def frequency_scale(shape: SirenShape, w0: float) -> Array32:
    """What each parameter is multiplied by to make it that of sin(W h + b): w0, and 1 in the last layer."""
    scale = np.full(shape.parameters, w0, np.float32)
    scale[-shape.outputs * (shape.width + 1) :] = 1
    return scale


def slopes(shape: SirenShape, parameters: Array32, points: Array32) -> Iterator[tuple[int, int, Array32, Array32]]:
    """What derivatives of the outputs are made of, for every output and layer, the last layer first.

    points: coordinates, (points, inputs). Yields (output, layer, slope, inputs): the derivatives of the output by
    the layer's sums W h + b, (points, fan out), and the layer's inputs with a 1 for the bias, (points, fan in + 1).
    The derivative by a weight is the product of the two.
    """
    matrices = shape.matrices(parameters)
    one = np.ones((len(points), 1), np.float32)
    h, inputs, cosines = points, [], []
    for number, matrix in enumerate(matrices):
        inputs.append(np.concatenate([h, one], 1))
        if number < shape.layers:
            z = h @ matrix[:, :-1].T + matrix[:, -1]
            h = np.sin(z)
            cosines.append(np.cos(z))
    for output in range(shape.outputs):
        slope = np.zeros((len(points), shape.outputs), np.float32)
        slope[:, output] = 1
        for number in range(shape.layers, -1, -1):
            yield output, number, slope, inputs[number]
            if number > 0:
                slope = (slope @ matrices[number][:, :-1]) * cosines[number - 1]
