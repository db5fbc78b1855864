"""Weights to integers: one step per layer from its sensitivity, and the steps of the fit that follow.

A weight w becomes a level q, an integer, and is decoded as q times the step of its layer. If rounding moves
the weights by e, the squared error of the picture grows by about sum_i s_i e_i^2, where s_i is the
sensitivity of weight i: the diagonal of the Gauss-Newton matrix. With e uniform over a step, the least bits
for a given growth come from steps in proportion to 1 / sqrt(s), so one number, the coarseness, sets them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .. import entropy
from ..errors import FitError
from ..optim import Adam
from ..state import State, fill
from .feedback import Feedback
from .loops import Loops
from .model import Array32, SirenShape, slopes
from .objective import Objective
from .sampling import StratifiedSampler
from .stream import STEP_CODES, QuantisedWeights, step_of, write_coded

# Pixels whose derivatives the sensitivities are taken from, and how many of them at once.
_PIXELS, _CHUNK = 4096, 512

# Pixels of a step of the refinement, its learning rate in quantisation steps, and Adam's decay rates. At this rate a
# weight crosses one rounding threshold at most, mostly none; at higher ones weights wander to worse places.
_BATCH, _RATE, _BETAS = 8192, 0.0025, (0.9, 0.99)


def sensitivities(shape: SirenShape, parameters: Array32, axes: Sequence[Array32], seed: int) -> Array32:
    """Mean over pixels and channels of the squared derivative of a sample by each parameter; flat.

    axes: row and column coordinates of the picture, from which pixels are drawn at random.
    """
    rng = np.random.default_rng(seed)
    total = np.zeros(shape.parameters, np.float64)
    sums = shape.matrices(total)
    for _ in range(_PIXELS // _CHUNK):
        points = np.stack([axis[rng.integers(0, len(axis), _CHUNK)] for axis in axes], 1)
        for _channel, number, slope, inputs in slopes(shape, parameters, points):
            sums[number][:] += (slope * slope).T @ (inputs * inputs)
    return (total / (_PIXELS * shape.outputs)).astype(np.float32)


@dataclass(frozen=True)
class Quantiser:
    """A fitted network on its way to integers.

    parameters: flat, biases of sine layers in [-pi, pi].
    sensitivity: of each parameter, from `sensitivities`, or from the feedback.
    feedback: rounds better than to the nearest level, where the network is small enough for it.
    """

    shape: SirenShape
    parameters: Array32
    sensitivity: Array32
    feedback: Feedback | None = None

    def steps(self, coarseness: float) -> tuple[int, ...]:
        """The step code of every layer: steps of coarseness / sqrt(mean sensitivity)."""
        codes = []
        for layer in self.shape.matrices(self.sensitivity):
            step = coarseness / math.sqrt(max(float(layer.mean()), 1e-20))
            codes.append(min(max(round(8 * (4 - math.log2(step))), 0), STEP_CODES - 1))
        return tuple(codes)

    def rounded(self, steps: tuple[int, ...]) -> QuantisedWeights:
        """The nearest levels with these steps."""
        return levels_of(self.shape, self.parameters / step_vector(self.shape, steps), steps)

    def positions(self, steps: tuple[int, ...]) -> Array32:
        """Where the weights lie in units of these steps; with feedback, the levels themselves."""
        unit = step_vector(self.shape, steps)
        if self.feedback is None:
            return self.parameters / unit
        return self.feedback.round(self.parameters, unit)

    def coarseness_for_bytes(self, budget: int) -> float:
        """The log2 of the least coarseness whose nearest levels are coded in at most `budget` bytes."""
        fine, coarse = -16.0, 8.0
        while coarse - fine > 1 / 128:
            middle = (fine + coarse) / 2
            if _coded_bytes(self.shape, self.rounded(self.steps(2.0**middle))) <= budget:
                coarse = middle
            else:
                fine = middle
        return coarse


def step_vector(shape: SirenShape, steps: tuple[int, ...]) -> Array32:
    """The step of every parameter, flat."""
    sizes = [fan_out * (fan_in + 1) for fan_out, fan_in in shape.sizes]
    return np.repeat(np.array([step_of(code) for code in steps], np.float32), sizes)


def levels_of(shape: SirenShape, positions: Array32, steps: tuple[int, ...]) -> QuantisedWeights:
    """The levels nearest to flat positions in units of the steps."""
    nearest = np.clip(np.round(positions), -entropy.LIMIT, entropy.LIMIT)
    return QuantisedWeights(tuple(layer.astype(np.int32) for layer in shape.matrices(nearest)), steps)


def refine(
    objective: Objective,
    shape: SirenShape,
    positions: Array32,
    steps: tuple[int, ...],
    count: int,
    seed: int,
    report: Callable[[float], None],
    loops: Loops | None = None,
) -> Array32:
    """Lets the weights get used to being integers: new positions in units of the steps, flat, to be rounded.

    `count` steps of Adam on the positions, each with the loss and gradient at the rounded ones (the
    straight-through estimator of Bengio et al. 2013). report: called after each with its loss. loops: of which this is
    the next.
    """
    loops = loops or Loops()
    if (given := loops.again()) is not None:
        with loops.trusted():
            positions = np.empty_like(positions)
            fill(positions, given["positions"])
            return positions
    rng = np.random.default_rng(seed)
    sampler = None
    if objective.height * objective.width > _BATCH:
        sampler = StratifiedSampler(objective.height, objective.width, _BATCH, rng)
    unit = step_vector(shape, steps)
    positions = positions.copy()
    adam = Adam(positions, *_BETAS)
    done = 0
    if (left := loops.left()) is not None:
        with loops.trusted():
            rng.bit_generator.state = left["random"]
            fill(positions, left["positions"])
            adam.restore(left["adam"])
            done = int(left["step"])

    def state() -> State:
        random = rng.bit_generator.state
        return {"random": random, "positions": positions, "adam": adam.state(), "step": done}

    for step in range(done, count):
        loss, gradient = objective.loss_and_gradient(np.round(positions) * unit, sampler.draw() if sampler else None)
        adam.step(gradient * unit, _RATE * 0.5 * (1 + math.cos(math.pi * step / count)))
        report(loss)
        done = step + 1
        loops.keep(state)
    loops.end({"positions": positions})
    return positions


def trimmed(quantiser: Quantiser, positions: Array32, steps: tuple[int, ...], budget: int) -> QuantisedWeights:
    """The levels nearest to `positions`, of which as many as needed to hold `budget` bytes are moved towards 0.

    Rate-distortion optimised: with a price per bit, every weight takes the level, from the nearest one down to
    0, at which squared error plus price is least; the price is the lowest that keeps the budget. Raises
    `FitError` if nothing does.
    """
    shape = quantiser.shape
    nearest = levels_of(shape, positions, steps)
    if _coded_bytes(shape, nearest) <= budget:
        return nearest
    worth = shape.matrices(quantiser.sensitivity * step_vector(shape, steps) ** 2)
    places = shape.matrices(positions)

    def priced(price: float) -> QuantisedWeights:
        layers = []
        for level, place, weight in zip(nearest.levels, places, worth, strict=True):
            parts = []
            for part in (np.s_[:, :-1], np.s_[:, -1:]):
                parts.append(_cheapest(level[part], place[part], weight[part], price))
            layers.append(np.column_stack(parts))
        return QuantisedWeights(tuple(layers), steps)

    low, high = 0.0, 1e-12
    while _coded_bytes(shape, priced(high)) > budget:
        low, high = high, 4 * high
        if high > 1e12:
            raise FitError(f"the weights of a {shape} network do not fit in {budget} bytes")
    for _ in range(20):
        middle = (low + high) / 2
        if _coded_bytes(shape, priced(middle)) <= budget:
            high = middle
        else:
            low = middle
    return priced(high)


def _cheapest(level: entropy.Integers, place: Array32, worth: Array32, price: float) -> entropy.Integers:
    """Of each level and those one and two below it in magnitude, and 0, the one of least cost."""
    scale = entropy.best_scale(level)
    sign, magnitude = np.sign(level), np.abs(level)
    best, best_cost = level, np.full(level.shape, np.inf)
    for candidate in (level, sign * np.maximum(magnitude - 1, 0), sign * np.maximum(magnitude - 2, 0), 0 * level):
        cost = worth * (candidate - place) ** 2 + price * entropy.code_bits(candidate, scale)
        best = np.where(cost < best_cost, candidate, best)
        best_cost = np.minimum(cost, best_cost)
    return best.astype(np.int32)


def _coded_bytes(shape: SirenShape, weights: QuantisedWeights) -> float:
    """Length of the section, infinite for weights the format does not hold."""
    try:
        return len(write_coded(shape, weights).payload)
    except FitError:
        return math.inf
