"""What a fit comes near to for its picture to look like the original: masked squared error and SSIMULACRA 2, mixed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .. import _native
from .ssimulacra2 import SCALES, weights_of_the_tool

Array32 = NDArray[np.float32]

# The share of the metric's gradient; the rest is the masked squared error's, which knows what the metric does not.
_MIX = 0.5

# An error is masked as (activity around it + _CONSTANT)^-_POWER: an eye sees less where much happens. The activity is
# the luma's variance in a Gaussian of _SIGMA pixels, the least of that around the place and _APART pixels from it to
# all four sides: much happens along an edge, too, but what is beside it shows every error. Above _MOST variances are
# those of letters and lines, which hide the less the starker they are.
_CONSTANT, _POWER, _SIGMA, _APART, _MOST = 3e-4, 0.5, 2.0, 5, 0.015

# An error counts 1 + _STANDS_OUT times as much as the colour there differs from the mean around, _AROUND pixels to all
# sides: a small red thing that turns brown is seen at once.
_STANDS_OUT, _AROUND = 6.0, 9

# Opponent colours of sRGB samples: red against green, blue against both.
_OPPONENT = np.array([[1, -1, 0], [-0.35, -0.35, 0.7]], np.float32)

# Terms of the metric with less weight than this change nothing but the time it takes.
_LEAST_WEIGHT = 0.01

# Luma of sRGB samples (ITU-R BT.601).
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def blur(plane: Array32, sigma: float) -> Array32:
    """Blurred with a Gaussian of that deviation in pixels, to three of them; the border's pixels go on beyond it."""
    reach = math.ceil(3 * sigma)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    taps /= taps.sum()
    for _ in range(2):
        padded = np.pad(plane, ((reach, reach), (0, 0)), "edge")
        blurred = np.zeros_like(plane)
        for place, tap in enumerate(taps):
            blurred += tap * padded[place : place + len(plane)]
        plane = np.ascontiguousarray(blurred.T)
    return plane


def mean_around(plane: Array32, reach: int) -> Array32:
    """The running mean of `reach` pixels to both sides along each axis, twice; the border's pixels go on beyond it."""
    for _ in range(2):
        for _ in range(2):
            sums = np.cumsum(np.pad(plane, ((reach + 1, reach), (0, 0)), "edge"), axis=0, dtype=np.float64)
            plane = ((sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1)).astype(np.float32)
        plane = np.ascontiguousarray(plane.T)
    return plane


def mask(picture: Array32, level: int) -> Array32:
    """How much an error counts at each pixel; relations alone mean anything.

    picture: shape (channels, height, width), sRGB in 0..1, of one or three colours; its sides are 2^-level of those of
    the picture that will be seen.
    """
    luma = picture[0] if len(picture) < 3 else np.tensordot(_LUMA, picture[:3], 1)
    sigma, apart = _SIGMA / 2**level, max(1, round(_APART / 2**level))
    variance = np.maximum(blur(luma * luma, sigma) - blur(luma, sigma) ** 2, 0)
    activity = variance.copy()
    for step in (slice(apart, None), slice(None, -apart)):
        back = slice(None, -apart) if step.start else slice(apart, None)
        np.minimum(activity[step], variance[back], out=activity[step])
        np.minimum(activity[:, step], variance[:, back], out=activity[:, step])
    activity /= 1 + (activity / np.float32(_MOST)) ** 2
    weights = (activity + np.float32(_CONSTANT)) ** np.float32(-_POWER)
    if len(picture) == 3:
        reach = max(1, round(_AROUND / 2**level))
        away = (colour - mean_around(colour, reach) for colour in np.tensordot(_OPPONENT, picture, 1))
        weights *= 1 + np.float32(_STANDS_OUT) * np.hypot(*away)
    return np.asarray(weights, np.float32)


class EyeAim:
    """Aims a fit at one picture."""

    def __init__(self, picture: Array32, weights: Array32, level: int, threads: int, mean: float | None = None) -> None:
        """picture: as `mask` takes it, and maybe a last channel of alpha. weights: of the same shape, to be set.

        Colour that cannot be seen has no weight. mean: of the mask, 1 being the weight of that; by default this
        picture's.
        """
        self.threads = threads
        colours = len(picture) - (len(picture) % 2 == 0)
        counts = mask(picture[:colours], level)
        self.mean = float(counts.mean())
        weights[:colours] = counts / np.float32(self.mean if mean is None else mean)
        if colours < len(picture):
            weights[:colours] *= picture[colours]
            weights[colours] = 1
        rows, columns = picture.shape[1:]
        table, whole = np.zeros((3, SCALES, 2, 3)), weights_of_the_tool(rows << level, columns << level)
        table[:, : SCALES - level] = np.where(whole < _LEAST_WEIGHT, 0, whole)[:, level:]
        self._aim = _native.Aim(picture, weights, table, _MIX, threads)

    def take(self, shown: Array32, goal: Array32) -> tuple[float, float]:
        """Sets the goal: what the weighted squared error is to be taken from, now that this is shown.

        Both lie in memory as the picture does. Returns SSIMULACRA 2's weighted sum and the squared error without
        weights, summed over samples in 0..1.
        """
        return self._aim.take(shown, goal, self.threads)

    @property
    def scale(self) -> float:
        """By what the metric's gradient is multiplied to count as much as the other: a mean over looks."""
        return self._aim.scale

    @scale.setter
    def scale(self, scale: float) -> None:
        self._aim.scale = scale

    def distance(self, shown: Array32) -> float:
        """SSIMULACRA 2's weighted sum alone."""
        return self._aim.distance(shown, self.threads)
