"""Chapter "Family 2: `latent`", synthesis: a picture from latents, in binary64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from second.networks import Networks


def double(values: np.ndarray, size: int, axis: int, kernel: np.ndarray) -> np.ndarray:
    """Samples along an axis, doubled to a size of twice as many, or one less."""
    values = np.moveaxis(values, axis, 0)
    padded = np.concatenate([values[:1]] * 2 + [values] + [values[-1:]] * 2)
    count = len(values)
    doubled = np.empty((2 * count, *values.shape[1:]))
    doubled[::2] = sum(kernel[k] * padded[k : k + count] for k in range(4))
    doubled[1::2] = sum(kernel[3 - k] * padded[k + 1 : k + 1 + count] for k in range(4))
    return np.moveaxis(doubled[:size], 0, axis)


def picture(networks: Networks, grids: dict[int, np.ndarray], of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """v of every pixel; `of` is applied to all parameters and latents first."""
    shape = networks.shape
    real = {name: of(networks.real(name)) for name in networks.integers}
    planes = []
    for level in range(shape.levels):
        plane = of(grids[level].astype(np.float64))
        for finer in reversed(range(level)):
            rows, columns = shape.grid(finer)
            plane = double(plane, rows, 0, real["filters"][finer])
            plane = double(plane, columns, 1, real["filters"][finer])
        planes.append(plane)
    u = np.stack(planes, -1)
    hidden = np.maximum(u @ real["first weights"].T + real["first biases"], 0)
    y = np.concatenate([hidden, u], -1) @ real["second weights"].T + real["second biases"]
    if not shape.block:
        return y
    padded = np.pad(y, ((1, 1), (1, 1), (0, 0)), "edge")
    around = [
        padded[r : r + shape.height, c : c + shape.width, channel]
        for channel in range(shape.channels)
        for r in range(3)
        for c in range(3)
    ]
    block = np.maximum(np.stack(around, -1) @ real["block weights"].T + real["block biases"], 0)
    return y + block @ real["mix"].T
