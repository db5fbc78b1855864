"""Pictures at another size: Lanczos (three lobes), widened when shrinking so that nothing aliases."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _native, native

Box = tuple[float, float, float, float]


def resize(samples: NDArray[Any], width: int, height: int, box: Box | None = None) -> NDArray[Any]:
    """The part `box` of a picture at another size, by the native core.

    samples: uint8 or uint16 of shape (rows, columns, channels); with alpha colours are weighted by it.
    box: left, top, right, bottom in pixels, fractions allowed, inside the picture; all of it if None.

    Returns samples of shape (height, width, channels).
    """
    rows, columns, channels = samples.shape
    out = np.empty((height, width, channels), samples.dtype)
    within = (0.0, 0.0, float(columns), float(rows)) if box is None else box
    _native.resize(np.ascontiguousarray(samples), within, out, native.resolve_threads(None))
    return out
