"""Large pictures: networks are fitted to a sample of one, and then its latents, part after part, by what those found.

Memory is bounded by the picture at half its size and by one part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import pairwise

import numpy as np

from ..image import Samples
from ..state import State, fill
from ..view import Region
from .cost import Cost
from .fitted import Aim, Model, Soft, Tune, Update, to_integers
from .model import Array32, LatentShape, Shared, coarser_shape
from .stages import coarse_factor, grain, halved

# Pictures of so many pixels are worth it.
LEAST_PIXELS = 1 << 21

# A sample is squares of so many pixels along a side, those of the picture's that have so much detail among all: more of
# the detailed ones, since bits go there.
_SIDE, _QUANTILES = 384, (1.0, 0.97, 0.9, 0.75, 0.5, 0.2)
LARGEST_SAMPLE = len(_QUANTILES) * _SIDE**2

# At every so many steps the whole picture at half its size has a say, too, as much as the sample: networks then show
# all of its colours, and what was found there still suits them when it is its parts' turn.
_WHOLE_EVERY = 4

# Latents of so many grids, the finest ones, move in parts. Coarser ones reach further than parts see.
_MOVING = 4

# Parts have about so many rows and columns of their own, and see so many of their neighbours'.
_PART, _MARGIN = 1024, 64


def _unit(shape: LatentShape) -> int:
    """Places of parts are multiples of the coarsest latents' size."""
    return 1 << (shape.levels - 1)


