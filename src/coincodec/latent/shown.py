"""What a decoder shows of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _native
from ..view import row_bands
from .model import Array32, LatentShape

# Pixels rendered per native call: enough for every core, few enough for Ctrl-C to be prompt.
_BAND = 2**20


def render(shape: LatentShape, parameters: Array32, latents: Array32, dtype: Any, threads: int) -> NDArray[Any]:
    """The whole picture that integer latents show."""
    picture = _native.LatentPicture(shape.native, parameters, latents)
    samples = np.empty((shape.height, shape.width, shape.channels), dtype)
    for where in row_bands(shape.height, shape.width, _BAND):
        picture.rows(where.start, samples[where], threads)
    return samples
