"""What a stream's networks are differences from: a start, in the units of the model (docs/format.md)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .. import _native
from .model import LatentShape, Size
from .start import nearest_start

# A step is so many eighths of an octave.
LEAST_STEP, MOST_STEP = -64, 63

ORIGIN_BYTES = 2


@dataclass(frozen=True)
class Origin:
    """A start in some units.

    start: its number. step: latents are divided by 2^(step / 8), LEAST_STEP to MOST_STEP.
    """

    start: int
    step: int

    @staticmethod
    def near(size: Size, price: float, units: float) -> Origin | None:
        """The origin of networks that began as for `price` and are in the units that suit a price of `units`."""
        start = nearest_start(size, price)
        if start is None:
            return None
        step = round(8 * math.log2(math.sqrt(units / start.price)))
        return Origin(start.number, min(max(step, LEAST_STEP), MOST_STEP))

    def write(self) -> bytes:
        """As it stands before the differences."""
        return bytes([self.start, self.step - LEAST_STEP])


@lru_cache(maxsize=4)
def _scaled(origin: Origin, shape: LatentShape) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Products and exponents: a parameter is product times 2^-exponent, filters being differences from bicubic."""
    return _native.latent_origin(shape.native, origin.start, origin.step)


def origin_levels(origin: Origin, shape: LatentShape, places: NDArray[np.intp], bits: int) -> NDArray[np.int32]:
    """The origin's parameters at these places as levels of 2^-bits, in integer arithmetic, the same everywhere.

    What the start has nothing for is 0. bits: 1 to 14.
    """
    products, exponents = (part[places] for part in _scaled(origin, shape))
    shifts = exponents - bits
    return ((products + (1 << (shifts - 1))) >> shifts).astype(np.int32)
