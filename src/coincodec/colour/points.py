"""The code points of ITU-T H.273: primaries, and curves between what is coded and light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# The white of profiles, from the X, Y, Z that ICC.1:2022 has for it.
D50 = (0.9642 / (0.9642 + 1 + 0.8249), 1 / (0.9642 + 1 + 0.8249))
_D65, _C = (0.3127, 0.3290), (0.310, 0.316)

# Nits of diffuse white in a picture of absolute light (ITU-R BT.2408), and of the display that HLG is meant for.
WHITE = 203.0
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2


@dataclass(frozen=True)
class Primaries:
    """CIE 1931 x, y of red, green and blue, and of white."""

    name: str
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float]

    def to_xyz(self) -> NDArray[np.float64]:
        """From linear light to XYZ, the white having Y = 1 (SMPTE RP 177)."""
        columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (self.red, self.green, self.blue)]).T
        x, y = self.white
        white = np.array([x / y, 1, (1 - x - y) / y])
        return np.asarray(columns * np.linalg.solve(columns, white))


@dataclass(frozen=True)
class Transfer:
    """A curve. to_light: from samples in 0..1 to light, 1 being diffuse white. absolute: light goes far beyond 1.

    parameters: of ICC's parametric curve of type 3, g, a, b, c, d: (a v + b)^g from d on, c v below; none for others.
    """

    name: str
    to_light: Callable[[Array], Array]
    parameters: tuple[float, float, float, float, float] | None = None
    absolute: bool = False


def adapted(white: tuple[float, float], to: tuple[float, float]) -> NDArray[np.float64]:
    """From XYZ under one white to XYZ that looks the same under another (Bradford, ICC.1:2022 annex E)."""
    cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    before, after = (cone @ np.array([x / y, 1, (1 - x - y) / y]) for x, y in (white, to))
    return np.asarray(np.linalg.inv(cone) @ np.diag(after / before) @ cone)


def _parametric(name: str, g: float, a: float = 1, b: float = 0, c: float = 0, d: float = 0) -> Transfer:
    def to_light(v: Array) -> Array:
        powers = np.maximum(np.float32(a) * v + np.float32(b), 0) ** np.float32(g)
        return np.asarray(np.where(v >= d, powers, np.float32(c) * v), np.float32)

    return Transfer(name, to_light, (g, a, b, c, d))


def power(gamma: float) -> Transfer:
    """Light as a power of samples."""
    return _parametric(f"gamma {gamma:.4g}", gamma)


def _pq(v: Array) -> Array:
    """SMPTE ST 2084."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    p = np.asarray(v, np.float64) ** (1 / m2)
    return np.asarray(10_000 / WHITE * (np.maximum(p - c1, 0) / (c2 - c3 * p)) ** (1 / m1), np.float32)


def _hlg(v: Array) -> Array:
    """ITU-R BT.2100's inverse OETF and, channel by channel, the OOTF of a display of 1,000 nits."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    v = np.asarray(v, np.float64)
    scene = np.where(v <= 0.5, v * v / 3, (np.exp((v - c) / a) + b) / 12)
    return np.asarray(_HLG_PEAK / WHITE * scene**_HLG_GAMMA, np.float32)


PRIMARIES = {
    1: Primaries("Rec. 709", (0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65),
    4: Primaries("NTSC 1953", (0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: Primaries("PAL", (0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: Primaries("SMPTE 170M", (0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: Primaries("SMPTE 240M", (0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: Primaries("Rec. 2020", (0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: Primaries("DCI-P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: Primaries("Display P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}

_REC_709 = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)

TRANSFERS = {
    1: _parametric("curve of Rec. 709", *_REC_709),
    4: _parametric("gamma 2.2", 2.2),
    5: _parametric("gamma 2.8", 2.8),
    6: _parametric("curve of Rec. 709", *_REC_709),
    8: _parametric("linear", 1.0),
    13: _parametric("curve of sRGB", 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    14: _parametric("curve of Rec. 709", *_REC_709),
    15: _parametric("curve of Rec. 709", *_REC_709),
    16: Transfer("PQ", _pq, absolute=True),
    18: Transfer("HLG", _hlg, absolute=True),
}
