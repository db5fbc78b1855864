"""Samples, and what was done to get them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..colour import SRGB, Colour
from ..container import MAX_SIDE
from ..errors import ImageError
from ..metadata import NOTHING, Metadata

Samples = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Picture:
    """Samples, one short sentence for each thing that was converted to get them, and what else their file says.

    colour: what the samples mean.
    """

    samples: Samples
    notes: tuple[str, ...] = field(default=())
    metadata: Metadata = NOTHING
    colour: Colour = SRGB

    @property
    def bit_depth(self) -> int:
        """8 or 16."""
        return 8 * self.samples.dtype.itemsize


def to_8_bits(samples: Samples) -> NDArray[np.uint8]:
    """Samples of 16 bits scaled to 8, rounded; those of 8 as they are."""
    if samples.dtype == np.uint8:
        return np.asarray(samples, np.uint8)
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def from_array(array: NDArray[Any]) -> Picture:
    """A NumPy array as a picture, shape (H, W) or (H, W, C) with C in 1..4, uint8 or uint16.

    Raises `ImageError` for any other.
    """
    if array.dtype not in (np.uint8, np.uint16):
        raise ImageError(f"samples must be uint8 or uint16, not {array.dtype}")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise ImageError(f"an array of shape {array.shape} is not (height, width) or (height, width, 1 to 4)")
    height, width, _ = array.shape
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ImageError(f"a side must have 1 to {MAX_SIDE:,} pixels, the picture is {width}x{height}")
    return Picture(np.ascontiguousarray(array))
