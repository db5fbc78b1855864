"""Fits a SIREN to a picture: the loop, its schedule, and what it does when a fit diverges."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import FitError
from ..optim import Adam, Muon
from ..progress import Progress
from ..state import State, fetch, fill, store
from .loops import Loops
from .model import Array32, SirenShape, frequency_scale, initial_parameters, paper_axes, pixel_axes
from .objective import Objective
from .recipe import Recipe
from .sampling import StratifiedSampler


class _Optimiser:
    """The update of one recipe: which optimiser moves which parameters, at which rate."""

    def __init__(self, shape: SirenShape, parameters: Array32, recipe: Recipe, slowdown: float) -> None:
        self.recipe = recipe
        self.rate = recipe.rate(shape) * slowdown
        first = shape.width * (shape.inputs + 1)
        last = shape.parameters - shape.outputs * (shape.width + 1)
        hidden = parameters[first:last].reshape(-1, shape.width, shape.width + 1)
        self.muon = Muon(hidden) if recipe.muon and len(hidden) else None
        self.hidden = slice(first, last)
        ends = [slice(0, first), slice(last, None)] if self.muon else [slice(None)]
        self.adams = [(part, Adam(parameters[part])) for part in ends]

    def state(self) -> State:
        """What changes in steps."""
        muon = None if self.muon is None else self.muon.state()
        return {"rate": self.rate, "muon": muon, "adams": [adam.state() for _, adam in self.adams]}

    def restore(self, state: State) -> None:
        """Takes that."""
        self.rate = float(state["rate"])
        if self.muon is not None:
            self.muon.restore(state["muon"])
        for (_, adam), kept in zip(self.adams, state["adams"], strict=True):
            adam.restore(kept)

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

    WARM_UP, TOLERANCE = 200, 1.3

    # Losses below this, 40 dB, may jump as they like: the pictures that reach it are smooth, and a fit of
    # them comes back by itself.
    HARMLESS = 1e-4

    def __init__(self) -> None:
        self.steps = 0
        self.mean = self.best = math.nan

    def state(self) -> State:
        """What changes in steps."""
        return fetch(self, ("steps", "mean", "best"))

    def restore(self, state: State) -> None:
        """Takes that."""
        store(self, ("steps", "mean", "best"), state)

    def add(self, loss: float) -> bool:
        """Takes the loss of a step. False if it is not finite or the mean has risen far above its best."""
        if not math.isfinite(loss):
            return False
        if self.steps == 0:
            self.mean = self.best = loss
        self.steps += 1
        self.mean += (loss - self.mean) * max(0.05, 1 / self.steps)
        self.best = min(self.best, self.mean)
        return self.steps <= self.WARM_UP or self.mean <= self.TOLERANCE * max(self.best, self.HARMLESS)

    @property
    def settled(self) -> bool:
        """Whether the mean is about the best so far."""
        return self.mean <= 1.1 * self.best

    @property
    def psnr(self) -> float:
        """In dB, of the mean."""
        return -10 * math.log10(max(self.mean, 1e-12))


# How far the rate may be halved, and how many steps lie between the states a fit goes back to.
_LEAST_SLOWDOWN = 1 / 64
_CHECKPOINT = 100


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
    loops: Loops | None = None,
) -> Fitted:
    """Fits a network by `recipe`, for `steps` steps or `time` seconds, whichever ends first.

    The schedule is stretched over what is given; with a time, the number of steps and so the result
    depend on the machine. A fit that diverges goes back a little and on at half the rate. The parameters
    returned are for the axes the objective uses.

    loops: of which this is the next.

    Raises `FitError` if it diverges at every rate tried.
    """
    loops = loops or Loops()
    if (given := loops.again()) is not None:
        with loops.trusted():
            found = np.empty(shape.parameters, np.float32)
            fill(found, given["parameters"])
            return Fitted(found, int(given["steps"]), float(given["seconds"]))
    if steps is None and time is None:
        steps = recipe.steps_for(shape)
    start = clock.monotonic()
    budget = _Budget(steps, None if time is None else start + time)
    rng = np.random.default_rng(seed)
    parameters = initial_parameters(shape, recipe.w0, rng)
    scale = frequency_scale(shape, recipe.w0)
    sampler = None
    if recipe.batch is not None and objective.height * objective.width > recipe.batch:
        sampler = StratifiedSampler(objective.height, objective.width, recipe.batch, rng)

    slowdown = 1.0
    optimiser, running = _Optimiser(shape, parameters, recipe, slowdown), _RunningLoss()
    sound = parameters.copy()
    best, best_loss = None, math.inf
    step = 0
    if (left := loops.left()) is not None:
        with loops.trusted():
            rng.bit_generator.state = left["random"]
            slowdown, step, best_loss = float(left["slowdown"]), int(left["step"]), float(left["best loss"])
            fill(parameters, left["parameters"])
            fill(sound, left["sound"])
            if left["best"] is not None:
                best = np.empty_like(parameters)
                fill(best, left["best"])
            optimiser.restore(left["optimiser"])
            running.restore(left["running"])
            start -= float(left["seconds"])

    def state() -> State:
        return {
            "random": rng.bit_generator.state, "slowdown": slowdown, "step": step, "parameters": parameters,
            "sound": sound, "best": best, "best loss": best_loss, "optimiser": optimiser.state(),
            "running": running.state(), "seconds": clock.monotonic() - start,
        }  # fmt: skip

    while step == 0 or budget.share(step) < 1:
        share = budget.share(step)
        network = scale * parameters
        loss, gradient = objective.loss_and_gradient(network, sampler.draw() if sampler else None)
        if not (running.add(loss) and np.isfinite(gradient).all()):
            slowdown /= 2
            if slowdown < _LEAST_SLOWDOWN:
                raise FitError(f"the fit of a {shape} network diverged at every learning rate tried")
            parameters[:] = sound
            optimiser, running = _Optimiser(shape, parameters, recipe, slowdown), _RunningLoss()
            continue
        if step % _CHECKPOINT == 0 and running.settled:
            sound[:] = parameters
        if not recipe.muon and share >= 0.5 and loss < best_loss:
            best, best_loss = network, loss
        optimiser.step(scale * gradient, step, share)
        step += 1
        if progress is not None:
            progress(Progress(step, budget.expected_steps(step), running.psnr, clock.monotonic() - start))
        loops.keep(state)
    fitted = Fitted(best if best is not None else scale * parameters, step, clock.monotonic() - start)
    loops.end({"parameters": fitted.parameters, "steps": fitted.steps, "seconds": fitted.seconds})
    return fitted
