"""How good and how large: PSNR and bits per pixel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Samples compared at once: eight bytes each are few beside a picture's own.
_AT_ONCE = 1 << 20


def squared_error(a: NDArray[Any], b: NDArray[Any]) -> int:
    """Sum of squared differences of two uint8 or uint16 arrays of the same shape, exact."""
    a, b = np.ravel(a), np.ravel(b)
    total = 0
    for first in range(0, a.size, _AT_ONCE):
        difference = a[first : first + _AT_ONCE].astype(np.int64) - b[first : first + _AT_ONCE]
        total += int(np.vdot(difference, difference))
    return total


def seen_error(decoded: NDArray[Any], original: NDArray[Any]) -> tuple[int, int]:
    """Sum of squared differences over what can be seen, and how many samples that is: not the colours where the
    original's alpha is 0. Arrays of shape (H, W, C), uint8 or uint16; C of 2 or 4 has an alpha channel."""
    if original.shape[2] % 2:
        return squared_error(decoded, original), original.size
    seen = original[..., -1] > 0
    alpha = squared_error(decoded[..., -1], original[..., -1])
    return alpha + squared_error(decoded[..., :-1][seen], original[..., :-1][seen]), seen_samples(original)


def seen_samples(picture: NDArray[Any]) -> int:
    """How many samples can be seen, likewise."""
    channels = int(picture.shape[2])
    if channels % 2:
        return int(picture.size)
    return int(picture[..., -1].size) + (channels - 1) * int(np.count_nonzero(picture[..., -1]))


def psnr(mean_squared_error: float, bit_depth: int) -> float:
    """Peak signal-to-noise ratio in dB, for an error in squared integer levels; infinite for 0."""
    if mean_squared_error == 0:
        return math.inf
    return 10 * math.log10((2**bit_depth - 1) ** 2 / mean_squared_error)


def bits_per_pixel(size: int, width: int, height: int) -> float:
    """Rate of a file of `size` bytes, everything counted."""
    return 8 * size / (width * height)


def rgb_psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """PSNR in dB over all samples of two 8-bit pictures of the same shape."""
    return psnr(squared_error(a, b) / a.size, 8)
