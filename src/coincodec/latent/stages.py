"""The stages of a fit: the picture at parts of its size first, where steps cost less and latents settle sooner."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..image import Samples
from .model import LatentShape
from .recipe import RECIPES, Recipe

# A picture is worth a coarse stage from so many pixels on, of its own, and rows and columns; and the first stage has at
# most so many.
_LEAST_PIXELS, _LEAST_SIDE, _MOST_PIXELS = 1 << 10, 8, 1 << 18

# Above so many roots of the price, what half the size cannot show is worth so much that the latents found there lead
# astray, and only the networks go over. Latents of eight pictures at prices of 0.0007 to 0.006 are told apart by it.
_DETAILED = 0.07

# At a part of the size bits are cheaper, since a latent there is for four times as many pixels of the picture: by up to
# this factor, less at low prices, down to one below which they are not.
_CHEAPEST, _SAME_BELOW, _CHEAPER = 0.25, 1e-3, 0.75

# Half the size shows nothing of a picture, noise for one, of which it hides more than this share, nor of one whose
# samples hardly vary at all.
_HIDDEN, _FLAT = 0.5, 1e-6

# What a step costs besides what its pixels do, in pixels: the networks' optimiser.
_OVERHEAD = 16_000

# (row, column) of the samples that one at half the size is the mean of.
_QUARTERS = ((0, 0), (0, 1), (1, 0), (1, 1))


@dataclass(frozen=True)
class Stage:
    """A part of a fit.

    level: the picture's sides are divided by 2^level. steps: soft ones. begin, end: the shares of the fit's schedule
    that are done before and after it. work: of one step, in pixels. latents: whether those found before go over, or
    networks alone.
    """

    level: int
    steps: int
    begin: float
    end: float
    work: int
    latents: bool = True


def work_of(pixels: int) -> int:
    """What a step costs, in pixels."""
    return pixels + _OVERHEAD


def work_at(shape: LatentShape, level: int) -> int:
    """What a step at a part of the size costs, in pixels."""
    return work_of(math.prod(shape.grid(level)))


def halved(samples: Samples) -> Samples:
    """Means of two by two samples, rounded; of as many as there are at the right and the lower edge."""
    rows, columns = (n % 2 for n in samples.shape[:2])
    even = np.pad(samples, ((0, rows), (0, columns), (0, 0)), "edge") if rows or columns else samples
    sums = np.full(even[::2, ::2].shape, 2, np.uint32)
    for row, column in _QUARTERS:
        sums += np.asarray(even[row::2, column::2], np.uint32)
    return np.asarray(sums // 4, samples.dtype)  # type: ignore[return-value]


def grain(samples: Samples) -> float:
    """What half the size cannot show: mean squared difference from the means of two by two samples, in 0..1."""
    rows, columns = (n // 2 * 2 for n in samples.shape[:2])
    if not rows or not columns:
        return 0.0
    whole = samples[:rows, :columns]
    means = halved(whole).astype(np.float32)
    parts = [whole[row::2, column::2] - means for row, column in _QUARTERS]
    return float(np.mean([np.mean(np.square(part)) for part in parts])) / np.iinfo(samples.dtype).max ** 2


def detailed(of_grain: float, price: float) -> bool:
    """Whether the finest grid of a picture of that grain has so much to say at that price that others must wait."""
    return of_grain > _DETAILED * math.sqrt(price)


def halving_shows(samples: Samples, of_grain: float) -> bool:
    """Whether half the size shows anything of a picture, of that grain."""
    variance = float(np.mean(np.var(samples, axis=(0, 1), dtype=np.float64))) / np.iinfo(samples.dtype).max ** 2
    return variance > _FLAT and of_grain < _HIDDEN * variance


def coarse_factor(price: float) -> float:
    """By what a price of a bit is multiplied at parts of the picture's size."""
    return max(_CHEAPEST, math.pow(_SAME_BELOW / max(price, _SAME_BELOW), _CHEAPER))


def levels_of(shape: LatentShape, wanted: int = 1) -> int:
    """How many coarse stages a picture is worth, of those that are wanted, or more."""
    pixels, count = shape.height * shape.width, max(wanted, 1)
    while pixels >> 2 * count > _MOST_PIXELS:
        count += 1
    side = min(shape.height, shape.width)
    while count and (pixels >> 2 * count < _LEAST_PIXELS or side >> count < _LEAST_SIDE or shape.levels <= count):
        count -= 1
    return count


