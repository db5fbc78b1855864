"""A picture to a `latent` stream: target, fit, bytes."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import replace

from .. import container, metrics, native
from ..errors import TargetError, UsageError
from ..image import Samples
from ..looks.eye import EyeAim
from ..looks.ssimulacra2 import Ssimulacra2
from ..options import EncodeOptions
from ..progress import Progress
from ..report import Encoded
from . import stream
from .fit import Fit
from .fitted import Model
from .large import LargeFit
from .model import LatentShape
from .mosaic import Mosaic, is_large
from .networks import Quantised
from .pace import Hurry, Pace, preset_within, steps_within
from .recipe import RECIPES
from .shown import render
from .targets import Bytes, Nominal, Result, target_of

# A target that has not come nearer than this in so many rounds, where half the price would bring much, is out of reach.
_HARDLY_NEARER, _STUCK = 0.93, 2

# Pictures with fewer rows or columns have too few scales for SSIMULACRA 2 to say much.
LEAST_FOR_EYES = 32

# How often the end of a fit is repeated to come nearer to its target, and at most; after twice the first number short
# repeats have got stuck, and long ones follow. By how much a price changes from one to the next.
ROUNDS, MOST_ROUNDS = 2, 8
_LARGEST_CHANGE = 2.0

# The share of a time after which the fit of a target is over, and that kept for what comes after the last fit.
_FIRST, _LAST = 0.75, 0.02

# The share of a time that a fit has, however long coding a large picture takes.
_LEAST_SHARE = 0.6

_HARDLY = "there was hardly time for a fit: the picture is worth more"


def levels_for(rows: int, columns: int) -> int:
    """Grids for a picture of that size: the coarsest has about eight rows or columns, at most seven grids."""
    return min(max(math.ceil(math.log2(max(rows, columns))) - 2, 1), 7)


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
        for_eyes = options.tune_or_default == "eye" and min(rows, columns) >= LEAST_FOR_EYES
        if options.ssimulacra2 is not None and not for_eyes:
            raise TargetError(f"pictures of fewer than {LEAST_FOR_EYES} rows or columns have no SSIMULACRA 2 to reach")
        self.for_eyes, self.target = for_eyes, target_of(options, samples, for_eyes)
        levels = levels_for(rows, columns)
        self.last, self.hardly, self.coding = 0, False, 0.0
        preset, chosen = options.preset_or_default, options.preset is not None or options.steps is not None
        if options.time is not None:
            shape = LatentShape.of(rows, columns, channels, levels, RECIPES[preset].least_size)
            pace = Pace.of(samples, levels, self.threads)
            self.coding = pace.coding(shape)
            work = pace.work(shape, self._first_end() - clock.monotonic())
            if not chosen:
                preset = preset_within(steps_within(shape, work))
        recipe = RECIPES[preset].for_eyes() if for_eyes else RECIPES[preset]
        least = LatentShape.of(rows, columns, channels, levels, recipe.least_size)
        recipe = recipe.suiting(self.target.control(least).price, rows * columns)
        self.shape = LatentShape.of(rows, columns, channels, levels, recipe.size)
        self.header = stream.header_for(samples, self.shape)
        if options.steps is not None:
            recipe = replace(recipe, steps=options.steps)
        if options.time is not None:
            hurry = Hurry.of(recipe, self.shape, work, recipe.steps if chosen else None)
            recipe, self.last, self.hardly = hurry.recipe, hurry.last, hurry.hardly
        large = is_large(self.shape)
        # Of a large picture the score takes more memory than the fit, and is left out where nothing depends on it.
        self.scored = for_eyes and not (large and isinstance(self.target, Nominal))
        tune = EyeAim if for_eyes else None
        model = (Mosaic if large else Model)(self.shape, samples, self.threads, tune, progressive=options.progressive)
        self.fit = (LargeFit if large else Fit)(model, recipe, self.target.control(self.shape), options.seed, progress)

    def encode(self) -> Encoded:
        """Does it."""
        end = None if self.options.time is None else self.begun + self.options.time
        result = self._result(self.fit.run(None, None if end is None else self._first_end(), self.last))
        target = self.target
        nearest, best, stuck = result, result if target.holds(result) else None, 0
        for number in range(MOST_ROUNDS):
            miss = target.miss(result)
            if miss == 0 or (number >= ROUNDS and best is not None and abs(target.miss(best)) <= 1):
                break
            if end is not None and clock.monotonic() >= end:
                break
            far = abs(miss) > 1 or number >= 2 * ROUNDS
            correction = target.correction(result, 1 + number if best is None else 1)
            correction = min(max(correction, 1 / _LARGEST_CHANGE), _LARGEST_CHANGE)
            result = self._result(self.fit.run_on(correction, far, end))
            before = abs(target.miss(nearest))
            nearest = min(nearest, result, key=lambda r: abs(target.miss(r)))
            stuck = 0 if abs(target.miss(nearest)) < _HARDLY_NEARER * before else stuck + 1
            if target.holds(result) and (best is None or target.better(result, best)):
                best = result
            if best is None and stuck == _STUCK:
                break
        notes = [_HARDLY] if self.hardly else []
        if best is None:
            missed = f"{target} was not reached: {nearest}"
            if not self.options.best_effort or isinstance(target, Bytes):
                raise TargetError(missed)
            best = nearest
            notes.append(missed)
        seconds = clock.monotonic() - self.begun
        return Encoded(best.data, best.psnr, str(self.shape), self.fit.done, seconds, tuple(notes), best.score)

    def _first_end(self) -> float:
        """When the fit has to be over; a target may then take repeats of its end."""
        assert self.options.time is not None
        share = 1 - _LAST if isinstance(self.target, Nominal) else _FIRST
        return self.begun + max(share * self.options.time - self.coding, _LEAST_SHARE * self.options.time)

    def _result(self, networks: Quantised) -> Result:
        """The stream of a fit, and what it shows."""
        latents = self.fit.model.integers()
        data = container.write(self.header, stream.write(networks, latents, self.fit.origin, self.threads))
        decoded = render(self.shape, networks.parameters(), latents, self.samples.dtype, self.threads)
        error, count = metrics.seen_error(decoded, self.samples)
        score = Ssimulacra2(self.samples, self.threads)(decoded) if self.scored else None
        return Result(data, metrics.psnr(error / count, 8 * self.samples.dtype.itemsize), score)


def _check(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that are wrong or that this family lacks."""
    if options.siren_only is not None:
        raise UsageError(f"{options.siren_only} is an option of the siren model")
    options.check(RECIPES)
    if options.quality is not None and not 1 <= options.quality <= 100:
        raise UsageError(f"quality must be 1 to 100, not {options.quality}")
