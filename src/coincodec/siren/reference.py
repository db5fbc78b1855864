"""The native kernels' functions again, in float64 NumPy, as the equations read. The tests' oracle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .model import SirenShape

Array = NDArray[np.float64]


def forward(shape: SirenShape, parameters: NDArray[np.floating], x: Array) -> Array:
    """y = f(x) for x of shape (n, inputs); returns (n, outputs)."""
    *sines, linear = shape.matrices(parameters.astype(np.float64))
    h = x
    for m in sines:
        h = np.sin(h @ m[:, :-1].T + m[:, -1])
    y: Array = h @ linear[:, :-1].T + linear[:, -1]
    return y


def loss_and_gradient(
    shape: SirenShape, parameters: NDArray[np.floating], x: Array, targets: Array
) -> tuple[float, Array]:
    """Mean squared error L = mean (f(x) - t)^2 and dL/dparameters, by back-propagation."""
    *sines, linear = shape.matrices(parameters.astype(np.float64))
    h, inputs, cosines = x, [x], []
    for m in sines:
        z = h @ m[:, :-1].T + m[:, -1]
        h = np.sin(z)
        inputs.append(h)
        cosines.append(np.cos(z))
    error = h @ linear[:, :-1].T + linear[:, -1] - targets

    dz = 2 * error / error.size
    gradients = []
    for number in range(shape.layers, -1, -1):
        m = [*sines, linear][number]
        gradients.append(np.concatenate([dz.T @ inputs[number], dz.sum(0)[:, None]], axis=1))
        if number > 0:
            dz = (dz @ m[:, :-1]) * cosines[number - 1]
    return float(np.mean(error**2)), np.concatenate([g.ravel() for g in reversed(gradients)])


def grid(axes: list[NDArray[np.float32]]) -> Array:
    """All points of a separable grid in C order, shape (samples, axes)."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes)).astype(np.float64)