def plan(
    recipe: Recipe,
    steps: int,
    shape: LatentShape,
    detail: bool,
    last: int = 0,
    halve: bool = True,
    wanted: int = 1,
) -> list[Stage]:
    """The stages of a fit of so many soft steps, those at parts of the size counting as what they cost.

    detail: whether the picture is `detailed`. last: the level of the last stage; finer grids are left as they begin.
    halve: whether there is anything to be seen before that. wanted: see `levels_of`.
    """
    count = max(levels_of(shape, wanted) - last, 0) if halve else 0
    full, spent = work_at(shape, last), 0
    stages: list[Stage] = []
    if count:
        # As many steps at each part of the size; the largest part has nearly all of the cost.
        number = max(1, round(recipe.coarse[detail] * steps * full / work_at(shape, last + 1)))
        for place in range(count):
            level = last + count - place
            begin, end = (recipe.begin * done / count for done in (place, place + 1))
            stages.append(Stage(level, number, begin, end, work_at(shape, level), not detail))
            spent += number * stages[-1].work
    begin = recipe.begin if count and not detail else 0.0
    return [*stages, Stage(last, max(1, round(steps - spent / full)), begin, 1.0, full, not detail)]


# A fit of a large picture, of 560 steps: how many at small parts of its size, at half of it, to the sample, then again
# to half the size, and to each part. Those at half the size and to parts, most of the cost, are of a picture of so many
# pixels, and the fewer the larger the picture. A fit of more steps has more of all, as the power of it.
_LARGE_COARSE, _LARGE_HALF, _LARGE_SAMPLE, _LARGE_WHOLE, _LARGE_PARTS = 330, 100, 300, 80, 55
_LARGE_PIXELS = 12e6
_LARGE_STEPS, _LARGE_POWER = 560, 0.7

# Below that price the finest grid has more to say, and parts have up to so many times the steps, as a root of it.
_LARGE_PRICE, _LARGE_MOST = 1e-3, 2.0


@dataclass(frozen=True)
class LargePlan:
    """How a large picture is fitted.

    stages: up to its sample. whole: steps then to the whole at half its size. parts: to each part. begin: the share of
    the schedule done before either.
    """

    stages: list[Stage]
    whole: int
    parts: int
    begin: float


def plan_large(
    recipe: Recipe,
    steps: int,
    shape: LatentShape,
    sample: int,
    last: int = 0,
    halve: bool = True,
    price: float = _LARGE_PRICE,
) -> LargePlan:
    """A fit of a large picture, as thorough as that of a usual one in so many soft steps is to be.

    sample: pixels of the sample. last, halve: as in `plan`. price: of a bit.
    """
    pace = (steps / _LARGE_STEPS) ** _LARGE_POWER
    by_size = math.sqrt(_LARGE_PIXELS / (shape.height * shape.width))
    count = levels_of(shape) if halve else last
    numbers = dict.fromkeys(range(2, count + 1), _LARGE_COARSE * pace)
    numbers |= {1: _LARGE_HALF * pace * by_size, 0: _LARGE_SAMPLE * pace}
    stages = []
    for level in range(count, last - 1, -1):
        done = count - level
        begin, end = (recipe.begin * place / max(count - last, 1) for place in (done, done + 1))
        work = work_at(shape, level) if level else work_of(sample)
        stages.append(Stage(level, max(1, round(numbers[level])), begin, 1.0 if level == last else end, work))
    finest = min(max(math.sqrt(_LARGE_PRICE / price), 1.0), _LARGE_MOST)
    whole, parts = (0 if last else max(1, round(n * by_size * pace)) for n in (_LARGE_WHOLE, _LARGE_PARTS * finest))
    return LargePlan(stages, whole if count else 0, parts, stages[-1].begin)


def large_steps(shape: LatentShape, sample: int, work: float, last: int = 0) -> float:
    """How many soft steps a usual fit may have for that of a large picture to be so much work, as pixels of steps.

    The opposite of `plan_large`.
    """
    unit = plan_large(RECIPES["fast"], _LARGE_STEPS, shape, sample, last)
    each = sum(stage.steps * stage.work for stage in unit.stages)
    each += unit.whole * work_at(shape, 1) + unit.parts * work_at(shape, 0)
    return float(_LARGE_STEPS * (work / each) ** (1 / _LARGE_POWER))
