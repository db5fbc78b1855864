"""A fit that is over in time: how fast this machine is, and which recipe, steps and stages that leaves room for."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from ..image import Samples
from .control import FixedPrice
from .fit import CHOICE, Fit
from .fitted import Model
from .model import LatentShape
from .mosaic import is_large, sampled
from .recipe import QUICKER, RECIPES, Recipe
from .stages import large_steps, levels_of, work_at, work_of

# What is timed: steps of a fit to so many rows and columns of the picture, after some that wake threads and caches.
_ROWS, _COLUMNS = 192, 256
_WAKE, _TIMED = 4, 8

# The share of a time that is kept for what a fit takes besides its steps, and what comes after it, in steps.
_SPARE, _AFTER = 0.08, 8

# What coding a large picture takes, in steps.
_CODING = 14

# Presets, each with the steps from which on it is better than the one before, in steps of `fast`.
_FROM = (("best", 6400), ("default", 1300), ("fast", 320), ("instant", 0))

# Fewer steps than this at a size are better spent at half of it. A large picture has fewer of them at its own size than
# the number says.
_LEAST_STEPS, _LEAST_OF_LARGE = 45, 100

# By how much more steps are planned where the time is to end them.
_SURPLUS = 2.0

# Fewer than this and what is decoded is far from what the picture could be.
_HARDLY = 60


@dataclass(frozen=True)
class Pace:
    """seconds: that a step takes for each pixel, with the networks of `fast`."""

    seconds: float

    @staticmethod
    def of(samples: Samples, levels: int, threads: int) -> Pace:
        """Of this machine now, by a few steps on a corner of the picture."""
        part = cast(Samples, np.ascontiguousarray(samples[:_ROWS, :_COLUMNS]))
        rows, columns, channels = part.shape
        recipe = RECIPES["fast"]
        model = Model(LatentShape.of(rows, columns, channels, levels, recipe.size), part, threads)
        fit = Fit(model, recipe, FixedPrice(1e-3))
        optimiser = fit.networks_optimiser()
        times = []
        for step in range(_WAKE + _TIMED):
            begun = clock.perf_counter()
            fit.soft_step(0.1, step)
            fit.move_networks(optimiser, 0.0)
            times.append(clock.perf_counter() - begun)
        return Pace(float(np.median(times[_WAKE:])) / work_of(model.pixels))

    def work(self, shape: LatentShape, seconds: float) -> float:
        """Pixels of steps of `fast` in that time, beside all else that an encode takes."""
        after = 0 if is_large(shape) else _AFTER * work_at(shape, 0)
        return max((1 - _SPARE) * seconds / self.seconds - after, 1.0)

    def coding(self, shape: LatentShape) -> float:
        """Seconds that a large picture takes after its fit."""
        return _CODING * shape.height * shape.width * self.seconds if is_large(shape) else 0.0


def steps_within(shape: LatentShape, work: float, last: int = 0) -> float:
    """Soft steps of a fit in so many pixels of them, down to the stage `last`."""
    if is_large(shape):
        return large_steps(shape, sampled(shape), work, last)
    return work / work_at(shape, last)


def preset_within(steps: float) -> str:
    """The preset that is best where so many steps of `fast` can be had."""
    return next(name for name, least in _FROM if steps >= least)


@dataclass(frozen=True)
class Hurry:
    """How a fit makes the best of a time.

    recipe: with the steps that it gets. last: the level of the last stage. hardly: whether that is hardly a fit.
    """

    recipe: Recipe
    last: int
    hardly: bool

    @staticmethod
    def of(recipe: Recipe, shape: LatentShape, work: float, most: int | None) -> Hurry:
        """With that recipe, for so many pixels of steps of `fast`.

        most: more steps than these are not wanted; without it all of the time is to be used.
        """
        if recipe.size != RECIPES["fast"].size:
            work /= QUICKER
        least, last = (_LEAST_OF_LARGE if is_large(shape) else _LEAST_STEPS), 0
        while (steps := _beside_choice(steps_within(shape, work, last))) < least and last < levels_of(shape):
            last += 1
        hardly = last > 0 or steps < _HARDLY
        if most is None:
            steps *= _SURPLUS
        return Hurry(replace(recipe, steps=round(steps if most is None else min(steps, most))), last, hardly)


def _beside_choice(steps: float) -> float:
    """Of so many steps those that are left when networks' precision is chosen."""
    return max(steps - min(CHOICE, steps / 4), 1.0)
