"""A picture to a `latent` stream: target, fit, bytes."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from .. import container, metrics, native
from ..container import Header
from ..errors import TargetError, UsageError
from ..image import Samples
from ..options import EncodeOptions
from ..progress import Progress
from ..report import Encoded
from . import stream
from .control import (
    LEAST_NETWORK_BITS,
    NETWORK_BITS,
    Control,
    ErrorControl,
    FixedPrice,
    RateControl,
    detail,
)
from .decode import render
from .fit import Fit, Model
from .model import LatentShape
from .networks import Quantised
from .pace import Hurry, Pace, preset_within
from .recipe import RECIPES

DEFAULT_QUALITY = 50

# Prices of the qualities 1 and 100; in proportion less for pictures of fewer pixels than SMALL, which pay for networks
# rather than for bits and have nothing to learn contexts from.
_LOWEST, _HIGHEST = 0.05, 2e-5
SMALL = 1024

# By what share of the bytes, and by how many dB, a fit aims inside its target, since it misses by as much; how far
# inside it is near enough, and how far off is far. How often the end of a fit is repeated to come nearer than that, and
# at most; after twice the first number short repeats have got stuck, and long ones follow.
BYTES_MARGIN, MOST_UNUSED, FAR = 0.015, 0.03, 0.05
PSNR_MARGIN, MOST_OVER, FAR_DB = 0.05, 0.15, 0.25
ROUNDS, MOST_ROUNDS = 2, 8

# The share of a time after which the fit of a target is over, and that kept for what comes after the last fit.
_FIRST, _LAST = 0.75, 0.02

_HARDLY = "there was hardly time for a fit: the picture is worth more"

# A repeat's price changes as this power of how many times too large the file is, as ten to this power per dB too good.
_BY_BYTES, _BY_DB = 2.0, 0.16


def levels_for(rows: int, columns: int) -> int:
    """Grids for a picture of that size: the coarsest has about eight rows or columns, at most seven grids."""
    return min(max(math.ceil(math.log2(max(rows, columns))) - 2, 1), 7)


def header_for(samples: Samples, shape: LatentShape) -> Header:
    """The header of the picture's stream."""
    rows, columns, channels = samples.shape
    return Header(stream.FAMILY, columns, rows, channels, 8 * samples.dtype.itemsize, stream.header_parameters(shape))


def price_of(quality: float) -> float:
    """The price of a bit for a quality of 1 to 100; half of it every 8.8 of them."""
    return float(_LOWEST * (_HIGHEST / _LOWEST) ** ((quality - 1) / 99))


def encode(samples: Samples, options: EncodeOptions, progress: Callable[[Progress], None] | None) -> Encoded:
    """A stream of the picture, with a report. Raises `UsageError`, `TargetError` or `FitError`."""
    _check(options)
    return Encoder(samples, options, progress).encode()


