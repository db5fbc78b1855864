"""What a fit keeps for another one to go on in its place, and how that gets to where it was left."""

from __future__ import annotations

import time as clock
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from typing import ClassVar, Protocol

import numpy as np

from ..checkpoint import Checkpoint
from ..state import State, fetch, fill, store
from .control import Control
from .fitted import Model
from .model import Array32
from .mosaic import Mosaic
from .networks import Quantised

# Of a loop of steps in a round: what it is called, and which of these it is.
Place = tuple[str, int]


class Kept(Protocol):
    """What has a state."""

    def state(self) -> State:
        """As `restore` takes it."""

    def restore(self, state: State) -> None:
        """Goes on in the place of what had this state."""


class Optimiser(Kept, Protocol):
    """What moves networks; its state is what it knows besides the parameters."""

    parameters: Array32

    def step(self, gradient: Array32, rate: float) -> None:
        """One step of about `rate` per parameter."""


@dataclass(frozen=True)
class Expected:
    """What a fit has done at its end. work: in pixels of steps, as stages count it."""

    steps: int
    work: float


@dataclass
class Softening:
    """What belongs to a loop of soft steps.

    checks: shares after which the price is corrected that are still to come. look: that of the next look at what
    rounding would cost.
    """

    optimiser: Optimiser
    checks: list[float]
    look: float

    def state(self) -> State:
        """See `Kept`."""
        return {"optimiser": self.optimiser.state(), "checks": self.checks, "look": self.look}

    def restore(self, state: State) -> None:
        """See `Kept`."""
        self.optimiser.restore(state["optimiser"])
        self.checks, self.look = [float(check) for check in state["checks"]], float(state["look"])


@dataclass
class Hardening:
    """What belongs to a loop of hard steps. best: the networks of the least cost so far, and that cost."""

    optimiser: Optimiser
    best: Quantised
    least: float

    def state(self) -> State:
        """See `Kept`."""
        return {"optimiser": self.optimiser.state(), "best": self.best.state(), "least": self.least}

    def restore(self, state: State) -> None:
        """See `Kept`."""
        self.optimiser.restore(state["optimiser"])
        self.best, self.least = Quantised.of_state(self.best.shape, state["best"]), float(state["least"])


class Continued:
    """A fit that goes on where another one was left.

    It comes there by the same way, round after round, without the steps: loops that were over are passed, and in the
    one that was not everything becomes as it was. What happens on the way to it has no effect, but on which models
    there are.
    """

    NUMBERS: ClassVar[tuple[str, ...]] = (
        "done", "planned", "work", "price", "first_price", "units", "cheaper", "settled", "moments", "quick", "warmth",
    )  # fmt: skip

    model: Model | Mosaic
    control: Control
    noise: np.random.Generator
    parameters: Array32
    expected: Expected
    bits: tuple[int, ...] | None
    begun: float

    checkpoint: Checkpoint | None = None
    left: State | None = None  # what `keep` has written, until it is there
    _before: State

    def numbers(self) -> State:
        """All but what moves in a step."""
        return fetch(self, self.NUMBERS) | {
            "expected": astuple(self.expected),
            "bits": self.bits,
            "control": self.control.state(),
            "noise": self.noise.bit_generator.state,
            "elapsed": clock.monotonic() - self.begun,
        }

    def restore_numbers(self, state: State) -> None:
        """Takes them."""
        store(self, self.NUMBERS, state)
        steps, work = state["expected"]
        self.expected = Expected(int(steps), float(work))
        self.bits = None if state["bits"] is None else tuple(int(b) for b in state["bits"])
        self.control.restore(state["control"])
        self.noise.bit_generator.state = state["noise"]
        self.begun = clock.monotonic() - float(state["elapsed"])

    def state(self) -> State:
        """All of it, in a loop of steps."""
        return {"numbers": self.numbers(), "parameters": self.parameters, "model": self.model.state()}

    def restore(self, state: State) -> None:
        """Takes that, for the same model."""
        self.restore_numbers(state["numbers"])
        parameters = np.empty_like(self.parameters)
        fill(parameters, state["parameters"])
        self.parameters = parameters
        self.model.restore(state["model"])

    def begin_round(self) -> None:
        """A fit begins, or its end once more, as it did before it was left."""
        if self.left is not None:
            with self._trusted():
                self.restore_numbers(self.left["before"])
        self._before = self.numbers()

    def place_left(self) -> Place | None:
        """The loop to come to, if there is one."""
        if self.left is None:
            return None
        with self._trusted():
            name, number = self.left["place"]
            return str(name), int(number)

    def passes(self, place: Place) -> bool:
        """Whether that loop was over."""
        return self.place_left() not in (None, place)

    def arrive(self, place: Place, loop: Kept | None) -> int:
        """Begins a loop that is not passed. Returns how many of its steps are done; if any, all is as it was then.

        loop: what belongs to the loop alone.
        """
        if self.left is None:
            return 0
        left = self.left
        with self._trusted():
            self.restore(left["state"])
            if loop is not None:
                loop.restore(left["loop"])
            self.left = None
            return int(left["step"])

    def _trusted(self) -> AbstractContextManager[None]:
        assert self.checkpoint is not None
        return self.checkpoint.trusted()

    def keep(self, place: Place, done: int, loop: Kept | None) -> None:
        """After so many steps of a loop: writes where that is, if it is time."""
        if self.checkpoint is not None and self.checkpoint.due():
            of_loop = None if loop is None else loop.state()
            self.checkpoint.write(
                {"place": place, "step": done, "loop": of_loop, "before": self._before, "state": self.state()}
            )
