"""A model of one picture in the native core, and what it costs."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Protocol

import numpy as np

from .. import _native, entropy
from ..image import Samples
from ..state import State, fill
from .cost import Cost
from .impressions import COARSEST, Impressions
from .model import Array32, LatentShape, coarser_shape
from .stages import detailed, grain, halved

# How latents are seen in a step, and how they move after it: Quantisation and LatentUpdate of native/latent/kernel.h.
Soft = tuple[float, float, int]
Update = tuple[float, ...]

# Steps from one look at the picture that is shown to the next.
_LOOKS = 2


class Aim(Protocol):
    """What a picture's squared error is taken from instead of the picture, as the fit goes on.

    mean: of what an error counts, before that was divided by it, or by the mean that was given. scale: what it has
    learned from what was shown.
    """

    mean: float
    scale: float

    def take(self, shown: Array32, goal: Array32) -> tuple[float, float]:
        """Sets the goal, now that this is shown. Returns a distance of its own and the squared error, summed."""

    def distance(self, shown: Array32) -> float:
        """The distance alone."""


class Tune(Protocol):
    """Makes an aim."""

    def __call__(self, picture: Array32, weights: Array32, level: int, threads: int, mean: float | None = None) -> Aim:
        """picture: planes (channels, height, width) in 0..1. weights: of that shape, to be set. level: how often the
        picture was halved. mean: of what an error counts, if not that of this picture, a part of another."""


def to_integers(latents: Array32, out: Array32) -> None:
    """Rounds latents to the integers that can be coded."""
    np.rint(latents, out=out)
    np.clip(out, -entropy.LAPLACE_LIMIT, entropy.LAPLACE_LIMIT, out=out)


class Model:
    """Latents of one picture, the cost of what they say, and its gradient."""

    # Of how many times as many pixels a picture is that this one stands for.
    stands_for = 1.0

    def __init__(
        self,
        shape: LatentShape,
        samples: Samples,
        threads: int,
        tune: Tune | None = None,
        level: int = 0,
        progressive: bool = False,
    ) -> None:
        """tune: without one the picture itself is the goal. level: how often it was halved.

        progressive: coarse grids are to show it by themselves.
        """
        self.shape, self.samples, self.threads, self.tune, self.level = shape, samples, threads, tune, level
        self.native = _native.LatentFit(shape.native, np.ascontiguousarray(samples))
        self.latents: Array32 = self.native.latents()
        self.gradient = np.empty(shape.parameters, np.float32)
        self.pixels = shape.height * shape.width
        self.squared_error = math.inf  # mean over samples in 0..1, clamped but not rounded, as last seen
        self.aim: Aim | None = None
        self.progressive = progressive
        coarsest = COARSEST - level
        self._impressions = Impressions(shape, samples, coarsest, threads) if progressive and coarsest > 0 else None
        self._steps = 0
        if tune is not None:
            self._picture, self._goal, weights, self._shown = self.native.guide()
            self.aim = tune(self._picture, weights, level, threads)

    def halved(self) -> Model:
        """A model of the picture at half its size: of all grids but the finest."""
        small = coarser_shape(self.shape, 1)
        return Model(small, halved(self.samples), self.threads, self.tune, self.level + 1, self.progressive)

    def take(self, coarse: Model) -> None:
        """Takes the latents of a model of the picture at half its size; the finest grid stays as it is."""
        for level in range(coarse.shape.levels):
            self.shape.plane(self.latents, level + 1)[...] = coarse.shape.plane(coarse.latents, level)

    def rescale(self, step: float) -> None:
        """Divides the latents."""
        self.latents /= np.float32(step)

    @cached_property
    def grain(self) -> float:
        """What half the size cannot show of the picture."""
        return grain(self.samples)

    def detailed(self, price: float) -> bool:
        """Whether the picture is, at that price, and its coarse grids need not show it: they are then found anew."""
        return detailed(self.grain, price) and not self.progressive

    def follow(self) -> None:
        """Sets the goal by what was shown last."""
        if self.aim is not None:
            self.squared_error = self._mean(self.aim.take(self._shown, self._goal)[1])

    def distance(self) -> float:
        """How far what was shown last looks from the picture, as its tune has it."""
        assert self.aim is not None
        return self.aim.distance(self._shown)

    def step(
        self,
        parameters: Array32,
        soft: Soft | None,
        update: Update | None,
        price: float,
        every: int,
        phase: int,
    ) -> Cost:
        """One step of the latents; the networks' gradient is left in `gradient`. See native/latent/latent.h.

        The goal follows soft steps alone.
        """
        if soft is not None:
            if self._steps and self._steps % _LOOKS == 0:
                self.follow()
            self._steps += 1
        found = self.native.step(parameters, soft, update, price, every, phase, self.gradient, self.threads)
        self._moved()
        return self._cost(*found)

    def _moved(self) -> None:
        """After latents have moved: those of a part may have to go back."""

    def impress(self, parameters: Array32, soft: Soft, update: Update) -> None:
        """After a step: moves latents, and adds to the networks' gradient, for coarse grids to show the picture."""
        if self._impressions is not None:
            self.gradient += self._impressions.step(self.latents, parameters, soft, update)

    def evaluate(self, parameters: Array32) -> Cost:
        """The cost with the latents rounded to integers."""
        return self._cost(*self.native.evaluate(parameters, None, self.threads))

    def integers(self) -> Array32:
        """The latents rounded to integers, as a decoder gets them."""
        rounded = self.shape.empty_latents()
        to_integers(self.latents, rounded)
        return rounded

    def state(self) -> State:
        """What steps change, but for the networks' gradient."""
        mean, square = self.native.moments()
        state = {"latents": self.latents, "mean": mean, "square": square, "error": self.squared_error}
        state["steps"] = self._steps
        state["impressions"] = None if self._impressions is None else self._impressions.state()
        if self.aim is not None:
            state |= {"goal": self._goal, "shown": self._shown, "scale": self.aim.scale}
        return state

    def restore(self, state: State) -> None:
        """Takes that."""
        for array, name in zip((self.latents, *self.native.moments()), ("latents", "mean", "square"), strict=True):
            fill(array, state[name])
        self.squared_error, self._steps = float(state["error"]), int(state["steps"])
        if self._impressions is not None:
            self._impressions.restore(state["impressions"])
        if self.aim is not None:
            fill(self._goal, state["goal"])
            fill(self._shown, state["shown"])
            self.aim.scale = float(state["scale"])

    def _mean(self, total: float) -> float:
        return total / self.pixels / self.shape.channels

    def _cost(self, error: float, bits: float) -> Cost:
        cost = Cost(self._mean(error), bits)
        if self.aim is None:
            self.squared_error = cost.error
        elif self.squared_error == math.inf:  # nothing has been aimed at yet
            self.squared_error = float(np.mean(np.square(self._shown - self._picture)))
        return cost
