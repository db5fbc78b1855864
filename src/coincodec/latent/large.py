"""Fits a large picture: networks to a sample, latents after them."""

from __future__ import annotations

import math

from ..state import State
from .continued import Place
from .fit import HARD, Fit, part_of
from .model import Array32
from .mosaic import Half, Mosaic, Part
from .networks import Quantised
from .stages import LargePlan, Stage, halving_shows, plan_large

# The networks' gradient is not wanted: it is taken from one row in so many.
_NEVER = 1 << 30

# A repeat of a fit's end: the share of the steps to each part, at which share of a fit they begin, and the least steps
# that change anything. Shorter ones, and later ones, leave integers as they are.
_AGAIN, _BEGIN, _LEAST_STEPS = 0.8, 0.4, 12

# What a loop of steps to a part is called.
_PART = "part"

# Up to what factor between prices networks of one do for the other.
_SAME_NETWORKS = 2.0


class LargeFit(Fit):
    """A fit whose model is a sample of a large picture.

    When its networks are integers they stay, and the picture's latents follow: coarse ones all at once, at half its
    size, then part after part.
    """

    NUMBERS = (*Fit.NUMBERS, "_steps_to_parts", "_price_of_networks")

    model: Mosaic
    _large: LargePlan
    _networks: Quantised | None = None
    _price_of_networks = 0.0
    _steps_to_parts = 0

    def run_on(self, factor: float, far: bool, until: float | None = None) -> Quantised:
        """The parts once more, for a price that is so many times as high; networks too if it has come far from theirs.

        far: is of no account.
        """
        self.begin_round()
        self._large = LargePlan([], 0, max(_LEAST_STEPS, round(_AGAIN * self._steps_to_parts)), _BEGIN)
        if not 1 / _SAME_NETWORKS <= factor * self.settled / self._price_of_networks <= _SAME_NETWORKS:
            return super().run_on(factor, True, until)
        self.until = until
        self.settled *= factor
        self.control.price = self.settled
        self._expect([], 0)
        assert self._networks is not None
        return self._complete(self._networks)

    def _plan(self, last: int) -> list[Stage]:
        model = self.model
        halve = halving_shows(model.samples, model.grain)
        price = self.control.price
        self._large = plan_large(self.recipe, self.planned, model.shape, model.pixels, last, halve, price)
        # What repeats are a share of, if there is no time for parts now, too.
        whole = plan_large(self.recipe, self.planned, model.shape, model.pixels, price=price) if last else self._large
        self._steps_to_parts = whole.parts
        return self._large.stages

    def _work_to_complete(self) -> int:
        model, plan = self.model, self._large
        return plan.whole * math.prod(model.shape.grid(1)) + plan.parts * model.pixels_of_parts

    def numbers(self) -> State:
        """See `Continued`."""
        return super().numbers() | {"networks": None if self._networks is None else self._networks.state()}

    def restore_numbers(self, state: State) -> None:
        """See `Continued`."""
        super().restore_numbers(state)
        kept = state["networks"]
        self._networks = None if kept is None else Quantised.of_state(self.model.shape, kept)

    def _harden(self, steps: int, until: float | None = None) -> Quantised:
        if not self.passes(HARD):
            return super()._harden(steps, until)
        return self._restored()

    def _restored(self) -> Quantised:
        """The networks that latents were following where the fit was left; all else is as it was, too."""
        assert self.left is not None
        with self._trusted():
            self.restore(self.left["state"])
        assert self._networks is not None
        return self._networks

    def _complete(self, networks: Quantised) -> Quantised:
        place = self.place_left()
        if place is not None:
            networks = self._restored()
        if networks is not self._networks:
            self._networks, self._price_of_networks = networks, self.settled
        model, plan, values = self.model, self._large, networks.parameters()
        if model.half is not None and plan.whole:
            own = plan.whole * model.half.pixels
            share = own / (own + plan.parts * model.pixels_of_parts)
            self._settle(model.half, values, plan.whole, part_of(self.until, share), ("half", 0))
        if not plan.parts:
            model.round()
            return networks
        begun = 0 if place is None or place[0] != _PART else place[1]
        for number, part in enumerate(model.parts(begun), begun):
            until = part_of(self.until, 1 / (len(model.cores) - number))
            self._settle(part, values, plan.parts, until, (_PART, number))
        return networks

    def _settle(self, part: Part | Half, values: Array32, steps: int, until: float | None, place: Place) -> None:
        """Soft steps of latents alone."""
        loop = part if isinstance(part, Part) else None  # half the size is in the state of the model
        self.moments, self.quick = 0, True
        first = self.arrive(place, loop)
        self.price, begin = self.control.price, self._large.begin
        for step, done in self.steps(steps, part.pixels, until, first):
            soft, update = self.move(begin + (1 - begin) * done, self.price)
            self.report(part.step(values, soft, update, self.price, _NEVER, step), part.pixels)
            self.keep(place, step + 1, loop)
