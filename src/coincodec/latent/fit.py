"""Fits a latent model to a picture: soft integers that harden, then networks that get used to being integers."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _native
from ..errors import FitError
from ..image import Samples
from ..optim import Soap
from ..progress import Progress
from . import networks
from .model import Array32, LatentShape, initial_parameters, parts
from .networks import Quantised
from .recipe import Recipe


@dataclass(frozen=True)
class Cost:
    """squared_error: mean over samples in 0..1, clamped but not rounded. bits: of the latents."""

    squared_error: float
    bits: float


class Model:
    """A model of one picture in the native core: latents and the cost of what they say."""

    def __init__(self, shape: LatentShape, samples: Samples, threads: int) -> None:
        self.shape, self.threads = shape, threads
        self.native = _native.LatentFit(shape.tuple, np.ascontiguousarray(samples))
        self.latents: Array32 = self.native.latents()
        self.gradient = np.empty(shape.parameters, np.float32)
        self.pixels = shape.height * shape.width

    def step(
        self,
        parameters: Array32,
        soft: tuple[float, float, int] | None,
        update: tuple[float, ...] | None,
        price: float,
        every: int,
        phase: int,
    ) -> Cost:
        """One step of the latents; the networks' gradient is left in `gradient`. See native/latent/latent.h."""
        error, bits = self.native.step(parameters, soft, update, price, every, phase, self.gradient, self.threads)
        return Cost(error / self.pixels / self.shape.channels, bits)

    def evaluate(self, parameters: Array32) -> Cost:
        """The cost with the latents rounded to integers."""
        error, bits = self.native.evaluate(parameters, None, self.threads)
        return Cost(error / self.pixels / self.shape.channels, bits)

    def integers(self) -> Array32:
        """The latents rounded to integers, as a decoder gets them."""
        rounded = self.shape.empty_latents()
        np.rint(self.latents, out=rounded)
        return np.clip(rounded, -_native.LAPLACE_LIMIT, _native.LAPLACE_LIMIT, out=rounded)


def matrices(shape: LatentShape) -> list[tuple[int, int, int]]:
    """(offset, rows, columns) of every matrix among the parameters."""
    places = parts(shape, np.arange(shape.parameters))
    found = [places.context1, places.context2, places.output, *places.features, places.filters]
    found += [places.first, places.second, places.block, places.mix]
    return [(int(m.flat[0]), *m.shape) for m in found if m.size]


@dataclass(frozen=True)
class Fitted:
    """Networks as integers, latents as integers with margins, and what they cost as floats reckon it."""

    networks: Quantised
    latents: NDArray[np.float32]
    cost: Cost
    steps: int


def fit(
    shape: LatentShape,
    samples: Samples,
    recipe: Recipe,
    price: float,
    *,
    steps: int,
    seed: int,
    threads: int,
    start: Array32 | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Fitted:
    """Fits latents and networks so that mean squared error + price * bits per pixel is small.

    samples: (height, width, channels). start: the networks' first parameters. Raises `FitError` if it diverges.
    """
    begun = clock.monotonic()
    model = Model(shape, samples, threads)
    parameters = initial_parameters(shape, seed) if start is None else start.copy()
    optimiser = Soap(parameters, matrices(shape))
    hard = recipe.hard_steps(steps)
    soft = steps - hard
    quick = round(recipe.quick * soft)
    noise = np.random.default_rng(seed)
    moments = 0

    def report(step: int, cost: Cost) -> None:
        if not math.isfinite(cost.squared_error + cost.bits):
            raise FitError("the fit diverged")
        if progress is not None:
            psnr = -10 * math.log10(max(cost.squared_error, 1e-12))
            progress(Progress(step, steps, psnr, clock.monotonic() - begun))

    for step in range(soft):
        share = step / soft
        moments = 1 if step == quick else moments + 1
        beta1, beta2 = recipe.quick_betas if step < quick else recipe.betas
        rate = recipe.latent_rate * recipe.cosine(share, 0.02)
        update = (rate, recipe.latent_growth, beta1, beta2, 1 - beta1**moments, 1 - beta2**moments, 1e-8)
        rounding = (
            recipe.between(recipe.temperature, share), recipe.between(recipe.noise, share),
            int(noise.integers(2**31)),
        )  # fmt: skip
        cost = model.step(parameters, rounding, update, price, recipe.every, step)
        optimiser.step(model.gradient, recipe.rate * min(1.0, (step + 1) / recipe.ramp) * recipe.cosine(share, 0.05))
        report(step + 1, cost)

    quantised = _harden(model, parameters, recipe, price, hard, lambda step, cost: report(soft + step, cost))
    return Fitted(quantised, model.integers(), model.evaluate(quantised.parameters()), steps)


_FINE = (12,) * len(networks.TENSORS)


def _harden(
    model: Model, parameters: Array32, recipe: Recipe, price: float, steps: int, report: Callable[[int, Cost], None]
) -> Quantised:
    """The networks as integers, fitted to integer latents by gradients at the rounded parameters (straight through)."""
    shape = model.shape

    def cost(values: Array32) -> float:
        found = model.evaluate(values)
        return found.squared_error * model.pixels + price * found.bits

    bits = networks.choose_bits(shape, parameters, _FINE, price, cost)
    best = networks.quantise(shape, parameters, bits)
    if not steps:
        return best
    lengths = networks.length
    least = cost(best.parameters()) + price * lengths(best)
    optimiser = Soap(parameters, matrices(shape))
    for step in range(steps):
        rounded = networks.quantise(shape, parameters, bits)
        found = model.step(rounded.parameters(), None, None, price, 1, step)
        total = found.squared_error * model.pixels + price * found.bits
        if total < least and total + price * lengths(rounded) < least and rounded.error() is None:
            best, least = rounded, total + price * lengths(rounded)
        optimiser.step(model.gradient, recipe.hard_rate * (1 - step / steps))
        report(step + 1, found)
    last = networks.quantise(shape, parameters, bits)
    if cost(last.parameters()) + price * lengths(last) < least and last.error() is None:
        best = last
    return best
