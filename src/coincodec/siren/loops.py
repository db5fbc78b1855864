"""Loops of steps that can go on where they were left."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from ..checkpoint import Checkpoint
from ..image import Samples
from ..options import EncodeOptions
from ..state import State


class Loops:
    """The loops of an encode, one after the other.

    Where it was left, those that were over give again what they gave, and the next one goes on from its state.
    """

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        self._checkpoint = checkpoint
        self._past: list[State] = []
        self._left: State | None = None
        self._over: list[State] = []

    @staticmethod
    def of(checkpoint: Checkpoint | None, samples: Samples, options: EncodeOptions) -> Loops:
        """Those of an encode. Raises `CheckpointError` for a checkpoint of another one."""
        loops = Loops(checkpoint)
        left = None if checkpoint is None else checkpoint.begin(samples, options)
        if checkpoint is not None:
            checkpoint.outer["loops"] = loops._over
        if left is not None and left["fit"] is not None:
            with loops.trusted():
                loops._past, loops._left = list(left["loops"]), left["fit"]
        return loops

    def trusted(self) -> AbstractContextManager[None]:
        """See `Checkpoint`."""
        return nullcontext() if self._checkpoint is None else self._checkpoint.trusted()

    def again(self) -> State | None:
        """What the loop that would begin now has given, if it was over."""
        if len(self._over) >= len(self._past):
            return None
        given = self._past[len(self._over)]
        self._over.append(given)
        return given

    def left(self) -> State | None:
        """The state of the loop that begins now, if it had one."""
        left, self._left = self._left, None
        return left

    def keep(self, state: Callable[[], State]) -> None:
        """After a step: writes the state, if it is time."""
        if self._checkpoint is not None and self._checkpoint.due():
            self._checkpoint.write(state())

    def end(self, given: State) -> None:
        """The loop is over, and gives that."""
        self._over.append(given)
