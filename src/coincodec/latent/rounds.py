"""What an encode has come to so far: the ends of its fits, and of several fits those that are over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..checkpoint import Checkpoint
from ..errors import FitError, TargetError
from ..image import Samples
from ..options import EncodeOptions
from ..report import Encoded
from ..state import State
from .targets import Result, Target

if TYPE_CHECKING:
    from .encode import Encoder

# A target that has not come nearer than this in so many rounds, where half the price would bring much, is out of reach.
_HARDLY_NEARER = 0.93


@dataclass
class Rounds:
    """The results of a fit and of repeats of its end.

    number: of the repeats so far. result: the latest; nearest: to the target; best: of those that hold it. stuck: how
    many repeats have hardly come nearer.
    """

    result: Result
    nearest: Result
    best: Result | None
    number: int = 0
    stuck: int = 0

    @staticmethod
    def first(result: Result, target: Target) -> Rounds:
        """After the fit."""
        return Rounds(result, result, result if target.holds(result) else None)

    def take(self, result: Result, target: Target) -> None:
        """After a repeat."""
        before = abs(target.miss(self.nearest))
        self.result, self.number = result, self.number + 1
        self.nearest = min(self.nearest, result, key=lambda r: abs(target.miss(r)))
        self.stuck = 0 if abs(target.miss(self.nearest)) < _HARDLY_NEARER * before else self.stuck + 1
        if target.holds(result) and (self.best is None or target.better(result, self.best)):
            self.best = result

    def state(self) -> State:
        """As `of_state` takes it."""
        best = None if self.best is None else self.best.state()
        results = {"result": self.result.state(), "nearest": self.nearest.state(), "best": best}
        return results | {"number": self.number, "stuck": self.stuck}

    @staticmethod
    def of_state(state: State) -> Rounds:
        """What had it."""
        best = None if state["best"] is None else Result.of_state(state["best"])
        result, nearest = Result.of_state(state["result"]), Result.of_state(state["nearest"])
        return Rounds(result, nearest, best, int(state["number"]), int(state["stuck"]))


class Trials:
    """The fits of an encode, one after the other: those that were over where it was left are not done again."""

    def __init__(self, checkpoint: Checkpoint | None, samples: Samples, options: EncodeOptions) -> None:
        """Raises `CheckpointError` for a checkpoint of another encode."""
        self._checkpoint, self._left = checkpoint, None
        self._past: list[State] = []
        if checkpoint is not None:
            self._left = checkpoint.begin(samples, options)
            if self._left is not None and self._left["fit"] is not None:
                with checkpoint.trusted():
                    self._past = list(self._left["trials"])
            else:
                self._left = None
        self._ended: list[State] = []

    def encode(self, encoder: Encoder) -> tuple[Encoded, Result]:
        """Of the next one. Raises `TargetError` or `FitError`."""
        checkpoint = self._checkpoint
        if checkpoint is None:
            return encoder.encode()
        if len(self._ended) < len(self._past):
            ended = self._past[len(self._ended)]
            self._ended.append(ended)
            with checkpoint.trusted():
                return _again(encoder, ended)
        checkpoint.outer = {"trials": self._ended, "rounds": None}
        encoder.go_on(checkpoint, self._left)
        self._left = None
        try:
            encoded, result = encoder.encode()
        except (TargetError, FitError) as error:
            self._ended.append({"error": str(error), "of_target": isinstance(error, TargetError)})
            raise
        ended = {"result": result.state(), "steps": encoded.steps, "seconds": encoded.seconds, "notes": encoded.notes}
        self._ended.append(ended | {"price": encoder.fit.control.price})
        return encoded, result


def _again(encoder: Encoder, ended: State) -> tuple[Encoded, Result]:
    """What came of a fit; `encoder` becomes as it was."""
    if "error" in ended:
        raise (TargetError if ended["of_target"] else FitError)(ended["error"])
    result = Result.of_state(ended["result"])
    encoder.fit.control.price = float(ended["price"])
    notes = tuple(str(note) for note in ended["notes"])
    return encoder.encoded(result, int(ended["steps"]), float(ended["seconds"]), notes), result
