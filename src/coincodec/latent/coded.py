"""Fits a small picture, which cannot pay for networks of its own: they are those of a start, moved by a few codes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..entropy import scale_of
from ..optim import Adam
from ..progress import Progress
from ..state import State, fill
from . import networks
from .continued import Expected, Optimiser
from .control import Control
from .fit import Fit
from .fitted import Model
from .model import Array32, Shared, coarser_shape, rescale, unit_gains
from .mosaic import Mosaic
from .networks import Quantised
from .origin import MOST_CODE, Origin, step_of
from .recipe import Recipe
from .stages import Stage
from .start import PRECISION, UNKNOWN, adapted, nearest_with_directions, placed

# How fast codes move in a step, in their usual standard deviation, at the height of the recipe's rate; Adam's betas.
_RATE, _BETAS = 0.1, (0.85, 0.98)

# Latents are in units at most so many steps from the start's own (origin.Origin): much further the integer context
# model could overflow.
_FAR = 16

# A logistic distribution's standard deviation in its scale.
_DEVIATION = math.pi / math.sqrt(3)


class CodedFit(Fit):
    """A fit of latents, and of codes in the place of networks."""

    def __init__(
        self,
        model: Model,
        recipe: Recipe,
        control: Control,
        tune: str,
        seed: int = 0,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """tune: what the picture is fitted for."""
        super().__init__(model, recipe, control, seed, progress, np.zeros(model.shape.parameters, np.float32))
        self.start = nearest_with_directions(tune, control.price)
        self.step = self._step_of(control.price)
        self.usual = np.array([_DEVIATION * scale_of(scale) for scale in self.start.scales], np.float32)
        self.codes = np.zeros(len(self.usual), np.float32)  # in their usual deviations
        shape = self._shape = model.shape
        self._values = _floats(adapted(self.start, shape))
        directions = (placed(self.start, shape, d.astype(np.int64)) for d in self.start.directions)
        self._directions = np.stack([_floats(d) for d in directions]) * self.usual[:, None]
        self._shared: list[Shared] = []
        self._take_codes()

    @property
    def origin(self) -> Origin:
        """What the networks are."""
        codes = np.clip(np.rint(self.codes * self.usual), -MOST_CODE, MOST_CODE)
        return Origin(self.start.number, self.step, tuple(int(code) for code in codes))

    def _step_of(self, price: float) -> int:
        return min(max(step_of(self.start, price), -_FAR), _FAR)

    def networks_optimiser(self) -> Adam:
        """Of the codes."""
        return Adam(self.codes, *_BETAS, epsilon=1e-12)

    def along_codes(self) -> Array32:
        """The gradient that is in the model, along the codes."""
        gradient = self.model.gradient
        for shared in reversed(self._shared):
            gradient = shared.pull(gradient)
        return np.asarray(self._directions @ (self._units * gradient))

    def move_networks(self, optimiser: Optimiser, rate: float) -> None:
        """Moves the codes by the gradient that is in the model, and by what they cost."""
        cost = np.float32(self.price / math.log(2)) * self.codes
        optimiser.step(self.along_codes() + cost, _RATE * rate / self.recipe.rate)
        self._take_codes()

    def follow_price(self) -> None:
        """Puts the latents in the units of the price."""
        step = self._step_of(self.price)
        self.model.rescale(2 ** ((step - self.step) / 8))
        self.step = step
        self._take_codes()

    def _enter(self, sizes: list[Model | Mosaic], stage: Stage) -> None:
        self.model = sizes[-1]
        self._grow(sizes, stage.level, stage.latents)
        self.price = self._price(stage.begin)
        self.follow_price()

    def _grow_networks(self, last: bool) -> None:
        self._take_codes()

    def _take_codes(self) -> None:
        """The parameters of the model that moves, from the codes."""
        shape, step = self._shape, 2 ** (self.step / 8)
        self._units = unit_gains(shape, step)
        values = self._values + self.codes @ self._directions
        rescale(shape, values, step)
        self._shared = []
        assert isinstance(self.model, Model)
        for _ in range(self.model.level):
            shared, shape = Shared.of(shape, values), coarser_shape(shape, 1)
            coarse = np.zeros(shape.parameters, np.float32)
            shared.give(values, coarse)
            self._shared.append(shared)
            values = coarse
        self.parameters = values

    def _expect(self, stages: list[Stage], hard: int) -> float:
        work = float(sum(stage.steps * stage.work for stage in stages))
        self.expected = Expected(self.done + sum(stage.steps for stage in stages), self.work + work)
        return work

    def state(self) -> State:
        """See `Continued`."""
        return super().state() | {"step": self.step, "codes": self.codes}

    def restore(self, state: State) -> None:
        """See `Continued`."""
        super().restore(state)
        fill(self.codes, state["codes"])
        self.step = int(state["step"])
        self._take_codes()

    def _harden(self, steps: int, until: float | None = None) -> Quantised:
        """The networks of the codes as integers: there is nothing to get used to."""
        return networks.of_origin(self._shape, self.origin)


def _floats(values: NDArray[np.int64]) -> Array32:
    return np.ldexp(np.where(values == UNKNOWN, 0, values).astype(np.float32), -PRECISION)
