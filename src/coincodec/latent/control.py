"""The price of a bit during a fit: fixed, or led to where the result has the size or quality that was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from ..image import Samples
from ..state import State
from .cost import Cost
from .model import Array32
from .recipe import KODAK_PIXELS


class Fitted(Protocol):
    """What a control looks at."""

    @property
    def pixels(self) -> int:
        """Of the picture, or of what stands for it."""

    def evaluate(self, parameters: Array32) -> Cost:
        """The cost with the latents rounded to integers."""

    def distance(self) -> float:
        """How far what was shown last looks from the picture."""

    def detailed(self, price: float) -> bool:
        """Whether the picture is, at that price."""


class Control(Protocol):
    """price: of a bit per pixel, in mean squared error of samples in 0..1."""

    price: float

    def correct(self, model: Fitted, parameters: Array32, share: float) -> None:
        """Looks at what the model costs, with integer latents, after that share of the fit."""

    def state(self) -> State:
        """What changes during a fit."""

    def restore(self, state: State) -> None:
        """Takes that."""


@dataclass
class FixedPrice:
    """The price that was asked for."""

    price: float

    def correct(self, model: Fitted, parameters: Array32, share: float) -> None:
        """Changes nothing."""

    def state(self) -> State:
        """See `Control`."""
        return {"price": self.price}

    def restore(self, state: State) -> None:
        """See `Control`."""
        self.price = float(state["price"])


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
# the powers are a bit larger.
_OF_BITS = {"psnr": (-1.96, -1.49, 1.75), "eye": (-2.48, -1.53, 1.79)}
_OF_ERROR, _OF_DISTANCE = (1.01, 1.66, -1.42), (-7.93, 1.42, 0.38)
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


class Ends(NamedTuple):
    """What fits end with, told from how they go: it shrinks by the exponential of c1 (1 - share)^c2 times a factor.

    bits: the factor is 1 / (1 + final bits / c3): noise and a high temperature leave integers that later vanish, the
    more the fewer there are. off: mean squared error, or how far a picture looks from the original; the factor is
    1 + c3 / price: it falls by more where bits are cheap.
    """

    bits: tuple[float, float, float]
    off: tuple[float, float, float]


# Fitted to five pictures of Kodak at 0.05 to 2.4 bits per pixel, with presets `fast` and `default`
# (tools/fit_control.py): by tune and by whether a picture is `detailed`, and begins at its own size with
# networks alone. From a quarter of a fit on bits are within 2 to 4 %, errors within 2 to 3 %, looks within 7 to 8 %.
ENDS = {
    ("psnr", False): Ends((1.29, 1.95, 0.258), (0.231, 2.1, 3.1e-4)),
    ("psnr", True): Ends((2.57, 1.73, 0.207), (0.103, 1.57, 9.3e-4)),
    ("eye", False): Ends((2.58, 2.2, 0.0456), (0.484, 2.04, 9.1e-4)),
    ("eye", True): Ends((1.39, 1.83, 0.468), (0.836, 1.81, 3.6e-4)),
}


def final_bits(share: float, bits: float, ends: Ends) -> float:
    """The bits per pixel that a model ends with which has so many after a share of its fit, at the same price."""
    first, power, scale = ends.bits
    final = bits
    for _ in range(20):
        final = bits / math.exp(first * (1 - share) ** power / (1 + final / scale))
    return final


def final_off(share: float, off: float, price: float, ends: Ends) -> float:
    """The same of how far it is off, at that price; prices below those it was fitted to count as the lowest of them."""
    first, power, scale = ends.off
    return off / math.exp(first * (1 - share) ** power * (1 + scale / max(price, LEAST_FITTED)))


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


class _Foretelling:
    """A price that is led by how the fit goes. tune: what for."""

    price: float

    def __init__(self, tune: str) -> None:
        self._tune = tune
        self._ends: Ends | None = None

    def _ends_of(self, model: Fitted) -> Ends:
        """Of the fit that this model is of: the price it began with decides how it goes."""
        if self._ends is None:
            self._ends = ENDS[self._tune, model.detailed(self.price)]
        return self._ends

    def state(self) -> State:
        """See `Control`."""
        return {"price": self.price, "ends": self._ends}

    def restore(self, state: State) -> None:
        """See `Control`."""
        self.price = float(state["price"])
        if state["ends"] is not None:
            bits, off = ((float(a), float(b), float(c)) for a, b, c in state["ends"])
            self._ends = Ends(bits, off)


class RateControl(_Foretelling):
    """Leads networks and latents to `bits`, of a picture of so many pixels and that detail."""

    def __init__(self, bits: float, parameters: int, pixels: int, of_detail: float, tune: str = "psnr") -> None:
        super().__init__(tune)
        self.bits, self.parameters, self.pixels = bits, parameters, pixels
        self.price = _LOW_PRICE
        for _ in range(4):
            self.price = _usual(_OF_BITS[tune], self._latents(), of_detail)

    def _latents(self) -> float:
        """What is left for the latents, per pixel; if little, then the networks will be coarser than usual."""
        usual = network_bits(self.parameters, self.price, self.pixels)
        least = LEAST_NETWORK_BITS * self.parameters
        return max(self.bits - usual, (self.bits - least) / 2) / self.pixels

    def correct(self, model: Fitted, parameters: Array32, share: float) -> None:
        """Raises the price where there will be too many bits."""
        expected = final_bits(share, model.evaluate(parameters).bits / model.pixels, self._ends_of(model))
        self.price = _corrected(self.price, _BY_RATE * math.log(max(expected, 1e-9) / self._latents()), share)


class ErrorControl(_Foretelling):
    """Leads the picture, of that detail, to a mean squared error."""

    def __init__(self, squared_error: float, of_detail: float) -> None:
        super().__init__("psnr")
        self.squared_error = squared_error
        self.price = _usual(_OF_ERROR, squared_error, of_detail)

    def correct(self, model: Fitted, parameters: Array32, share: float) -> None:
        """Lowers the price where the error will be too large."""
        expected = final_off(share, model.evaluate(parameters).error, self.price, self._ends_of(model))
        self.price = _corrected(self.price, _BY_ERROR * math.log(self.squared_error / max(expected, 1e-9)), share)


class LooksControl(_Foretelling):
    """Leads the picture, of that detail, to where it looks so far from the original: a weighted sum of SSIMULACRA 2.

    freedom: the price stays within this factor of what is usual.
    """

    def __init__(self, distance: float, of_detail: float, freedom: float = math.inf) -> None:
        super().__init__("eye")
        self.distance = distance
        self.price = _usual(_OF_DISTANCE, distance, of_detail)
        self._least, self._most = self.price / freedom, self.price * freedom

    def correct(self, model: Fitted, parameters: Array32, share: float) -> None:
        """Lowers the price where it will look too far from it."""
        model.evaluate(parameters)
        expected = final_off(share, model.distance(), self.price, self._ends_of(model))
        price = _corrected(self.price, _BY_DISTANCE * math.log(self.distance / max(expected, 1e-3)), share)
        self.price = min(max(price, self._least), self._most)
