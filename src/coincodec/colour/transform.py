"""Samples of one colour space as sRGB."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnsupportedError
from .points import PRIMARIES, TRANSFERS, Array, adapted
from .space import Colour

_BAND = 2**18  # samples that are converted at a time

_SRGB_PRIMARIES = 1


def to_srgb(samples: NDArray[Any], colour: Colour) -> NDArray[Any]:
    """Samples of code points as sRGB of the same depth; alpha stays.

    samples: shape (H, W, C), uint8 or uint16. Colours beyond sRGB's are clipped, channel by channel, and so is light
    brighter than diffuse white, which is 203 nits (ITU-R BT.2408).

    Raises `UnsupportedError` for code points that we do not know, and profiles, which are Little CMS's.
    """
    if colour.icc is not None or colour.primaries not in PRIMARIES or colour.transfer not in TRANSFERS:
        raise UnsupportedError(f"{colour.name} cannot be converted to sRGB")
    most = np.iinfo(samples.dtype).max
    colours = samples.shape[2] - (samples.shape[2] % 2 == 0)
    source, target = PRIMARIES[colour.primaries], PRIMARIES[_SRGB_PRIMARIES]
    matrix = np.linalg.inv(target.to_xyz()) @ adapted(source.white, target.white) @ source.to_xyz()
    levels = np.linspace(0, 1, most + 1, dtype=np.float32)
    light = TRANSFERS[colour.transfer].to_light(levels)
    out = samples.copy()
    rows = max(1, _BAND // max(1, samples.shape[1]))
    for first in range(0, len(samples), rows):
        band = light[samples[first : first + rows, :, :colours]]
        if colours == 3:
            band = band @ matrix.T.astype(np.float32)
        out[first : first + rows, :, :colours] = np.rint(most * _srgb(band))
    return out


def _srgb(light: Array) -> Array:
    """IEC 61966-2-1."""
    light = np.clip(light, 0, 1)
    return np.asarray(np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055), np.float32)