def sample_of(shape: LatentShape, samples: Samples) -> list[Region]:
    """The squares of a sample."""
    unit = _unit(shape)
    side = max(_SIDE // unit, 1) * unit
    tops, lefts = (range(0, max(size - side, 0) + 1, side) for size in (shape.height, shape.width))
    squares = [Region(x, y, min(x + side, shape.width), min(y + side, shape.height)) for y in tops for x in lefts]
    squares.sort(key=lambda s: grain(samples[s.top : s.bottom, s.left : s.right]))
    chosen = {round(quantile * (len(squares) - 1)) for quantile in _QUANTILES}
    return [squares[number] for number in sorted(chosen)]


def is_large(shape: LatentShape) -> bool:
    """Whether a picture is."""
    return shape.height * shape.width >= LEAST_PIXELS


def sampled(shape: LatentShape) -> int:
    """About how many pixels a sample has."""
    return min(LARGEST_SAMPLE, shape.height * shape.width)


def parts_of(shape: LatentShape) -> Iterator[Region]:
    """The parts, which make up the picture."""
    unit = _unit(shape)

    def cuts(size: int) -> list[int]:
        count = _pieces(size)
        return [*(round(size * place / count / unit) * unit for place in range(count)), size]

    rows, columns = cuts(shape.height), cuts(shape.width)
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            yield Region(left, top, right, bottom)


def largest_part(height: int, width: int) -> int:
    """About how many pixels the largest part sees."""
    down, across = (min(size, -(-size // _pieces(size)) + 2 * _MARGIN) for size in (height, width))
    return down * across


def _pieces(size: int) -> int:
    return max(1, round(size / _PART))


def seen_from(shape: LatentShape, part: Region) -> Region:
    """A part and what it sees around it."""
    margin = max(_MARGIN, _unit(shape))
    return Region(
        max(part.left - margin, 0),
        max(part.top - margin, 0),
        min(part.right + margin, shape.width),
        min(part.bottom + margin, shape.height),
    )


def _slices(region: Region, level: int, within: Region) -> tuple[slice, slice]:
    """Rows and columns of a grid of what is seen, `within`, that belong to a region."""

    def part(first: int, last: int) -> slice:
        return slice(first >> level, -(-last >> level))

    return (
        part(region.top - within.top, region.bottom - within.top),
        part(region.left - within.left, region.right - within.left),
    )


class Part(Model):
    """A part of a large picture. Latents outside of `core` stay as they are."""

    def __init__(
        self, shape: LatentShape, samples: Samples, threads: int, tune: Tune | None, seen: Region, core: Region
    ) -> None:
        """shape, samples: of the whole picture. seen: all of the part. core: whose latents it leaves behind."""
        pixels = np.ascontiguousarray(samples[seen.top : seen.bottom, seen.left : seen.right])
        super().__init__(replace(shape, height=seen.height, width=seen.width), pixels, threads, tune)  # type: ignore[arg-type]
        self.seen, self.core = seen, core
        self._still: list[tuple[Array32, Array32]] = []

    def take_from(self, whole: LatentShape, latents: Array32, moving: int) -> None:
        """Begins with latents of the whole picture, of which those of so many grids will move."""
        everything = Region(0, 0, whole.width, whole.height)
        for level in range(whole.levels):
            here = self.shape.plane(self.latents, level)
            here[...] = whole.plane(latents, level)[_slices(self.seen, level, everything)]
            rows, columns = _slices(self.core, level, self.seen)
            frame = [here[: rows.start], here[rows.stop :], here[rows, : columns.start], here[rows, columns.stop :]]
            if level >= moving:
                frame = [here]
            self._still += [(strip, strip.copy()) for strip in frame if strip.size]

    def give_to(self, whole: LatentShape, latents: Array32) -> None:
        """Puts the core's latents, as integers, into those of the whole picture."""
        everything = Region(0, 0, whole.width, whole.height)
        for level in range(whole.levels):
            found = self.shape.plane(self.latents, level)[_slices(self.core, level, self.seen)]
            there = whole.plane(latents, level)[_slices(self.core, level, everything)]
            to_integers(found, there)

    def _moved(self) -> None:
        for strip, values in self._still:
            strip[...] = values


class Half:
    """The whole picture at half its size, under networks of its own size."""

    def __init__(self, shape: LatentShape, model: Model) -> None:
        """shape: of the picture at its own size."""
        self.shape, self.model, self.pixels = shape, model, model.pixels
        self.gradient = np.zeros(shape.parameters, np.float32)
        self._parameters = np.zeros(model.shape.parameters, np.float32)

    def step(
        self,
        parameters: Array32,
        soft: Soft,
        update: Update,
        price: float,
        every: int,
        phase: int,
    ) -> Cost:
        """As of a model of the picture's own size. Its latents' moments have been there for long."""
        shared = Shared.of(self.shape, parameters)
        shared.give(parameters, self._parameters)
        rate, beta1, beta2, _, _, epsilon = update
        moves = (rate, beta1, beta2, 1.0, 1.0, epsilon)
        cost = self.model.step(self._parameters, soft, moves, coarse_factor(price) * price, every, phase)
        self.gradient = shared.pull(self.model.gradient)
        return cost


class Mosaic:
    """What a fit sees of a large picture: a model of a sample. Its parts are fitted afterwards."""

    def __init__(
        self,
        shape: LatentShape,
        samples: Samples,
        threads: int,
        tune: Tune | None = None,
        progressive: bool = False,
    ) -> None:
        """As of a model. progressive: half the size is; it decides the coarse grids."""
        self.progressive = progressive
        self.shape, self.samples, self.threads, self._whole_tune = shape, samples, threads, tune
        self.tune = tune
        squares = sample_of(shape, samples)
        if tune is not None:
            # What an error counts is relative to its mean over the picture.
            aims = [Part(shape, samples, threads, tune, square, square).aim for square in squares]
            self.tune = partial(tune, mean=float(np.mean([aim.mean for aim in aims if aim is not None])))
        self.squares = [Part(shape, samples, threads, self.tune, square, square) for square in squares]
        self.gradient = np.empty(shape.parameters, np.float32)
        self.pixels = sum(square.pixels for square in self.squares)
        self.stands_for = shape.height * shape.width / self.pixels
        self.whole: Array32 = shape.empty_latents()
        self.half: Half | None = None
        self._first: tuple[Soft, Update] | None = None
        self.cores = list(parts_of(shape))
        seen = (seen_from(shape, core) for core in self.cores)
        self.pixels_of_parts = sum(part.width * part.height for part in seen)

    @property
    def aim(self) -> Aim | None:
        """Of the first square: whether the goal moves."""
        return self.squares[0].aim

    @property
    def squared_error(self) -> float:
        """As a model has it, of the sample."""
        return sum(square.squared_error * square.pixels for square in self.squares) / self.pixels

    @cached_property
    def grain(self) -> float:
        """What half the size cannot show of the picture."""
        return grain(self.samples)

    def detailed(self, price: float) -> bool:
        """Never: parts have too few steps to begin at zero."""
        return False

    def halved(self) -> Model:
        """A model of the whole picture at half its size."""
        small = coarser_shape(self.shape, 1)
        return Model(small, halved(self.samples), self.threads, self._whole_tune, 1, self.progressive)

    def take(self, coarse: Model) -> None:
        """Takes the latents of a model of the picture at half its size, which goes on beside the sample."""
        self.half = Half(self.shape, coarse)
        self._take_half()
        for square in self.squares:
            square.take_from(self.shape, self.whole, self.shape.levels)

    def _take_half(self) -> None:
        if self.half is not None:
            coarse = self.half.model
            for level in range(coarse.shape.levels):
                self.shape.plane(self.whole, level + 1)[...] = coarse.shape.plane(coarse.latents, level)

    def rescale(self, step: float) -> None:
        """Divides all latents."""
        if self.half is not None:
            self.half.model.rescale(step)
        self.whole /= np.float32(step)
        for square in self.squares:
            square.rescale(step)

    def follow(self) -> None:
        """Sets the goals by what was shown last."""
        for square in self.squares:
            square.follow()

    def distance(self) -> float:
        """How far what was shown last looks from the picture."""
        return sum(square.distance() * square.pixels for square in self.squares) / self.pixels

    def step(
        self,
        parameters: Array32,
        soft: Soft | None,
        update: Update | None,
        price: float,
        every: int,
        phase: int,
    ) -> Cost:
        """One step of the sample, as of a model; soft ones are steps of the whole picture, too, now and then."""
        self.gradient[:] = 0
        costs = []
        for square in self.squares:
            costs.append(square.step(parameters, soft, update, price, every, phase))
            self.gradient += square.gradient
        if self.half is not None and soft is not None and update is not None and phase % _WHOLE_EVERY == 0:
            # It stays as soft as it was.
            if self._first is None:
                self._first = soft, update
            (temperature, noise, _), moves = self._first
            self.half.step(parameters, (temperature, noise, soft[2]), moves, price, every, phase)
            self.gradient += self.pixels / self.half.pixels * self.half.gradient
        return self._sum(costs)

    def impress(self, parameters: Array32, soft: Soft, update: Update) -> None:
        """Nothing: half the size does."""

    def evaluate(self, parameters: Array32) -> Cost:
        """The cost of the sample with the latents rounded to integers."""
        return self._sum([square.evaluate(parameters) for square in self.squares])

    def parts(self, first: int = 0) -> Iterator[Part]:
        """The parts of the picture, to be fitted one after the other; each leaves its latents behind.

        first: as many have.
        """
        self._take_half()
        self.half = None
        for level in range(_MOVING, self.shape.levels):
            plane = self.shape.plane(self.whole, level)
            to_integers(plane, plane)
        for core in self.cores[first:]:
            part = Part(self.shape, self.samples, self.threads, self.tune, seen_from(self.shape, core), core)
            part.take_from(self.shape, self.whole, _MOVING)
            yield part
            part.give_to(self.shape, self.whole)

    def state(self) -> State:
        """What steps change."""
        return {
            "whole": self.whole,
            "squares": [square.state() for square in self.squares],
            "half": None if self.half is None else self.half.model.state(),
            "first": self._first,
        }

    def restore(self, state: State) -> None:
        """Takes that."""
        fill(self.whole, state["whole"])
        for square, kept in zip(self.squares, state["squares"], strict=True):
            square.restore(kept)
        if state["half"] is None:
            self.half = None
        elif self.half is not None:
            self.half.model.restore(state["half"])
        if state["first"] is not None:
            (temperature, noise, seed), moves = state["first"]
            self._first = (float(temperature), float(noise), int(seed)), tuple(map(float, moves))

    def round(self) -> None:
        """Instead: latents as they are."""
        self._take_half()
        to_integers(self.whole, self.whole)

    def integers(self) -> Array32:
        """The latents of the whole picture, as a decoder gets them."""
        return self.whole

    def _sum(self, costs: list[Cost]) -> Cost:
        error = sum(c.error * square.pixels for c, square in zip(costs, self.squares, strict=True)) / self.pixels
        return Cost(error, sum(c.bits for c in costs))
