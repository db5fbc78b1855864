"""What coarse grids show by themselves: for previews that look like the picture, a fit has an eye on that, too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import _native
from ..image import Samples
from ..state import State, fill
from .model import Array32, LatentShape, Shared, coarser_shape
from .stages import halved

# The last grid that is to show the picture by itself, in a picture of the full size.
COARSEST = 3

# So often, up to that share of a fit, at each size by so much of its gradient for the networks, per pixel of it.
EVERY, UNTIL = 16, 0.6
_SAY = 0.2


class _Level(NamedTuple):
    """The picture at a part of its size, which grids from `level` on are to show."""

    level: int
    shape: LatentShape
    native: _native.LatentFit
    gradient: Array32


class Impressions:
    """The picture at parts of its size, as grids of a model show it with the networks of all."""

    def __init__(self, shape: LatentShape, samples: Samples, coarsest: int, threads: int) -> None:
        """coarsest: the last level there is to be."""
        self.shape, self.threads, self._times = shape, threads, 0
        self._levels: list[_Level] = []
        for level in range(1, min(coarsest, shape.levels - 2) + 1):
            samples, small = halved(samples), coarser_shape(shape, level)
            native = _native.LatentFit(small.native, np.ascontiguousarray(samples))
            self._levels.append(_Level(level, small, native, np.empty(small.parameters, np.float32)))

    def step(
        self, latents: Array32, parameters: Array32, soft: tuple[float, float, int], update: tuple[float, ...]
    ) -> Array32:
        """Moves latents of a model as each size would have them, bits being free. Returns a gradient by the networks.

        soft, update: as of a step of the model (native/latent/kernel.h).
        """
        self._times += 1
        rate, beta1, beta2, _, _, epsilon = update
        moves = (rate, beta1, beta2, 1 - beta1**self._times, 1 - beta2**self._times, epsilon)
        total, finer, shared = np.zeros_like(parameters), self.shape, list[Shared]()
        for level, shape, native, gradient in self._levels:
            shared.append(Shared.of(finer, parameters))
            values = np.zeros(shape.parameters, np.float32)
            shared[-1].give(parameters, values)
            parameters, finer = values, shape
            here = native.latents()
            for grid in range(shape.levels):
                shape.plane(here, grid)[...] = self.shape.plane(latents, grid + level)
            before = here.copy()
            native.step(parameters, soft, moves, 0.0, 1, 0, gradient, self.threads)
            here -= before
            for grid in range(shape.levels):
                plane = self.shape.plane(latents, grid + level)
                plane += shape.plane(here, grid)
            by_networks = gradient
            for map_ in reversed(shared):
                by_networks = map_.pull(by_networks)
            total += np.float32(_SAY * 4**level) * by_networks
        return total

    def state(self) -> State:
        """What steps change."""
        return {"times": self._times, "moments": [level.native.moments() for level in self._levels]}

    def restore(self, state: State) -> None:
        """Takes that."""
        self._times = int(state["times"])
        for level, kept in zip(self._levels, state["moments"], strict=True):
            for array, values in zip(level.native.moments(), kept, strict=True):
                fill(array, values)
