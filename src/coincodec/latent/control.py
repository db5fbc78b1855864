"""The price of a bit during a fit: fixed, or led to where the result has the size or quality that was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..image import Samples
from .model import Array32
from .recipe import KODAK_PIXELS

if TYPE_CHECKING:
    from .fitted import Model


class Control(Protocol):
    """price: of a bit per pixel, in mean squared error of samples in 0..1."""

    price: float

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Looks at what the model costs, with integer latents, after that share of the fit."""


@dataclass
class FixedPrice:
    """The price that was asked for."""

    price: float

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Changes nothing."""


# Where bits are cheaper than in any fit that starts come from, a fit begins at the price of those, and is down at its
# own after half of it. Else latents, in small units, would have too far to go, and the networks too much to learn.
STARTS_KNOW, _DESCENT = 3e-4, 0.5


def price_at(share: float, goal: float) -> float:
    """The price after a share of a fit that is to end at the price `goal`."""
    if goal >= STARTS_KNOW or share >= _DESCENT:
        return goal
    return float(STARTS_KNOW * (goal / STARTS_KNOW) ** (share / _DESCENT))


# On Kodak, with a deviation of 1.3 times (tools/fit_control.py): the price that leads to a rate, or to an error, is
# exp(first) times that to the power of the second, times the picture's detail to the power of the third. In one picture
# the powers are a bit larger. The same of what is fitted for eyes.
_OF_BITS, _OF_ERROR = (-1.96, -1.49, 1.75), (1.01, 1.66, -1.42)
_OF_EYE_BITS, _OF_DISTANCE = (-2.47, -1.56, 1.79), (-8.03, 1.52, 0.35)
_BY_RATE, _BY_ERROR, _BY_DISTANCE = 1.6, 1.6, 1.6

# What networks take, in bits per parameter, at low prices and at least, and by how much less for a price higher by the
# factor e. Their precision is worth the more the more pixels they serve.
NETWORK_BITS, LEAST_NETWORK_BITS, _LESS = 7.0, 4.0, 0.4
_LOW_PRICE = 1e-3

# What Kodak says nothing about: detail outside its range counts as its ends. A fit that begins at a price above that of
# the lowest quality finds nothing worth a bit, and does not come back from there.
_LEAST_DETAIL, _MOST_DETAIL = 0.016, 0.06
_LEAST_PRICE, _MOST_PRICE = 1e-7, 0.05

# The lowest price of the fits that tell what is to come.
LEAST_FITTED = 3e-4

# The largest correction, early in a fit, which may have begun at another price altogether, and later.
_EARLY = 1 / 3
_LARGEST_EARLY, _LARGEST = 2.5, 1.6


def detail(samples: Samples) -> float:
    """How much neighbours differ, rows and columns: the mean of |difference| of the channels' mean, in 0..1."""
    grey = samples.sum(axis=2, dtype=np.int32)
    differences = [np.abs(np.diff(grey, axis=axis)).mean() for axis in (0, 1) if grey.shape[axis] > 1]
    largest = np.iinfo(samples.dtype).max * samples.shape[2]
    return float(np.mean(differences)) / largest if differences else 0.0


def _usual(relation: tuple[float, float, float], value: float, of_detail: float) -> float:
    first, power, by_detail = relation
    of_detail = min(max(of_detail, _LEAST_DETAIL), _MOST_DETAIL)
    logarithm = first + power * math.log(value) + by_detail * math.log(of_detail)
    return min(max(math.exp(min(logarithm, 0.0)), _LEAST_PRICE), _MOST_PRICE)


def final_bits(share: float, bits: float) -> float:
    """The bits that a model ends with which has so many after a share of its fit, if the price does not change.

    Per pixel, either. Fitted to five pictures of Kodak at 0.05 to 2.4 bits per pixel, with presets `fast` and
    `default` (tools/fit_control.py), within 6 % from 40 % of the fit on; noise and a high temperature leave integers
    that later vanish, the more the fewer there are.
    """
    final = bits
    for _ in range(8):
        final = bits / math.exp(1.03 * (1 - share) ** 1.9 / (1 + final / 0.79))
    return final


