"""Fits a latent model to a picture: soft integers that harden, then networks that get used to being integers."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import _native, entropy
from ..errors import FitError
from ..image import Samples
from ..optim import Soap
from ..progress import Progress
from . import networks
from .control import STARTS_KNOW, Control, effect, price_at
from .model import Array32, LatentShape, parts, rescale, unit_gains
from .networks import Quantised
from .origin import Origin
from .recipe import Recipe
from .start import start_for


@dataclass(frozen=True)
class Cost:
    """squared_error: mean over samples in 0..1, clamped but not rounded. bits: of the latents."""

    squared_error: float
    bits: float


class Model:
    """A model of one picture in the native core: latents and the cost of what they say."""

    def __init__(self, shape: LatentShape, samples: Samples, threads: int) -> None:
        self.shape, self.threads = shape, threads
        self.native = _native.LatentFit(shape.native, np.ascontiguousarray(samples))
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
        return np.clip(rounded, -entropy.LAPLACE_LIMIT, entropy.LAPLACE_LIMIT, out=rounded)


def matrices(shape: LatentShape) -> list[tuple[int, int, int]]:
    """(offset, rows, columns) of every matrix among the parameters."""
    places = parts(shape, np.arange(shape.parameters))
    found = [places.context1, places.context2, places.output, *places.features, places.filters]
    found += [places.first, places.second, places.block, places.mix]
    return [(int(m.flat[0]), *m.shape) for m in found if m.size]


# Shares of the soft steps after which the price is corrected, if it has to lead anywhere.
_CHECKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

_LAST_RESCALE = 0.55

# Share of a fit from one look at what rounding would cost to the next.
_LOOK = 0.02

# Where the search for the networks' precision begins: finer than is worth while, but for contexts not so fine that the
# integer model's sums could overflow.
_FINE = tuple(9 if "context" in name else 12 for name in networks.TENSORS)

# Networks that train on as integers make up for some of what rounding costs at first, so their precision is chosen as
# if their bits cost more than they do.
_COARSER = 2.0

# Repeats of a fit's end, short and long: how many soft steps, as a share of the fit's, and at which share of a fit they
# begin. Hard steps, as a share of the fit's own. The effect of another price in a short one, against that from the
# beginning.
_SHORT, _LONG = (0.06, 0.75), (0.15, 0.5)
_HARD_AGAIN = 1 / 3
_SHORT_EFFECT = 0.2


class Fit:
    """One fit: soft integers that harden while everything moves, then integer latents while the networks harden."""

    def __init__(
        self,
        model: Model,
        recipe: Recipe,
        control: Control,
        seed: int = 0,
        progress: Callable[[Progress], None] | None = None,
        start: Array32 | None = None,
    ) -> None:
        """control: the price of a bit. seed: of the noise, and of networks that begin at random.

        start: the networks to begin with, in the units of the first price; by default those that suit it best.
        """
        self.model, self.recipe, self.control, self.progress = model, recipe, control, progress
        self.noise = np.random.default_rng(seed)
        self.begun = clock.monotonic()
        self.done = self.planned = 0
        self.price = self.first_price = price_at(0, control.price)
        self.parameters = start_for(model.shape, self.price, seed) if start is None else start.copy()
        self.units = self.price  # the price that the latents' units suit
        self.gains = self._gains()
        self.settled = control.price  # what, from the beginning, would have led where the prices have
        self.moments, self.quick = 0, True  # of the latents' Adam
        self.warmth = 1.0  # what is left of the recipe's temperature
        self.bits: tuple[int, ...] | None = None  # precision of the networks' tensors, once chosen

    def run(self, steps: int | None, time: float | None) -> Quantised:
        """Fits for so many steps (the recipe's if None), or for so many seconds if those end first.

        Returns the networks; the latents are in the model. Raises `FitError` if the fit diverges.
        """
        steps = self.recipe.steps if steps is None else steps
        hard = self.recipe.hard_steps(steps)
        self.soften(steps - hard, hard, time)
        self.planned = self.done
        return self._harden(max(1, round(self.done * hard / max(steps - hard, 1))) if hard else 0)

    def run_on(self, factor: float, far: bool) -> Quantised:
        """The end of a fit once more, for a price that is so many times as high.

        far: in more steps, in the units of that price and with the networks' precision chosen anew; else in so few
        that the price is changed by more, for the same effect.
        """
        share, begin = _LONG if far else _SHORT
        steps = max(2, round(share * self.planned))
        hard = max(1, round(_HARD_AGAIN * self.recipe.hard * self.planned))
        self.settled *= factor
        if far:
            self.control.price = self.price = self.settled
            self.follow_price()
            self.bits = None
        else:
            self.control.price *= factor ** (1 / _SHORT_EFFECT)
        self.soften(steps, hard, None, begin)
        return self._harden(hard)

    def _report(self, cost: Cost, steps: int) -> None:
        self.done += 1
        if not math.isfinite(cost.squared_error + cost.bits):
            raise FitError("the fit diverged")
        if self.progress is not None:
            psnr = -10 * math.log10(max(cost.squared_error, 1e-12))
            self.progress(Progress(self.done, max(steps, self.done), psnr, clock.monotonic() - self.begun))

    def soften(self, steps: int, hard: int = 0, time: float | None = None, begin: float = 0.0) -> None:
        """Soft steps, beginning where the share `begin` of a fit is done; `hard` more are to follow."""
        optimiser = self.networks_optimiser()
        checks = list(_CHECKS) if begin == 0 else []
        look = begin + 2 * _LOOK
        self.moments, self.quick = 0, True
        for step in range(steps):
            share = begin + (1 - begin) * step / steps
            planned = self.done + steps - step + hard
            if time is not None:
                share = max(share, (clock.monotonic() - self.begun) / (time * (1 - self.recipe.hard)))
                planned = round((step + 1) / max(share, 1 / steps)) + hard
                if share >= 1:
                    break
            cost = self.soft_step(share, step)
            self.move_networks(optimiser, self.recipe.rate_at(step, share))
            self._report(cost, planned)
            if share >= look and self.recipe.gap < math.inf:
                look += _LOOK
                self._cool(cost)
            while checks and share >= checks[0]:
                self._correct(share)
                if checks.pop(0) < _LAST_RESCALE:
                    self.follow_price()

    def soft_step(self, share: float, step: int) -> Cost:
        """Moves the latents once, after `share` of a fit; the networks' gradient is left in the model."""
        recipe = self.recipe
        self.price = price = price_at(share, self.control.price)
        self.moments += 1
        if self.quick and share >= recipe.quick:
            self.moments, self.quick = 1, False
        beta1, beta2 = recipe.quick_betas if self.quick else recipe.betas
        rate = recipe.latent_rate * recipe.cosine(share, recipe.latent_end)
        decays = (1 - beta1**self.moments, 1 - beta2**self.moments)
        update = (rate, beta1, beta2, *decays, recipe.epsilon * price)
        temperature = self.warmth * recipe.between(recipe.temperature, share**recipe.hardening)
        temperature = max(temperature, recipe.temperature[1])
        soft = (temperature, recipe.between(recipe.noise, share), int(self.noise.integers(2**31)))
        return self.model.step(self.parameters, soft, update, price, recipe.every, step)

    def _cool(self, cost: Cost) -> None:
        """Lowers the temperature where rounding would cost too much: soft latents then show what integers cannot.

        Detailed pictures at low rates, and long fits, otherwise learn to say much by small fractions, which vanish.
        """
        model, price = self.model, self.price
        costs = (cost, model.evaluate(self.parameters))
        soft, rounded = (c.squared_error + price * c.bits / model.pixels for c in costs)
        excess = math.log(max(rounded, 1e-12) / max(soft, 1e-12)) / self.recipe.gap - 1
        self.warmth *= 1 - self.recipe.cooling * min(max(excess, 0.0), 1.0)

    def _correct(self, share: float) -> None:
        """Lets the price be corrected; on the way down to it there is nothing to see yet of where it leads."""
        before = self.control.price
        if self.price == before:
            self.control.correct(self.model, self.parameters, share)
            self.settled *= (self.control.price / before) ** effect(share)
            self.price = price_at(share, self.control.price)

    def follow_price(self) -> None:
        """Puts the model in the units of the price: the best quantisation step grows as its root."""
        step = math.sqrt(self.price / self.units)
        rescale(self.model.shape, self.parameters, step)
        self.model.latents /= np.float32(step)
        self.units = self.price
        self.gains = self._gains()

    def _gains(self) -> Array32:
        """From the optimiser's parameters to ours: its rates suit the units of the starts, not ones far smaller."""
        return unit_gains(self.model.shape, math.sqrt(min(1.0, self.units / STARTS_KNOW)))

    def networks_optimiser(self) -> Soap:
        """Of the parameters in the units of the starts."""
        return Soap(self.parameters / self.gains, matrices(self.model.shape), self.recipe.momentum)

    def move_networks(self, optimiser: Soap, rate: float) -> None:
        """Moves the networks by the gradient that is in the model."""
        np.divide(self.parameters, self.gains, out=optimiser.parameters)
        optimiser.step(self.model.gradient * self.gains, rate)
        np.multiply(optimiser.parameters, self.gains, out=self.parameters)

    @property
    def origin(self) -> Origin | None:
        """What the networks can be written as differences from."""
        return Origin.near(self.model.shape.size, self.first_price, self.units)

    def _harden(self, steps: int) -> Quantised:
        """The networks as integers, by gradients at the rounded parameters (straight through)."""
        model, price, shape, origin = self.model, self.control.price, self.model.shape, self.origin

        def cost(values: Array32) -> float:
            found = model.evaluate(values)
            return found.squared_error * model.pixels + price * found.bits

        if self.bits is None:
            self.bits = networks.choose_bits(shape, self.parameters, origin, _FINE, _COARSER * price, cost)
        bits = self.bits = networks.representable(shape, self.parameters, self.bits)
        best = networks.quantise(shape, self.parameters, bits)
        least = cost(best.parameters()) + price * networks.length(best, origin)
        optimiser = self.networks_optimiser()
        for step in range(steps):
            rounded = networks.quantise(shape, self.parameters, bits)
            found = model.step(rounded.parameters(), None, None, price, 1, step)
            total = found.squared_error * model.pixels + price * found.bits
            if total < least:
                total += price * networks.length(rounded, origin)
                if total < least and not rounded.error():
                    best, least = rounded, total
            self.move_networks(optimiser, self.recipe.hard_rate * (1 - step / steps))
            self._report(found, self.done + steps - step)
        return best
