"""Fits a SIREN to a picture: the recipes, the samples a step looks at, and the loop.

The loop needs only "something that computes loss and gradient" (`Objective`), so another back end can
stand in for the native kernels.
"""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import native
from ..errors import FitError, UsageError
from ..optim import Adam, Array32, Muon
from ..progress import Progress
from .model import SirenShape, frequency_scale, initial_parameters, paper_axes, pixel_axes, row_bands

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """How a network is fitted.

    w0: frequency factor of the sine layers during the fit (see `model`).
    steps: of the optimiser, unless the caller says otherwise.
    batch: pixels per step, about; None for all.
    paper_coordinates: fit on `paper_axes` rather than `pixel_axes`.
    muon: Muon for the hidden layers, Adam for the first and last, the rate rising for `warmup` steps
        and then falling to 0 as a cosine. Otherwise Adam at a constant rate, and the parameters with
        the lowest loss of the second half are kept.
    rate: learning rate for a network of that width.
    """

    w0: float
    steps: int
    batch: int | None
    paper_coordinates: bool
    muon: bool
    rate: Callable[[int], float]
    warmup: int = 0


# `paper`: Dupont et al. 2021, section 4 and their code. `default`: stratified minibatches and Muon reach
# the same quality in a twelfth of the steps, each on a fiftieth of the pixels; larger networks need
# smaller rates.
RECIPES = {
    "default": Recipe(
        w0=30,
        steps=4000,
        batch=8192,
        paper_coordinates=False,
        muon=True,
        rate=lambda width: min(4e-3, 2e-3 * (28 / width) ** 1.15),
        warmup=100,
    ),
    "paper": Recipe(w0=30, steps=50_000, batch=None, paper_coordinates=True, muon=False, rate=lambda width: 2e-4),
}


class Objective(Protocol):
    """A picture as the fit sees it."""

    height: int
    width: int

    def loss_and_gradient(self, parameters: Array32, index: Index | None) -> tuple[float, Array32]:
        """Mean squared error over the pixels in `index` (all if None), samples in [0, 1], and its gradient."""


class NativeObjective:
    """The native kernels on one picture.

    samples: uint8 or uint16, shape (height, width, channels).
    """

    # All pixels of a large picture are taken in bands, so that Ctrl-C never waits for long.
    BAND = 2**21

    def __init__(
        self,
        samples: NDArray[Any],
        shape: SirenShape,
        axes: list[Array32],
        threads: int,
    ) -> None:
        self.height, self.width, channels = samples.shape
        self.shape, self.axes, self.threads = shape, axes, threads
        self.targets = np.ascontiguousarray(samples).reshape(-1, channels)

    def loss_and_gradient(self, parameters: Array32, index: Index | None) -> tuple[float, Array32]:
        """See `Objective`."""
        if index is not None or self.height * self.width <= self.BAND:
            return native.siren_loss_and_gradient(parameters, self.shape, self.axes, self.targets, index, self.threads)
        loss, gradient = 0.0, np.zeros_like(parameters)
        rows, columns = self.axes
        for band in row_bands(self.height, self.width, self.BAND):
            share = (band.stop - band.start) / self.height
            targets = self.targets[band.start * self.width : band.stop * self.width]
            part, slope = native.siren_loss_and_gradient(
                parameters, self.shape, [rows[band], columns], targets, None, self.threads
            )
            loss += share * part
            gradient += np.float32(share) * slope
        return loss, gradient


class StratifiedSampler:
    """Draws one pixel in every cell of a grid of about `count` cells over the picture."""

    def __init__(self, height: int, width: int, count: int, rng: np.random.Generator) -> None:
        self.rng, self.width = rng, width
        rows = min(height, max(1, round(math.sqrt(count * height / width))))
        columns = min(width, max(1, round(count / rows)))
        self.rows = self._cells(height, rows)
        self.columns = self._cells(width, columns)

    def draw(self) -> Index:
        """Pixel numbers, in row-major order of their cells."""
        (top, height), (left, width) = self.rows, self.columns
        down, across = self.rng.random((2, len(top), len(left)), dtype=np.float32)
        row = top[:, None] + self._scale(down, height[:, None])
        column = left[None, :] + self._scale(across, width[None, :])
        numbers: Index = row * self.width + column
        return numbers.ravel()

    @staticmethod
    def _cells(length: int, count: int) -> tuple[Index, Index]:
        """First pixel and size of each cell along one side."""
        edges = np.arange(count + 1, dtype=np.int64) * length // count
        return edges[:-1], np.diff(edges)

    @staticmethod
    def _scale(unit: Array32, size: Index) -> Index:
        # The product can round up to `size`.
        return np.minimum((unit * size.astype(np.float32)).astype(np.int64), size - 1)


class _Optimiser:
    """The update of one recipe: which optimiser moves which parameters, at which rate."""

    def __init__(self, shape: SirenShape, parameters: Array32, recipe: Recipe, slowdown: float) -> None:
        self.recipe = recipe
        self.rate = recipe.rate(shape.width) * slowdown
        first = shape.width * (shape.inputs + 1)
        last = shape.parameters - shape.outputs * (shape.width + 1)
        hidden = parameters[first:last].reshape(-1, shape.width, shape.width + 1)
        self.muon = Muon(hidden) if recipe.muon and len(hidden) else None
        self.hidden = slice(first, last)
        ends = [slice(0, first), slice(last, None)] if self.muon else [slice(None)]
        self.adams = [(part, Adam(parameters[part])) for part in ends]

    def step(self, gradient: Array32, number: int, share: float) -> None:
        """Step `number`, after `share` (0..1) of the fit."""
        rate = self.rate
        if self.recipe.muon:
            rate *= min(1.0, (number + 1) / self.recipe.warmup) * 0.5 * (1 + math.cos(math.pi * share))
        for part, adam in self.adams:
            adam.step(gradient[part], rate)
        if self.muon is not None:
            self.muon.step(gradient[self.hidden].reshape(self.muon.parameters.shape), rate)


