"""The range coder as Python sees it: integers under logistic and Laplace distributions, to bytes and back.

The arithmetic is native and integer, so every machine agrees on every interval (docs/format.md).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from . import _native
from .errors import CorruptError

Integers = NDArray[np.int32]

SCALES: int = _native.LOGISTIC_SCALES
LIMIT: int = _native.LOGISTIC_LIMIT

LAPLACE_SCALES: int = _native.LAPLACE_SCALES
LAPLACE_LIMIT: int = _native.LAPLACE_LIMIT

# Means of Laplace distributions are integers in units of 1/256, up to so many units of 1.
MEAN_UNIT = 256
MEAN_LIMIT: int = _native.LAPLACE_MEAN_LIMIT


def scale_of(code: int) -> float:
    """The logistic scale that a scale code stands for; the standard deviation is 1.814 times it."""
    return float(2.0 ** ((code - 24) / 8))


def code_bits(values: Integers, scale: int) -> NDArray[np.float64]:
    """Length in bits of the code of each value under scale code `scale`, 0 to SCALES - 1.

    values: magnitudes up to LIMIT. Raises ValueError beyond that.
    """
    flat = np.ascontiguousarray(values, np.int32).ravel()
    out = np.empty(flat.size, np.float64)
    _native.logistic_bits(flat, scale, out)
    return out.reshape(values.shape)


def best_scale(values: Integers) -> int:
    """The scale code with the shortest code for these values."""
    # The mean magnitude of a logistic variable is 2 ln 2 times its scale; rounding adds a little.
    guess = 24 + 8 * math.log2(float(np.abs(values).mean()) / (2 * math.log(2)) + 0.15)
    middle = min(max(round(guess), 0), SCALES - 1)
    near = range(max(middle - 6, 0), min(middle + 7, SCALES))
    return min(near, key=lambda scale: float(code_bits(values, scale).sum()))


def laplace_scale_of(code: int) -> float:
    """The Laplace scale that a scale code stands for, 0 to LAPLACE_SCALES - 1."""
    return float(2.0 ** ((code - 112) / 16))


def laplace_bits(values: Integers, scales: Integers, means: Integers) -> NDArray[np.float64]:
    """Length in bits of the code of each value under its scale code and mean.

    values: magnitudes up to LAPLACE_LIMIT. means: in 1/MEAN_UNIT, magnitudes up to MEAN_LIMIT * MEAN_UNIT. All of one
    dimension and one length. Raises ValueError otherwise.
    """
    out = np.empty(len(values), np.float64)
    _native.laplace_bits(_flat(values), _flat(scales), _flat(means), out)
    return out


def _flat(values: Integers) -> Integers:
    return np.ascontiguousarray(values, np.int32)


class RangeEncoder:
    """Writes integers; `finish` gives the bytes."""

    def __init__(self) -> None:
        self._native = _native.RangeEncoder()

    def logistic(self, values: Integers, scale: int) -> None:
        """Adds values (any shape, C order) under scale code `scale`. Raises ValueError beyond LIMIT."""
        self._native.logistic(np.ascontiguousarray(values, np.int32).ravel(), scale)

    def laplace(self, values: Integers, scales: Integers, means: Integers) -> None:
        """Adds values, each under its own scale code and mean; see `laplace_bits`."""
        self._native.laplace(_flat(values), _flat(scales), _flat(means))

    def finish(self) -> bytes:
        """The whole code, which does not end in a zero byte. Nothing can be added after."""
        return self._native.finish()


class RangeDecoder:
    """Reads what `RangeEncoder` wrote; what to read comes from the caller. Raises `CorruptError`."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._native = _native.RangeDecoder(bytes(data))

    def logistic(self, count: int, scale: int) -> Integers:
        """The next `count` values under scale code `scale`."""
        out = np.empty(count, np.int32)
        if not self._native.logistic(out, scale):
            raise CorruptError("the coded data holds an impossible number")
        return out

    def laplace(self, scales: Integers, means: Integers) -> Integers:
        """The next values under these scale codes and means."""
        out = np.empty(len(scales), np.int32)
        if not self._native.laplace(out, _flat(scales), _flat(means)):
            raise CorruptError("the coded data holds an impossible number")
        return out

    def close(self) -> None:
        """Verifies that the code ends here."""
        if not self._native.complete():
            raise CorruptError("coded data is left over")
