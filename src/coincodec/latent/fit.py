"""Fits a latent model to a picture: soft integers that harden, at parts of its size and then at its own; then networks
that get used to being integers."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable, Iterator

import numpy as np

from ..errors import FitError
from ..optim import Soap
from ..progress import Progress
from ..state import State
from . import impressions, networks
from .continued import Continued, Expected, Hardening, Optimiser, Place, Softening
from .control import STARTS_KNOW, Control, effect, price_at
from .cost import Cost
from .fitted import Model, Soft, Update
from .model import Array32, LatentShape, finer, parts, rescale, unit_gains
from .mosaic import Mosaic
from .networks import Quantised
from .origin import Origin
from .recipe import Recipe
from .stages import Stage, coarse_factor, halving_shows, plan, work_of
from .start import start_for


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

# The networks' precision that is usual, where the search for it begins; that of networks which there is no time to
# choose it for.
_USUAL = (6, 7, 6, 6, 9, 10, 6, 10, 8, 9, 9, 11, 7, 10, 11)

# Networks that train on as integers make up for some of what rounding costs at first, so their precision is chosen as
# if their bits cost more than they do.
_COARSER = 2.0

# What it takes to choose it, in steps.
CHOICE = 25

# Repeats of a fit's end, short and long: how many soft steps, as a share of the fit's, and at which share of a fit they
# begin. Hard steps, as a share of the fit's own. The effect of another price in a short one, against that from the
# beginning.
_SHORT, _LONG = (0.06, 0.75), (0.15, 0.5)
_HARD_AGAIN = 1 / 3
_SHORT_EFFECT = 0.2


# Loops of steps: of the networks as integers, and of latents again.
HARD, _ONCE_MORE = ("hard", 0), ("again", 0)


def part_of(until: float | None, share: float) -> float | None:
    """The time, if any, after that share of what is left until then."""
    now = clock.monotonic()
    return None if until is None else now + (until - now) * share


class Fit(Continued):
    """One fit: soft integers that harden while everything moves, then integer latents while the networks harden.

    Soft integers begin as those of the picture at a part of its size, and go on with what was found there.
    """

    def __init__(
        self,
        model: Model | Mosaic,
        recipe: Recipe,
        control: Control,
        seed: int = 0,
        progress: Callable[[Progress], None] | None = None,
        start: Array32 | None = None,
    ) -> None:
        """control: the price of a bit. seed: of the noise, and of networks that begin at random.

        start: the networks that steps at the picture's own size begin with, in the units of the first price; by default
        those that suit it best. `run` begins at a part of the size, where it finds its own.
        """
        self.model, self.recipe, self.control, self.progress, self.seed = model, recipe, control, progress, seed
        self.noise = np.random.default_rng(seed)
        self.begun = clock.monotonic()
        self.done = self.planned = 0
        self.work, self.expected = 0, Expected(0, 1)
        self.price = self.first_price = price_at(0, control.price)
        self.parameters = start_for(model.shape, self.price, seed) if start is None else start.copy()
        self.units = self.price  # the price that the latents' units suit
        self.until: float | None = None
        self.gains = self._gains()
        self.cheaper = 1.0  # the factor on the price at a part of the picture's size
        self.settled = control.price  # what, from the beginning, would have led where the prices have
        self.moments, self.quick = 0, True  # of the latents' Adam
        self.warmth = 1.0  # what is left of the recipe's temperature
        self.bits: tuple[int, ...] | None = None  # precision of the networks' tensors, once chosen

    def run(self, steps: int | None, until: float | None = None, last: int = 0) -> Quantised:
        """Fits for so many steps (the recipe's if None), or until that time of the monotonic clock if it comes first.

        last: the level of the last stage, for want of time; finer grids then say nothing.

        Returns the networks; the latents are in the model. Raises `FitError` if the fit diverges.
        """
        self.begin_round()
        steps = self.recipe.steps if steps is None else steps
        hard = self.recipe.hard_steps(steps)
        self.planned = max(1, steps - hard)
        self.until = until
        sizes: list[Model | Mosaic] = [self.model]
        stages = self._plan(last)
        for _ in range(stages[0].level):
            sizes.append(sizes[-1].halved())
        left = self._expect(stages, hard)
        for number, stage in enumerate(stages):
            self._enter(sizes, stage)
            self.soften(stage, part_of(until, stage.steps * stage.work / left), place=("stage", number))
            left -= stage.steps * stage.work
        self._grow(sizes, 0, True)
        return self._complete(self._harden(hard, until))

    def _plan(self, last: int) -> list[Stage]:
        """The stages, down to a level."""
        model = self.model
        halve = halving_shows(model.samples, model.grain)
        detail, coarsest = model.detailed(self.control.price), impressions.COARSEST if model.progressive else 0
        return plan(self.recipe, self.planned, model.shape, detail, last, halve, coarsest)

    def _complete(self, networks: Quantised) -> Quantised:
        """What is to be done after the networks: nothing."""
        return networks

    def _work_to_complete(self) -> int:
        """Of that, in pixels of steps."""
        return 0

    def run_on(self, factor: float, far: bool, until: float | None = None) -> Quantised:
        """The end of a fit once more, for a price that is so many times as high.

        far: in more steps, in the units of that price and with the networks' precision chosen anew; else in so few
        that the price is changed by more, for the same effect.
        """
        self.begin_round()
        self.until = until
        share, begin = _LONG if far else _SHORT
        hard = max(1, round(_HARD_AGAIN * self.recipe.hard * self.planned))
        self.settled *= factor
        if far:
            self.control.price = self.price = self.settled
            self.follow_price()
            self.bits = None
        else:
            self.control.price *= factor ** (1 / _SHORT_EFFECT)
        stage = Stage(0, max(2, round(share * self.planned)), begin, 1.0, work_of(self.model.pixels))
        until_hard = part_of(until, stage.steps * stage.work / self._expect([stage], hard))
        self.soften(stage, until_hard, corrected=False, place=_ONCE_MORE)
        return self._complete(self._harden(hard, until))

    def _enter(self, sizes: list[Model | Mosaic], stage: Stage) -> None:
        """Goes on with the picture at a part of its size: the last model, or one before it with what that has found."""
        if self.model is not sizes[-1]:
            self.model, self.cheaper = sizes[-1], coarse_factor(self.price)
            self.first_price = self.units = self.cheaper * self.price
            self.parameters = start_for(self.model.shape, self.units, self.seed)
        self._grow(sizes, stage.level, stage.latents)
        self.price = self._price(stage.begin)
        self.follow_price()

    def _grow(self, sizes: list[Model | Mosaic], level: int, latents: bool) -> None:
        """From the last model to that of a finer level, with its networks, and its latents if they are to go over."""
        while len(sizes) > level + 1:
            coarse, self.model = sizes.pop(), sizes[-1]
            self._grow_networks(last=len(sizes) == 1)
            assert isinstance(coarse, Model)  # the last alone may be a mosaic
            if latents:
                self.model.take(coarse)
        self.gains = self._gains()

    def _grow_networks(self, last: bool) -> None:
        """From those of the model before to those of this one, twice as large. last: it has the picture's own size."""
        if last:
            self.units, self.cheaper = self.units / self.cheaper, 1.0
        parameters = start_for(self.model.shape, self.units, self.seed, self.first_price)
        finer(self.model.shape, parameters, self.parameters)
        self.parameters = parameters

    def _expect(self, stages: list[Stage], hard: int) -> float:
        """Notes what is to come: these stages, so many hard steps, and what completes the fit. Returns the work."""
        work = sum(stage.steps * stage.work for stage in stages) + (hard + CHOICE) * work_of(self.model.pixels)
        work += self._work_to_complete()
        self.expected = Expected(self.done + sum(stage.steps for stage in stages) + hard, self.work + work)
        return float(work)

    def report(self, cost: Cost, work: int) -> None:
        """Counts a step, and tells of it. Raises `FitError` if the fit diverges."""
        self.done += 1
        self.work += work
        if not math.isfinite(cost.error + cost.bits):
            raise FitError("the fit diverged")
        if self.progress is not None:
            psnr = -10 * math.log10(max(self.model.squared_error, 1e-12))
            elapsed = clock.monotonic() - self.begun
            share = self.work / self.expected.work
            if self.until is not None:
                share = max(share, elapsed / (self.until - self.begun))
            steps = max(self.done, round(self.done / share) if self.until is not None else self.expected.steps)
            self.progress(Progress(self.done, steps, psnr, elapsed, min(share, 1.0)))

    def soften(
        self, stage: Stage, until: float | None = None, corrected: bool = True, place: Place = ("stage", 0)
    ) -> None:
        """Soft steps of the present model, until that time of the monotonic clock at most.

        corrected: whether the price may be led anywhere; it is at the picture's own size. place: of the loop.
        """
        if self.passes(place):
            return
        checks = [check for check in _CHECKS if check > stage.begin] if corrected else []
        loop = Softening(self.networks_optimiser(), checks, stage.begin + 2 * _LOOK)
        self.moments, self.quick = 0, True
        first = self.arrive(place, loop)
        for step, done in self.steps(stage.steps, stage.work, until, first):
            share = stage.begin + (stage.end - stage.begin) * done
            cost = self.soft_step(share, step)
            self.move_networks(loop.optimiser, self.recipe.rate_at(step, share))
            self.report(cost, stage.work)
            if share >= loop.look and self.recipe.gap < math.inf:
                loop.look += _LOOK
                self._cool(cost)
            while loop.checks and share >= loop.checks[0]:
                if stage.level == 0:
                    self._correct(share)
                if loop.checks.pop(0) < _LAST_RESCALE:
                    self.follow_price()
            self.keep(place, step + 1, loop)

    def steps(self, number: int, work: int, until: float | None, first: int = 0) -> Iterator[tuple[int, float]]:
        """So many steps of that work, each with the share of them that is done, until that time at most.

        Steps that there is no time for count as done. first: as many are.
        """
        begun = clock.monotonic()
        for step in range(first, number):
            done = step / number
            if until is not None:
                done = max(done, (clock.monotonic() - begun) / max(until - begun, 1e-3))
                if done >= 1:
                    self.work += (number - step) * work
                    return
            yield step, done

    def soft_step(self, share: float, step: int) -> Cost:
        """Moves the latents once, after `share` of a fit; the networks' gradient is left in the model."""
        self.price = price = self._price(share)
        soft, update = self.move(share, price)
        cost = self.model.step(self.parameters, soft, update, price, self.recipe.every, step)
        if share < impressions.UNTIL and step % impressions.EVERY == 0:
            self.model.impress(self.parameters, soft, update)
        return cost

    def move(self, share: float, price: float) -> tuple[Soft, Update]:
        """How latents are seen, and how they move, after `share` of a fit."""
        recipe = self.recipe
        self.moments += 1
        if self.quick and share >= recipe.quick:
            self.moments, self.quick = 1, False
        beta1, beta2 = recipe.quick_betas if self.quick else recipe.betas
        rate = recipe.latent_rate * recipe.cosine(share, recipe.latent_end)
        decays = (1 - beta1**self.moments, 1 - beta2**self.moments)
        temperature = self.warmth * recipe.between(recipe.temperature, share**recipe.hardening)
        temperature = max(temperature, recipe.temperature[1])
        soft = (temperature, recipe.between(recipe.noise, share), int(self.noise.integers(2**31)))
        return soft, (rate, beta1, beta2, *decays, recipe.epsilon * price)

    def _cool(self, cost: Cost) -> None:
        """Lowers the temperature where rounding would cost too much: soft latents then show what integers cannot.

        Detailed pictures at low rates, and long fits, otherwise learn to say much by small fractions, which vanish.
        """
        model, price = self.model, self.price
        costs = (cost, model.evaluate(self.parameters))
        soft, rounded = (c.error + price * c.bits / model.pixels for c in costs)
        excess = math.log(max(rounded, 1e-12) / max(soft, 1e-12)) / self.recipe.gap - 1
        self.warmth *= 1 - self.recipe.cooling * min(max(excess, 0.0), 1.0)

    def _correct(self, share: float) -> None:
        """Lets the price be corrected; on the way down to it there is nothing to see yet of where it leads."""
        before = self.control.price
        if self.price == before:
            self.control.correct(self.model, self.parameters, share)
            self.settled *= (self.control.price / before) ** effect(share)
            self.price = self._price(share)

    def _price(self, share: float) -> float:
        """The price after that share of a fit, at the present size of the picture."""
        return self.cheaper * price_at(share, self.control.price)

    def follow_price(self) -> None:
        """Puts the model in the units of the price: the best quantisation step grows as its root."""
        step = math.sqrt(self.price / self.units)
        rescale(self.model.shape, self.parameters, step)
        self.model.rescale(step)
        self.units = self.price
        self.gains = self._gains()

    def _gains(self) -> Array32:
        """From the optimiser's parameters to ours: its rates suit the units of the starts, not ones far smaller."""
        return unit_gains(self.model.shape, math.sqrt(min(1.0, self.units / STARTS_KNOW)))

    def networks_optimiser(self) -> Optimiser:
        """Of the parameters in the units of the starts."""
        return Soap(self.parameters / self.gains, matrices(self.model.shape), self.recipe.momentum)

    def move_networks(self, optimiser: Optimiser, rate: float) -> None:
        """Moves the networks by the gradient that is in the model."""
        np.divide(self.parameters, self.gains, out=optimiser.parameters)
        optimiser.step(self.model.gradient * self.gains, rate)
        np.multiply(optimiser.parameters, self.gains, out=self.parameters)

    @property
    def origin(self) -> Origin | None:
        """What the networks can be written as differences from."""
        return Origin.near(self.model.shape.size, self.first_price, self.units)

    def _pace(self) -> float:
        """Seconds that a pixel of a step has taken."""
        return (clock.monotonic() - self.begun) / max(self.work, 1)

    def restore(self, state: State) -> None:
        """See `Continued`."""
        super().restore(state)
        self.gains = self._gains()

    def _harden(self, steps: int, until: float | None = None) -> Quantised:
        """The networks as integers, by gradients at the rounded parameters (straight through)."""
        model, shape = self.model, self.model.shape
        usual = networks.quantise(shape, self.parameters, _USUAL)
        loop = Hardening(self.networks_optimiser(), usual, math.inf)
        first = self.arrive(HARD, loop)
        price, origin, work = self.control.price, self.origin, work_of(model.pixels)

        def cost(values: Array32) -> float:
            return total(model.evaluate(values))

        def total(found: Cost) -> float:
            return model.stands_for * (found.error * model.pixels + price * found.bits)

        if not first:
            if model.aim is not None:
                model.evaluate(self.parameters)
                model.follow()
            if self.bits is None and until is not None and until - clock.monotonic() < CHOICE * work * self._pace():
                self.bits = _USUAL
            if self.bits is None:
                self.bits = networks.choose_bits(shape, self.parameters, origin, _USUAL, _COARSER * price, cost)
                self.work += CHOICE * work
            self.bits = networks.representable(shape, self.parameters, self.bits)
            loop.best = networks.quantise(shape, self.parameters, self.bits)
            loop.least = cost(loop.best.parameters()) + price * networks.length(loop.best, origin)
        assert self.bits is not None
        for step in range(first, steps):
            if until is not None and clock.monotonic() >= until:
                break
            rounded = networks.quantise(shape, self.parameters, self.bits)
            found = model.step(rounded.parameters(), None, None, price, 1, step)
            costs = total(found)
            if costs < loop.least:
                costs += price * networks.length(rounded, origin)
                if costs < loop.least and not rounded.error():
                    loop.best, loop.least = rounded, costs
            self.move_networks(loop.optimiser, self.recipe.hard_rate * (1 - step / steps))
            self.report(found, work)
            self.keep(HARD, step + 1, loop)
        return loop.best
