"""A picture as a fit sees it: something that computes loss and gradient.

Another back end can stand in for the native kernels.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import native
from ..view import row_bands
from .model import Array32, SirenShape

Index = NDArray[np.int64]


class Objective(Protocol):
    """A picture as the fit sees it."""

    height: int
    width: int

    def loss_and_gradient(self, parameters: Array32, index: Index | None) -> tuple[float, Array32]:
        """Mean squared error over the pixels in `index` (all if None), samples in [0, 1], and its gradient."""


class NativeObjective:
    """The native kernels on one picture.

    samples: uint8 or uint16, shape (height, width, channels).
    """

    # All pixels of a large picture are taken in bands, so that Ctrl-C never waits for long.
    BAND = 2**21

    def __init__(
        self,
        samples: NDArray[Any],
        shape: SirenShape,
        axes: list[Array32],
        threads: int,
    ) -> None:
        self.height, self.width, channels = samples.shape
        self.shape, self.axes, self.threads = shape, axes, threads
        self.targets = np.ascontiguousarray(samples).reshape(-1, channels)

    def loss_and_gradient(self, parameters: Array32, index: Index | None) -> tuple[float, Array32]:
        """See `Objective`."""
        if index is not None or self.height * self.width <= self.BAND:
            return native.siren_loss_and_gradient(parameters, self.shape, self.axes, self.targets, index, self.threads)
        loss, gradient = 0.0, np.zeros_like(parameters)
        rows, columns = self.axes
        for band in row_bands(self.height, self.width, self.BAND):
            share = (band.stop - band.start) / self.height
            targets = self.targets[band.start * self.width : band.stop * self.width]
            part, slope = native.siren_loss_and_gradient(
                parameters, self.shape, [rows[band], columns], targets, None, self.threads
            )
            loss += share * part
            gradient += np.float32(share) * slope
        return loss, gradient
