"""What an encode is to reach: bytes, a PSNR, how it looks, or a price alone; and how the fit is led there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from .. import container, metrics
from ..errors import TargetError
from ..image import Samples
from ..looks.ssimulacra2 import distance_of
from ..options import EncodeOptions
from ..state import State
from .control import (
    LEAST_NETWORK_BITS,
    NETWORK_BITS,
    Control,
    ErrorControl,
    FixedPrice,
    LooksControl,
    RateControl,
    detail,
)
from .model import LatentShape
from .stream import header_for

DEFAULT_QUALITY = 50

# Prices of the qualities 1 and 100 of what is fitted for its PSNR; in proportion less for pictures of fewer pixels than
# SMALL, which pay for networks rather than for bits and have nothing to learn contexts from.
_LOWEST, _HIGHEST = 0.05, 2e-5
SMALL = 1024

# SSIMULACRA 2 by quality, of what is fitted for eyes: about what cjxl's qualities give. Straight between.
_QUALITIES, _SCORES = (1, 20, 50, 80, 100), (5, 30, 60, 80, 92)

# Up to what factor the price of a quality follows the score: on Kodak one deviation is 1.2. Letters and lines have a
# score of 60 when nobody can read them, and noise never has one of 80.
_FREEDOM = 2.5

# By what share of the bytes, by how many dB or points a fit aims inside its target, since it misses by as much; how far
# inside it is near enough, and how far off is far. Looks lose by a repeat of a fit's end as much as by a tenth of the
# bytes, so that fits for eyes aim well inside and are content with more.
BYTES_MARGIN, MOST_UNUSED, FAR = {"psnr": 0.015, "eye": 0.03}, {"psnr": 0.03, "eye": 0.06}, 0.05
PSNR_MARGIN, MOST_OVER, FAR_DB = 0.05, 0.15, 0.25
SCORE_MARGIN, MOST_POINTS, FAR_POINTS = 1.0, 2.5, 3.0

# A repeat's price changes as this power of how many times too large the file is, or too far off it looks; as ten to
# this power per dB too good.
_BY_BYTES, _BY_DISTANCE, _BY_DB = 2.0, 1.6, 0.16


def price_of(quality: float) -> float:
    """The price of a bit for a quality of 1 to 100 that PSNR tells; half of it every 8.8 of them."""
    return float(_LOWEST * (_HIGHEST / _LOWEST) ** ((quality - 1) / 99))


def score_of(quality: float) -> float:
    """SSIMULACRA 2 for a quality of 1 to 100 that eyes tell."""
    return float(np.interp(quality, _QUALITIES, _SCORES))


@dataclass(frozen=True)
class Result:
    """A stream, the PSNR of what it shows, and its SSIMULACRA 2 if it was fitted for eyes."""

    data: bytes
    psnr: float
    score: float | None = None

    def __str__(self) -> str:
        looks = "" if self.score is None else f", SSIMULACRA 2 {self.score:.1f}"
        return f"{len(self.data):,} bytes, {self.psnr:.2f} dB{looks}"

    def state(self) -> State:
        """As `of_state` takes it."""
        return {"data": self.data, "psnr": self.psnr, "score": self.score}

    @staticmethod
    def of_state(state: State) -> Result:
        """What had it."""
        score = state["score"]
        return Result(bytes(state["data"]), float(state["psnr"]), None if score is None else float(score))


class Target(Protocol):
    """What is to be reached, for one picture."""

    def control(self, shape: LatentShape, sent: int | None = None) -> Control:
        """What leads a model of that shape there. Raises `TargetError` if it would be too large.

        sent: about how many parameters' worth of bytes its networks take, if not all of them.
        """

    def holds(self, result: Result) -> bool:
        """Whether the result keeps what was asked."""

    def better(self, result: Result, other: Result) -> bool:
        """Of two results that hold."""

    def miss(self, result: Result) -> float:
        """0 if the target holds and hardly more, else how far off the result is; beyond 1 is far."""

    def correction(self, result: Result, caution: int) -> float:
        """By what the price is to be multiplied for the next round. caution: how many margins to aim inside."""


class Picture:
    """What targets know of a picture."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.pixels = samples.shape[0] * samples.shape[1]

    @cached_property
    def seen(self) -> float:
        """The share of samples that can be seen; what cannot is easy to say, and adds next to nothing to an error."""
        return metrics.seen_samples(self.samples) / self.samples.size

    @cached_property
    def detail(self) -> float:
        """How much neighbours differ."""
        return detail(self.samples)


class Nominal:
    """What a price means by itself, or leads near: whatever a fit gives is right."""

    def __init__(self, control: Callable[[], Control]) -> None:
        """control: makes what leads there, the same for every model."""
        self._control = control

    def control(self, shape: LatentShape, sent: int | None = None) -> Control:
        """A new one, since fits change it."""
        return self._control()

    def holds(self, result: Result) -> bool:
        """Always."""
        return True

    def better(self, result: Result, other: Result) -> bool:
        """There is one result."""
        return False

    def miss(self, result: Result) -> float:
        """None."""
        return 0

    def correction(self, result: Result, caution: int) -> float:
        """None."""
        return 1


