"""How alike two pictures are to the eye: MS-SSIM, as the field reports it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

Rgb = NDArray[np.uint8]

# Wang, Simoncelli and Bovik 2003, section 3.2; the window and constants are those of Wang et al. 2004.
_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_RADIUS, _SIGMA = 5, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

# The window must fit in the coarsest scale.
MIN_SIDE = (2 * _RADIUS + 1) * 2 ** (len(_SCALE_WEIGHTS) - 1)


def ms_ssim(a: Rgb, b: Rgb) -> float | None:
    """Multi-scale structural similarity, 0 to 1, the mean over R, G and B.

    Five scales, Gaussian window of 11 pixels and sigma 1.5, where it lies inside the picture. None for pictures
    with a side under MIN_SIDE, for which it is not defined.
    """
    if min(a.shape[:2]) < MIN_SIDE:
        return None
    x, y = (np.moveaxis(picture.astype(np.float64), 2, 0) for picture in (a, b))
    result = np.ones(len(x))
    for scale, weight in enumerate(_SCALE_WEIGHTS):
        if scale:
            x, y = _halve(x), _halve(y)
        luminance, contrast = _compare(x, y)
        last = scale == len(_SCALE_WEIGHTS) - 1
        similarity = (luminance * contrast if last else contrast).mean((1, 2))
        result *= np.maximum(similarity, 0) ** weight
    return float(result.mean())


def _compare(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The luminance term and the contrast-structure term of SSIM at every place of the window."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x = _blur(x * x) - mean_x**2
    variance_y = _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return luminance, (2 * covariance + _C2) / (variance_x + variance_y + _C2)


def _blur(planes: NDArray[Any]) -> NDArray[Any]:
    window = np.exp(-(np.arange(-_RADIUS, _RADIUS + 1) ** 2) / (2 * _SIGMA**2))
    window /= window.sum()
    blurred: NDArray[Any] = correlate1d(correlate1d(planes, window, axis=1), window, axis=2)
    return blurred[:, _RADIUS:-_RADIUS, _RADIUS:-_RADIUS]


def _halve(planes: NDArray[Any]) -> NDArray[Any]:
    """Means of 2x2; an odd last row or column is left out."""
    _, height, width = planes.shape
    even = planes[:, : height // 2 * 2, : width // 2 * 2]
    means: NDArray[Any] = (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4
    return means
