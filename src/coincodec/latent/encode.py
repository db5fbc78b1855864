"""A picture to a `latent` stream: target, fit, bytes."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import container, metrics, native
from ..container import Header
from ..errors import TargetError, UsageError
from ..image import Samples
from ..options import EncodeOptions
from ..progress import Progress
from ..report import Encoded
from . import stream
from .control import Control, ErrorControl, FixedPrice, RateControl
from .decode import render
from .fit import Fit, Fitted, Model
from .model import Array32, LatentShape
from .recipe import RECIPES
from .start import start_for

DEFAULT_QUALITY = 50

# Prices of the qualities 1 and 100.
_LOWEST, _HIGHEST = 0.05, 2e-5

# What networks take before it is known, in bits per parameter; what share of the budget a fit aims at, since it misses
# by a per cent; and how far above a PSNR it aims, in dB, for the same reason.
NETWORK_BITS = 5.3
AIM = 0.992
PSNR_MARGIN = 0.04
MOST_ROUNDS = 6
MOST_PUSH = 1.0


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
        self.samples, self.options = samples, options
        self.threads = native.resolve_threads(options.threads)
        recipe = RECIPES[options.preset]
        rows, columns, channels = samples.shape
        self.pixels = rows * columns
        self.shape = LatentShape.of(rows, columns, channels, levels_for(rows, columns), recipe.size)
        self.header = header_for(samples, self.shape)
        self.budget = options.budget(self.pixels)
        model, control = Model(self.shape, samples, self.threads), self._control()
        start = start_for(self.shape, recipe.size, control.price, options.seed)
        self.fit = Fit(model, recipe, control, start, options.seed, progress)

    def _control(self) -> Control:
        options = self.options
        if self.budget is not None:
            networks = NETWORK_BITS * self.shape.parameters / 8
            room = self.budget - container.overhead(self.header, [int(networks), self.budget]) - networks
            if room < self.shape.latents / 8000:
                raise TargetError(f"{self.budget} bytes are too few for this model; the siren model has no such floor")
            return RateControl(8 * AIM * room / self.pixels)
        if options.psnr is not None:
            return ErrorControl(10 ** (-(options.psnr + PSNR_MARGIN) / 10))
        if options.lambda_ is not None:
            return FixedPrice(options.lambda_)
        return FixedPrice(price_of(DEFAULT_QUALITY if options.quality is None else options.quality))

    def encode(self) -> Encoded:
        """Does it."""
        start = clock.monotonic()
        result = self._result(self.fit.run(self.options.steps, self.options.time))
        for _ in range(MOST_ROUNDS):
            if not self._correct(result):
                break
            result = self._result(self.fit.run_on())
        self._confirm(result)
        seconds = clock.monotonic() - start
        return Encoded(result.data, result.psnr, str(self.shape), self.fit.done, seconds)

    def _result(self, fitted: Fitted) -> _Result:
        """The stream of a fit, within the budget if there is one and if that can be."""
        latents = fitted.model.integers()
        result = self._coded(fitted, latents)
        if self.budget is not None and len(result.data) > self.budget:
            # Latents near the middle between two integers go to the one that a higher price prefers, more and more.
            push = fitted.model.downhill(fitted.networks.parameters(), 4 * fitted.price)
            least, most = 0.0, MOST_PUSH
            while most - least > MOST_PUSH / 256:
                middle = (least + most) / 2
                trial = self._coded(fitted, fitted.model.integers(np.clip(middle * push, -0.5, 0.5)))
                if len(trial.data) > self.budget:
                    least = middle
                else:
                    result, most = trial, middle
        return result

    def _coded(self, fitted: Fitted, latents: Array32) -> _Result:
        coded = stream.write(fitted.networks, latents)
        data = container.write(self.header, coded.sections)
        decoded = render(self.shape, fitted.networks.parameters(), latents, self.samples.dtype, self.threads)
        error = metrics.squared_error(decoded, self.samples) / self.samples.size
        return _Result(data, metrics.psnr(error, 8 * self.samples.dtype.itemsize))

    def _correct(self, result: _Result) -> bool:
        """Changes the price if the result misses its target by too much; whether it did."""
        control = self.fit.control
        if self.budget is not None:
            over = len(result.data) / self.budget
            if 0.975 <= over <= 1:
                return False
            control.price *= min(max((over / AIM) ** 4, 0.4), 2.5)
            return True
        if self.options.psnr is not None and result.psnr < self.options.psnr:
            short = 10 ** (-(self.options.psnr - result.psnr + PSNR_MARGIN) / 10)
            control.price *= max(short**3, 0.25)
            return True
        return False

    def _confirm(self, result: _Result) -> None:
        """Raises `TargetError` if the target was not reached."""
        if self.budget is not None and len(result.data) > self.budget:
            raise TargetError(f"no file of at most {self.budget:,} bytes was found; the least had {len(result.data):,}")
        if self.options.psnr is not None and result.psnr < self.options.psnr:
            raise TargetError(f"no file of {self.options.psnr} dB was found; the best had {result.psnr:.2f} dB")


@dataclass(frozen=True)
class _Result:
    """A stream and the PSNR of what it shows."""

    data: bytes
    psnr: float


def _check(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that are wrong or that this family lacks."""
    if options.preset not in RECIPES:
        raise UsageError(f"preset must be one of {', '.join(RECIPES)}, not {options.preset!r}")
    options.target  # noqa: B018 (raises)
    if options.quality is not None and not 1 <= options.quality <= 100:
        raise UsageError(f"quality must be 1 to 100, not {options.quality}")
    for name in ("weights", "bits", "layers", "width", "architectures"):
        if getattr(options, name) is not None:
            raise UsageError(f"{name} is an option of the siren model")
    if options.seed < 0:
        raise UsageError(f"seed must not be negative, not {options.seed}")