class Bytes:
    """At most so many bytes of a whole file."""

    def __init__(self, budget: int, picture: Picture, tune: str) -> None:
        self.budget, self._picture, self._tune = budget, picture, tune

    def __str__(self) -> str:
        return f"{self.budget:,} bytes"

    def control(self, shape: LatentShape, sent: int | None = None) -> Control:
        """Leads to what the container and the networks leave of them."""
        parameters = shape.parameters if sent is None else sent
        usual, least = (bits * parameters / 8 for bits in (NETWORK_BITS, LEAST_NETWORK_BITS))
        header = header_for(self._picture.samples, shape)
        room = self.budget - container.overhead(header, [int(usual), self.budget])
        if room < least + shape.latents / 8000:
            raise TargetError(f"{self.budget} bytes are too few for this model; the siren model has no such floor")
        aim = room - BYTES_MARGIN[self._tune] * (room - least)
        picture = self._picture
        return RateControl(8 * aim, parameters, picture.pixels, picture.detail, self._tune)

    def holds(self, result: Result) -> bool:
        """Not one more."""
        return len(result.data) <= self.budget

    def better(self, result: Result, other: Result) -> bool:
        """More quality; the larger file has that."""
        if result.score is not None and other.score is not None:
            return result.score > other.score
        return result.psnr > other.psnr

    def miss(self, result: Result) -> float:
        """By the share of the bytes that is not used, or too much."""
        over = len(result.data) / self.budget - 1
        return 0 if -MOST_UNUSED[self._tune] <= over <= 0 else over / FAR

    def correction(self, result: Result, caution: int) -> float:
        """Small pictures miss by more than large ones."""
        return float((len(result.data) / self.budget / (1 - caution * BYTES_MARGIN["psnr"])) ** _BY_BYTES)


class _Least:
    """At least so much of a quality, in as few bytes as are found.

    most_over: how much more is near enough. far: how far off is far.
    """

    most_over: float
    far: float

    def __init__(self, wanted: float, picture: Picture) -> None:
        self.wanted, self._picture = wanted, picture

    def of(self, result: Result) -> float:
        """That quality of a result."""
        raise NotImplementedError

    def holds(self, result: Result) -> bool:
        """Not less."""
        return self.of(result) >= self.wanted

    def better(self, result: Result, other: Result) -> bool:
        """Fewer bytes."""
        return len(result.data) < len(other.data)

    def miss(self, result: Result) -> float:
        """By the quality."""
        over = self.of(result) - self.wanted
        return 0 if 0 <= over <= self.most_over else over / self.far


class Psnr(_Least):
    """A PSNR in dB."""

    most_over, far = MOST_OVER, FAR_DB

    def __str__(self) -> str:
        return f"{self.wanted} dB"

    def of(self, result: Result) -> float:
        """In dB."""
        return result.psnr

    def control(self, shape: LatentShape, sent: int | None = None) -> Control:
        """Leads to the squared error of a PSNR a bit above it."""
        return ErrorControl(self._picture.seen * 10 ** (-(self.wanted + PSNR_MARGIN) / 10), self._picture.detail)

    def correction(self, result: Result, caution: int) -> float:
        """A factor per dB."""
        return float(10 ** (_BY_DB * (result.psnr - self.wanted - caution * PSNR_MARGIN)))


class Looks(_Least):
    """A score of SSIMULACRA 2."""

    most_over, far = MOST_POINTS, FAR_POINTS

    def __str__(self) -> str:
        return f"SSIMULACRA 2 {self.wanted}"

    def of(self, result: Result) -> float:
        """In points."""
        assert result.score is not None
        return result.score

    def control(self, shape: LatentShape, sent: int | None = None) -> Control:
        """Leads to the weighted sum of a score a bit above it."""
        return LooksControl(distance_of(self.wanted + SCORE_MARGIN), self._picture.detail)

    def correction(self, result: Result, caution: int) -> float:
        """As the weighted sum has it."""
        wanted, found = (distance_of(s) for s in (self.wanted + caution * SCORE_MARGIN, self.of(result)))
        return float((wanted / max(found, 1e-6)) ** _BY_DISTANCE)


def target_of(options: EncodeOptions, samples: Samples, for_eyes: bool) -> Target:
    """What the options ask of a picture. for_eyes: whether it is fitted for them."""
    picture = Picture(samples)
    budget = options.budget(picture.pixels)
    if budget is not None:
        return Bytes(budget, picture, "eye" if for_eyes else "psnr")
    if options.psnr is not None:
        return Psnr(options.psnr, picture)
    if options.ssimulacra2 is not None:
        return Looks(options.ssimulacra2, picture)
    if options.lambda_ is not None:
        price = options.lambda_
        return Nominal(lambda: FixedPrice(price))
    quality = DEFAULT_QUALITY if options.quality is None else options.quality
    if for_eyes:
        return Nominal(lambda: LooksControl(distance_of(score_of(quality)), picture.detail, _FREEDOM))
    return Nominal(lambda: FixedPrice(price_of(quality) * min(1, picture.pixels / SMALL)))
