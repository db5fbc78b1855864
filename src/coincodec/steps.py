"""Powers of two in eighths of an octave, as the format computes them: integers, the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

# 2^23 times 2^(-j / 8), j = 0..7, rounded.
_BITS = 23
_MANTISSAS = np.array([0x800000, 0x756063, 0x6BA27E, 0x62B395, 0x5A827A, 0x52FF6B, 0x4C1BF8, 0x45CAE1], np.int64)


def falling(eighths: int | Integers) -> tuple[Integers, Integers]:
    """2^(-eighths / 8) as mantissas of 24 bits and the exponents that they are to be scaled by."""
    octaves, rest = np.divmod(eighths, 8)
    return _MANTISSAS[rest], -_BITS - octaves
