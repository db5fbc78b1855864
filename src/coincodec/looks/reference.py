"""SSIMULACRA 2's weighted sum in float64 NumPy: what the native kernels are checked against."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ssimulacra2 import scales_of

Array64 = NDArray[np.float64]

_CONES = np.array(
    [
        [0.30, 1 - 0.30 - 0.078, 0.078],
        [0.23, 1 - 0.23 - 0.078, 0.078],
        [0.24342268924547819, 0.20476744424496821, 1 - 0.24342268924547819 - 0.20476744424496821],
    ]
)
_BIAS, _C2 = 0.0037930732552754493, 0.0009
_SIGMA, _RADIUS = 1.5, 5


def window() -> Array64:
    """The response of Charalampidis' recursive Gaussian (2016, section III), which ends by itself after `_RADIUS`."""
    omega = np.array([1, 3, 5]) * np.pi / (2 * _RADIUS)
    p = np.array([1, -1, 1]) / np.tan(omega / 2)
    r = np.array([1, -1, 1]) * p**2 / np.sin(omega)
    rho = np.exp(-(_SIGMA**2) * omega**2 / 2) / _RADIUS
    minors = [p[i] * r[(i + 1) % 3] - r[i] * p[(i + 1) % 3] for i in range(3)]
    zeta = np.array([minors[1] / minors[0], minors[2] / minors[0]])
    system = np.array([p, r, [*zeta, 1]])
    beta = np.linalg.solve(system, [1, _RADIUS**2 - _SIGMA**2, zeta @ rho[:2] + rho[2]])
    places = np.arange(1 - _RADIUS, _RADIUS)
    return np.asarray(np.cos(np.outer(places, omega)) @ beta)


def blur(plane: Array64) -> Array64:
    """Blurred with that window; beyond the border is 0."""
    taps = window()
    for _ in range(2):
        padded = np.pad(plane, ((len(taps) // 2, len(taps) // 2), (0, 0)))
        plane = np.asarray(sum(tap * padded[k : k + len(plane)] for k, tap in enumerate(taps))).T
    return plane


def light(samples: Array64) -> Array64:
    """Of sRGB samples (IEC 61966-2-1), clamped to 0..1."""
    v = np.clip(samples, 0, 1)
    return np.where(v > 0.04045, ((v + 0.055) / 1.055) ** 2.4, v / 12.92)


def opponents(rgb: Array64) -> Array64:
    """X, Y and B of planes of light, as the metric takes them."""
    roots = np.cbrt(np.tensordot(_CONES, rgb, 1) + _BIAS) - np.cbrt(_BIAS)
    x, y = (roots[0] - roots[1]) / 2, (roots[0] + roots[1]) / 2
    return np.stack([14 * x + 0.42, y + 0.01, roots[2] - y + 0.55])


def halved(planes: Array64) -> Array64:
    """Means of two by two; an odd last row or column counts twice."""
    _, rows, columns = planes.shape
    even = np.pad(planes, ((0, 0), (0, rows % 2), (0, columns % 2)), "edge")
    return np.asarray((even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4)


def maps(original: Array64, shown: Array64) -> tuple[Array64, Array64, Array64]:
    """Structure, artefacts and lost detail at every place of an opponent colour."""
    mean1, mean2 = blur(original), blur(shown)
    variances = blur(original**2) - mean1**2 + blur(shown**2) - mean2**2
    covariance = blur(original * shown) - mean1 * mean2
    structure = 1 - (1 - (mean1 - mean2) ** 2) * (2 * covariance + _C2) / (variances + _C2)
    edges = (1 + np.abs(shown - mean2)) / (1 + np.abs(original - mean1)) - 1
    return np.maximum(structure, 0), np.maximum(edges, 0), np.maximum(-edges, 0)


def distance(original: Array64, shown: Array64, weights: NDArray[Any]) -> float:
    """The weighted sum. original, shown: planes of 1 or 3 channels in 0..1. weights: as in `ssimulacra2.weights`."""
    one, other = (light(np.broadcast_to(planes, (3, *planes.shape[1:]))) for planes in (original, shown))
    total = 0.0
    for scale in range(scales_of(*original.shape[1:])):
        if scale:
            one, other = halved(one), halved(other)
        for colour, pair in enumerate(zip(opponents(one), opponents(other), strict=True)):
            for number, found in enumerate(maps(*pair)):
                plain, fourth = weights[colour, scale, :, number]
                total += plain * found.mean() + fourth * np.mean(found**4) ** 0.25
    return float(total)
