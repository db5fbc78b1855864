"""SSIMULACRA 2 (Sneyers 2023, https://github.com/cloudinary/ssimulacra2), as libjxl's tool, version 2.1, has it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _native
from ..image import Samples

SCALES, LEAST_SIDE = 6, 8

# Weights of the maps' means, those that are not 0, by opponent colour, scale, norm (0 the mean, 1 the fourth root of
# the mean fourth power) and map (0 structure, 1 artefacts, 2 lost detail): fitted by its author to opinions.
_X, _Y, _B = range(3)
_WEIGHTS = {
    (_X, 0, 0, 1): 0.0007376606707406586,
    (_X, 0, 1, 1): 0.0007793481682867309,
    (_X, 1, 0, 1): 0.0004371155730107379,
    (_X, 1, 1, 0): 1.1041726426657346,
    (_X, 1, 1, 1): 0.00066284834129271,
    (_X, 1, 1, 2): 0.00015231632783718752,
    (_X, 2, 0, 1): 0.0016406437456599754,
    (_X, 2, 1, 0): 1.8422455520539298,
    (_X, 2, 1, 1): 11.441172603757666,
    (_X, 3, 0, 0): 0.0007989109436015163,
    (_X, 3, 0, 1): 0.000176816438078653,
    (_X, 3, 1, 0): 1.8787594979546387,
    (_X, 3, 1, 1): 10.94906990605142,
    (_X, 4, 0, 0): 0.0007289346991508072,
    (_X, 4, 0, 1): 0.9677937080626833,
    (_X, 4, 1, 0): 0.00014003424285435884,
    (_X, 4, 1, 1): 0.9981766977854967,
    (_X, 4, 1, 2): 0.00031949755934435053,
    (_X, 5, 0, 0): 0.0004550992113792063,
    (_X, 5, 1, 0): 0.0013648766163243398,
    (_Y, 0, 1, 0): 7.466890328078848,
    (_Y, 0, 1, 2): 17.445833984131262,
    (_Y, 1, 0, 0): 0.0006235601634041466,
    (_Y, 1, 1, 0): 6.683678146179332,
    (_Y, 1, 1, 1): 0.00037724407979611296,
    (_Y, 1, 1, 2): 1.027889937768264,
    (_Y, 2, 0, 0): 225.20515300849274,
    (_Y, 2, 1, 0): 19.213238186143016,
    (_Y, 2, 1, 1): 0.0011401524586618361,
    (_Y, 2, 1, 2): 0.001237755635509985,
    (_Y, 3, 0, 0): 176.39317598450694,
    (_Y, 3, 1, 0): 24.43300999870476,
    (_Y, 3, 1, 1): 0.28520802612117757,
    (_Y, 3, 1, 2): 0.0004485436923833408,
    (_Y, 4, 1, 0): 34.77906344483772,
    (_Y, 4, 1, 1): 44.835625328877896,
    (_B, 0, 0, 1): 0.0008680556573291698,
    (_B, 1, 0, 1): 0.0005313191874358747,
    (_B, 1, 1, 0): 0.00016533814161379112,
    (_B, 2, 1, 0): 0.0004179171803251336,
    (_B, 2, 1, 1): 0.0017290828234722833,
    (_B, 3, 0, 0): 0.0020827005846636437,
    (_B, 3, 1, 0): 8.826982764996862,
    (_B, 3, 1, 1): 23.19243343998926,
    (_B, 4, 0, 0): 95.1080498811086,
    (_B, 4, 0, 1): 0.9863978034400682,
    (_B, 4, 0, 2): 0.9834382792465353,
    (_B, 4, 1, 0): 0.0012286405048278493,
    (_B, 4, 1, 1): 171.2667255897307,
    (_B, 4, 1, 2): 0.9807858872435379,
    (_B, 5, 1, 0): 0.0005130064588990679,
    (_B, 5, 1, 2): 0.00010854057858411537,
}

# From the weighted sum to a score: times the first, as a polynomial of the next three, then as a power.
_GAIN = 0.9562382616834844
_POLYNOMIAL = (2.326765642916932, -0.020884521182843837, 6.248496625763138e-05)
_FACTOR, _POWER = 10.0, 0.6276336467831387

# Grey levels that pictures with an alpha channel are judged on; the lower score counts.
_BACKGROUNDS = (0.1, 0.9)


def weights() -> NDArray[np.float64]:
    """Of shape (opponent colours, scales, norms, maps), as `_native.Ssimulacra2` takes them."""
    table = np.zeros((3, SCALES, 2, 3))
    for place, weight in _WEIGHTS.items():
        table[place] = weight
    return table


def scales_of(rows: int, columns: int) -> int:
    """How many scales a picture of that size has."""
    count = 0
    while count < SCALES and min(rows, columns) >= LEAST_SIDE:
        rows, columns, count = -(-rows // 2), -(-columns // 2), count + 1
    return count


def weights_of_the_tool(rows: int, columns: int) -> NDArray[np.float64]:
    """The weights that libjxl's tool gives a picture of that size.

    It counts the scales that a picture has, so those of small pictures get weights that were fitted to others.
    """
    count, table = scales_of(rows, columns), np.zeros((3, SCALES, 2, 3))
    table[:, :count] = weights().ravel()[: 18 * count].reshape(3, count, 2, 3)
    return table


def score(distance: float) -> float:
    """From a weighted sum of maps to a score: 100 for the original, 90 for no visible difference, 30 for a low quality.

    Bad pictures have negative ones.
    """
    x = _GAIN * distance
    x *= _POLYNOMIAL[0] + x * (_POLYNOMIAL[1] + x * _POLYNOMIAL[2])
    return 100 - _FACTOR * x**_POWER if x > 0 else 100.0


def distance_of(wanted: float) -> float:
    """The weighted sum of maps that has this score: 0 for 100 and more."""
    least, most = 0.0, 1.0
    while score(most) > wanted:
        most *= 2
    for _ in range(60):
        middle = (least + most) / 2
        least, most = (middle, most) if score(middle) > wanted else (least, middle)
    return least


def planes(samples: Samples) -> NDArray[np.float32]:
    """Samples of shape (height, width, channels) as planes of floats in 0..1."""
    floats = np.moveaxis(samples.astype(np.float32), 2, 0) / np.float32(np.iinfo(samples.dtype).max)
    return np.ascontiguousarray(floats)


class Ssimulacra2:
    """Judges pictures that are to look like one original."""

    def __init__(self, original: Samples, threads: int = 1) -> None:
        """original: shape (height, width, channels), uint8 or uint16, sRGB, 1 to 4 channels."""
        self.threads = threads
        self._shape, self._dtype = original.shape, original.dtype
        table = weights_of_the_tool(*original.shape[:2])
        self._judges = [_native.Ssimulacra2(seen, table, threads) for seen in _as_seen(original)]

    def __call__(self, shown: Samples) -> float:
        """The score of a picture of the original's shape and type. Raises ValueError for another."""
        if shown.shape != self._shape or shown.dtype != self._dtype:
            raise ValueError("the pictures must have the same shape and type")
        views = zip(self._judges, _as_seen(shown), strict=True)
        return min(score(judge.distance(seen, self.threads)) for judge, seen in views)


def _as_seen(samples: Samples) -> list[NDArray[Any]]:
    """Its colours; of a picture with an alpha channel, on each of the backgrounds."""
    all_planes = planes(samples)
    if len(all_planes) % 2:
        return [all_planes]
    colours, alpha = all_planes[:-1], all_planes[-1]
    return [np.ascontiguousarray(colours * alpha + np.float32(grey) * (1 - alpha)) for grey in _BACKGROUNDS]
