"""What a stream's networks are, or are differences from: a start, in the units of the model (docs/format.md)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .. import _native
from .model import LatentShape, Size
from .start import Start, nearest_start

# A step is so many eighths of an octave.
LEAST_STEP, MOST_STEP = -64, 63

ORIGIN_BYTES = 2

# Codes have at most this magnitude.
MOST_CODE = 255


@dataclass(frozen=True)
class Origin:
    """A start in some units.

    start: its number. step: latents are divided by 2^(step / 8), LEAST_STEP to MOST_STEP. codes: how far along each of
    the start's directions, none being 0 for all.
    """

    start: int
    step: int
    codes: tuple[int, ...] = ()

    @staticmethod
    def near(size: Size, price: float, units: float) -> Origin | None:
        """The origin of networks that began as for `price` and are in the units that suit a price of `units`."""
        start = nearest_start(size, price)
        if start is None:
            return None
        return Origin(start.number, step_of(start, units))

    def write(self) -> bytes:
        """As it stands before the differences."""
        return bytes([self.start, self.step - LEAST_STEP])


def step_of(start: Start, price: float) -> int:
    """The step to the units that suit a price of a bit: the best quantisation step grows as its root."""
    return min(max(round(8 * math.log2(math.sqrt(price / start.price))), LEAST_STEP), MOST_STEP)


@lru_cache(maxsize=4)
def _scaled(origin: Origin, shape: LatentShape) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Products and exponents: a parameter is product times 2^-exponent, filters being differences from bicubic."""
    return _native.latent_origin(shape.native, origin.start, origin.step, list(origin.codes))


def origin_levels(origin: Origin, shape: LatentShape, places: NDArray[np.intp], bits: int) -> NDArray[np.int32]:
    """The origin's parameters at these places as levels of 2^-bits, in integer arithmetic, the same everywhere.

    What the start has nothing for is 0. bits: 1 to 14.
    """
    products, exponents = (part[places] for part in _scaled(origin, shape))
    shifts = exponents - bits
    return ((products + (1 << (shifts - 1))) >> shifts).astype(np.int32)