class Encoder:
    """One encode: the picture and what was asked."""

    def __init__(self, samples: Samples, options: EncodeOptions, progress: Callable[[Progress], None] | None) -> None:
        self.begun = clock.monotonic()
        self.samples, self.options = samples, options
        self.threads = native.resolve_threads(options.threads)
        rows, columns, channels = samples.shape
        self.pixels = rows * columns
        self.budget = options.budget(self.pixels)
        levels = levels_for(rows, columns)
        self.last, self.hardly = 0, False
        preset, chosen = options.preset_or_default, options.preset is not None or options.steps is not None
        if options.time is not None:
            shape = LatentShape.of(rows, columns, channels, levels, RECIPES[preset].least_size)
            steps = Pace.of(samples, levels, self.threads).steps(shape, self._first_end() - clock.monotonic())
            if not chosen:
                preset = preset_within(steps)
        recipe = RECIPES[preset]
        least = LatentShape.of(rows, columns, channels, levels, recipe.least_size)
        recipe = recipe.suiting(self._control(least).price, self.pixels)
        self.shape = LatentShape.of(rows, columns, channels, levels, recipe.size)
        self.header = header_for(samples, self.shape)
        if options.steps is not None:
            recipe = replace(recipe, steps=options.steps)
        if options.time is not None:
            hurry = Hurry.of(recipe, self.shape, steps, recipe.steps if chosen else None)
            recipe, self.last, self.hardly = hurry.recipe, hurry.last, hurry.hardly
        model = Model(self.shape, samples, self.threads)
        self.fit = Fit(model, recipe, self._control(self.shape), options.seed, progress)

    @cached_property
    def _detail(self) -> float:
        return detail(self.samples)

    def _control(self, shape: LatentShape) -> Control:
        """What leads a model of that shape to what was asked. Raises `TargetError` if it would be too large."""
        options = self.options
        if self.budget is not None:
            usual, least = (bits * shape.parameters / 8 for bits in (NETWORK_BITS, LEAST_NETWORK_BITS))
            header = header_for(self.samples, shape)
            room = self.budget - container.overhead(header, [int(usual), self.budget])
            if room < least + shape.latents / 8000:
                raise TargetError(f"{self.budget} bytes are too few for this model; the siren model has no such floor")
            aim = room - BYTES_MARGIN * (room - least)
            return RateControl(8 * aim, shape.parameters, self.pixels, self._detail)
        if options.psnr is not None:
            return ErrorControl(10 ** (-(options.psnr + PSNR_MARGIN) / 10), self._detail)
        if options.lambda_ is not None:
            return FixedPrice(options.lambda_)
        price = price_of(DEFAULT_QUALITY if options.quality is None else options.quality)
        return FixedPrice(price * min(1, self.pixels / SMALL))

    def encode(self) -> Encoded:
        """Does it."""
        end = None if self.options.time is None else self.begun + self.options.time
        result = self._result(self.fit.run(None, None if end is None else self._first_end(), self.last))
        nearest, best = result, result if self._holds(result) else None
        for number in range(MOST_ROUNDS):
            miss = self._miss(result)
            if miss == 0 or (number >= ROUNDS and best is not None and abs(self._miss(best)) <= 1):
                break
            if end is not None and clock.monotonic() >= end:
                break
            far = abs(miss) > 1 or number >= 2 * ROUNDS
            caution = 1 + number if best is None else 1
            result = self._result(self.fit.run_on(self._correction(result, caution), far, end))
            nearest = min(nearest, result, key=lambda r: abs(self._miss(r)))
            if self._holds(result) and (best is None or self._better(result, best)):
                best = result
        if best is None:
            raise TargetError(f"{self._target()} was not reached: {len(nearest.data):,} bytes, {nearest.psnr:.2f} dB")
        seconds = clock.monotonic() - self.begun
        notes = (_HARDLY,) if self.hardly else ()
        return Encoded(best.data, best.psnr, str(self.shape), self.fit.done, seconds, notes)

    def _first_end(self) -> float:
        """When the fit has to be over; a target may then take repeats of its end."""
        assert self.options.time is not None
        led = self.budget is not None or self.options.psnr is not None
        return self.begun + (_FIRST if led else 1 - _LAST) * self.options.time

    def _holds(self, result: _Result) -> bool:
        """Whether the result keeps what was asked."""
        if self.budget is not None:
            return len(result.data) <= self.budget
        return self.options.psnr is None or result.psnr >= self.options.psnr

    def _better(self, result: _Result, other: _Result) -> bool:
        """Of two results that hold: more quality for a budget, fewer bytes for a quality."""
        return result.psnr > other.psnr if self.budget is not None else len(result.data) < len(other.data)

    def _target(self) -> str:
        return f"{self.budget:,} bytes" if self.budget is not None else f"{self.options.psnr} dB"

    def _result(self, networks: Quantised) -> _Result:
        """The stream of a fit, and what it shows."""
        latents = self.fit.model.integers()
        data = container.write(self.header, stream.write(networks, latents, self.fit.origin))
        decoded = render(self.shape, networks.parameters(), latents, self.samples.dtype, self.threads)
        error = metrics.squared_error(decoded, self.samples) / self.samples.size
        return _Result(data, metrics.psnr(error, 8 * self.samples.dtype.itemsize))

    def _miss(self, result: _Result) -> float:
        """0 if the target holds and hardly more, else how far off the result is; beyond 1 is far."""
        if self.budget is not None:
            over = len(result.data) / self.budget - 1
            return 0 if -MOST_UNUSED <= over <= 0 else over / FAR
        if self.options.psnr is not None:
            over = result.psnr - self.options.psnr
            return 0 if 0 <= over <= MOST_OVER else over / FAR_DB
        return 0

    def _correction(self, result: _Result, caution: int) -> float:
        """By what the price is to be multiplied for the next round.

        caution: how many margins it aims inside the target. Small pictures miss by more than large ones.
        """
        factor = 1.0
        if self.budget is not None:
            factor = (len(result.data) / self.budget / (1 - caution * BYTES_MARGIN)) ** _BY_BYTES
        elif self.options.psnr is not None:
            factor = 10 ** (_BY_DB * (result.psnr - self.options.psnr - caution * PSNR_MARGIN))
        return min(max(factor, 0.5), 2.0)


@dataclass(frozen=True)
class _Result:
    """A stream and the PSNR of what it shows."""

    data: bytes
    psnr: float


def _check(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that are wrong or that this family lacks."""
    if options.siren_only is not None:
        raise UsageError(f"{options.siren_only} is an option of the siren model")
    options.check(RECIPES)
    if options.quality is not None and not 1 <= options.quality <= 100:
        raise UsageError(f"quality must be 1 to 100, not {options.quality}")
