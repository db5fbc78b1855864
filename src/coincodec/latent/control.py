"""The price of a bit during a fit: fixed, or led to where the result has the size or quality that was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .model import Array32

if TYPE_CHECKING:
    from .fit import Model


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


# On Kodak: the price where the latents take a third of a bit per pixel, the powers by which price falls with rate and
# grows with error, and price over error.
_PRICE, _RATE = 1e-3, 0.33
_BY_RATE, _BY_ERROR = 1.6, 1.6
_PRICE_OVER_ERROR = 2.5

# The largest correction, early in a fit, which may have begun at another price altogether, and later.
_EARLY = 1 / 3
_LARGEST_EARLY, _LARGEST = 2.5, 1.6


def final_bits(share: float, bits: float) -> float:
    """The bits that a model ends with which has so many after a share of its fit, if the price does not change.

    Per pixel, either. Fitted to five pictures of Kodak at 0.1 to 1.9 bits per pixel, within a tenth from a third of the
    fit on; noise and a high temperature leave integers that later vanish, the more the fewer there are.
    """
    final = bits
    for _ in range(4):
        final = bits / math.exp(1.2 * (1 - share) ** 1.5 / (1 + final / 0.9))
    return final


def final_error(share: float, squared_error: float) -> float:
    """The same of the squared error."""
    return squared_error / math.exp(0.33 * (1 - share) ** 2)


def effect(share: float) -> float:
    """How much of the effect that a change of price has from the beginning it has from that share of a fit on."""
    return 1 - share**2


def _corrected(price: float, logarithm: float, share: float) -> float:
    """The price after a correction by exp(logarithm) or, since late ones have less effect, more."""
    limit = math.log(_LARGEST_EARLY if share < _EARLY else _LARGEST)
    return price * math.exp(min(max(logarithm / effect(share), -limit), limit))


class RateControl:
    """Leads the latents to `bits` per pixel."""

    def __init__(self, bits: float) -> None:
        self.bits = bits
        self.price = min(max(_PRICE * (bits / _RATE) ** -_BY_RATE, 1e-7), 1.0)

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Raises the price where there will be too many bits."""
        bits = model.evaluate(parameters).bits / model.pixels
        expected = final_bits(share, bits)
        self.price = _corrected(self.price, _BY_RATE * math.log(max(expected, 1e-9) / self.bits), share)


class ErrorControl:
    """Leads the picture to a mean squared error."""

    def __init__(self, squared_error: float) -> None:
        self.squared_error = squared_error
        self.price = min(max(_PRICE_OVER_ERROR * squared_error, 1e-7), 1.0)

    def correct(self, model: Model, parameters: Array32, share: float) -> None:
        """Lowers the price where the error will be too large."""
        expected = final_error(share, model.evaluate(parameters).squared_error)
        self.price = _corrected(self.price, _BY_ERROR * math.log(self.squared_error / max(expected, 1e-9)), share)