@dataclass(frozen=True)
class Fitted:
    """A fitted network: flat float32 parameters of h = sin(W h + b) on `pixel_axes`, and its cost."""

    parameters: Array32
    steps: int
    seconds: float


class _Diverged(Exception):
    """Raised by an attempt whose loss runs away."""


class _Budget:
    """How long an attempt lasts: a number of steps, or until a moment of the clock, whichever ends first."""

    def __init__(self, steps: int | None, deadline: float | None) -> None:
        self.steps, self.deadline = steps, deadline
        self.begun = clock.monotonic()

    def share(self, step: int) -> float:
        """How much of the attempt is over after so many steps, 0 to 1."""
        share = 0.0 if self.steps is None else step / self.steps
        if self.deadline is not None:
            left = self.deadline - self.begun
            share = max(share, (clock.monotonic() - self.begun) / left if left > 0 else 1.0)
        return min(share, 1.0)

    def expected_steps(self, step: int) -> int:
        """How many steps it will have been at the end, seen from after `step` steps."""
        if self.steps is not None and self.deadline is None:
            return self.steps
        return max(step, round(step / max(self.share(step), 1e-9)))


class _RunningLoss:
    """A moving average of the steps' losses, and whether it shows a divergence."""

    WARM_UP, TOLERANCE = 200, 2.0

    def __init__(self) -> None:
        self.steps = 0
        self.first = self.mean = math.nan

    def add(self, loss: float) -> None:
        """Raises `_Diverged` if the loss is not finite or has grown beyond where it began."""
        if self.steps == 0:
            self.first = self.mean = loss
        self.steps += 1
        self.mean += (loss - self.mean) * max(0.05, 1 / self.steps)
        if not math.isfinite(loss) or (self.steps > self.WARM_UP and self.mean > self.TOLERANCE * self.first):
            raise _Diverged

    @property
    def psnr(self) -> float:
        """In dB, of the mean."""
        return -10 * math.log10(max(self.mean, 1e-12))


def axes_for(recipe: Recipe, height: int, width: int) -> list[Array32]:
    """The coordinates this recipe fits on."""
    return (paper_axes if recipe.paper_coordinates else pixel_axes)(height, width)


def fit(
    objective: Objective,
    shape: SirenShape,
    recipe: Recipe,
    *,
    steps: int | None = None,
    time: float | None = None,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> Fitted:
    """Fits a network by `recipe`, for `steps` steps or `time` seconds, whichever ends first.

    The schedule is stretched over what is given; with a time, the number of steps and so the result
    depend on the machine. A fit that diverges is begun again at half the rate. The parameters
    returned are for the axes the objective uses.

    Raises `FitError` if it diverges at every rate tried, `UsageError` for a bad number.
    """
    if steps is not None and steps < 1:
        raise UsageError(f"steps must be at least 1, not {steps}")
    if time is not None and not time > 0:
        raise UsageError(f"time must be more than 0 seconds, not {time}")
    if steps is None and time is None:
        steps = recipe.steps
    start = clock.monotonic()

    def report(step: int, total: int, psnr: float) -> None:
        if progress is not None:
            progress(Progress(step, total, psnr, clock.monotonic() - start))

    for slowdown in (1.0, 0.5, 0.25, 0.125):
        budget = _Budget(steps, None if time is None else start + time)
        try:
            parameters, taken = _attempt(objective, shape, recipe, slowdown, budget, seed, report)
            return Fitted(parameters, taken, clock.monotonic() - start)
        except _Diverged:
            continue
    raise FitError(f"the fit of a {shape} network diverged at every learning rate tried")


def _attempt(
    objective: Objective,
    shape: SirenShape,
    recipe: Recipe,
    slowdown: float,
    budget: _Budget,
    seed: int,
    report: Callable[[int, int, float], None],
) -> tuple[Array32, int]:
    """One fit from the beginning, at the recipe's rate times `slowdown`: parameters and steps taken."""
    rng = np.random.default_rng(seed)
    parameters = initial_parameters(shape, recipe.w0, rng)
    scale = frequency_scale(shape, recipe.w0)
    optimiser = _Optimiser(shape, parameters, recipe, slowdown)
    sampler = None
    if recipe.batch is not None and objective.height * objective.width > recipe.batch:
        sampler = StratifiedSampler(objective.height, objective.width, recipe.batch, rng)

    best, best_loss = None, math.inf
    running = _RunningLoss()
    step = 0
    while step == 0 or budget.share(step) < 1:
        share = budget.share(step)
        network = scale * parameters
        loss, gradient = objective.loss_and_gradient(network, sampler.draw() if sampler else None)
        running.add(loss)
        if not recipe.muon and share >= 0.5 and loss < best_loss:
            best, best_loss = network, loss
        optimiser.step(scale * gradient, step, share)
        step += 1
        report(step, budget.expected_steps(step), running.psnr)
    result = best if best is not None else scale * parameters
    if not np.isfinite(result).all():
        raise _Diverged
    return result, step