def final_error(share: float, squared_error: float, price: float) -> float:
    """The same of the squared error, at that price of a bit, within 3 %: it falls by more where bits are cheap.

    Prices below those it was fitted to count as the lowest of them.
    """
    return squared_error / math.exp(0.175 * (1 - share) ** 1.8 * (1 + 4.5e-4 / max(price, LEAST_FITTED)))


def final_distance(share: float, distance: float, price: float) -> float:
    """The same of how far the picture looks from the original, within 9 %."""
    return distance / math.exp(0.66 * (1 - share) ** 1.96 * (1 + 7.1e-4 / max(price, LEAST_FITTED)))


def effect(share: float) -> float:
    """How much of the effect that a change of price has from the beginning it has from that share of a fit on."""
    return 1 - share**2


def _corrected(price: float, logarithm: float, share: float) -> float:
    """The price after a correction by exp(logarithm) or, since late ones have less effect, more."""
    limit = math.log(_LARGEST_EARLY if share < _EARLY else _LARGEST)
    return price * math.exp(min(max(logarithm / effect(share), -limit), limit))


def network_bits(parameters: int, price: float, pixels: int) -> float:
    """What networks of so many parameters will take, about, with what coarser ones cost in bits of latents."""
    dear = max(0.0, math.log(price / _LOW_PRICE * KODAK_PIXELS / pixels))
    return parameters * max(NETWORK_BITS - _LESS * dear, LEAST_NETWORK_BITS)


class RateControl:
    """Leads networks and latents to `bits`, of a picture of so many pixels and that detail."""

    def __init__(self, bits: float, parameters: int, pixels: int, of_detail: float, for_eyes: bool = False) -> None:
        self.bits, self.parameters, self.pixels = bits, parameters, pixels
        self.price = _LOW_PRICE
        for _ in range(4):
            self.price = _usual(_OF_EYE_BITS if for_eyes else _OF_BITS, self._latents(), of_detail)

    def _latents(self) -> float:
        """What is left for the latents, per pixel; if little, then the networks will be coarser than usual."""
        usual = network_bits(self.parameters, self.price, self.pixels)
        least = LEAST_NETWORK_BITS * self.parameters
        return max(self.bits - usual, (self.bits - least) / 2) / self.pixels

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Raises the price where there will be too many bits."""
        expected = final_bits(share, model.evaluate(parameters).bits / model.pixels)
        self.price = _corrected(self.price, _BY_RATE * math.log(max(expected, 1e-9) / self._latents()), share)


class ErrorControl:
    """Leads the picture, of that detail, to a mean squared error."""

    def __init__(self, squared_error: float, of_detail: float) -> None:
        self.squared_error = squared_error
        self.price = _usual(_OF_ERROR, squared_error, of_detail)

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Lowers the price where the error will be too large."""
        expected = final_error(share, model.evaluate(parameters).error, self.price)
        self.price = _corrected(self.price, _BY_ERROR * math.log(self.squared_error / max(expected, 1e-9)), share)


class LooksControl:
    """Leads the picture, of that detail, to where it looks so far from the original: a weighted sum of SSIMULACRA 2.

    freedom: the price stays within this factor of what is usual.
    """

    def __init__(self, distance: float, of_detail: float, freedom: float = math.inf) -> None:
        self.distance = distance
        self.price = _usual(_OF_DISTANCE, distance, of_detail)
        self._least, self._most = self.price / freedom, self.price * freedom

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Lowers the price where it will look too far from it."""
        model.evaluate(parameters)
        expected = final_distance(share, model.distance(), self.price)
        price = _corrected(self.price, _BY_DISTANCE * math.log(self.distance / max(expected, 1e-3)), share)
        self.price = min(max(price, self._least), self._most)
