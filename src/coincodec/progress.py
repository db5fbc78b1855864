"""What long work reports while it runs, and how a terminal shows it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self, TextIO


@dataclass(frozen=True)
class Progress:
    """State of a fit after a step.

    step, steps: how many are done, and how many it will be (an estimate under a time budget).
    psnr: in dB, estimated from the latest steps.
    elapsed: seconds since the fit began.
    share: of the work that is done, in 0..1, where some steps take longer than others.
    """

    step: int
    steps: int
    psnr: float
    elapsed: float
    share: float | None = None

    @property
    def remaining(self) -> float:
        """Seconds left, if the work to come takes as long as that done."""
        share = self.step / self.steps if self.share is None else self.share
        return self.elapsed * (1 - share) / share


def in_turn(progress: Callable[[Progress], None] | None, count: int) -> list[Callable[[Progress], None] | None]:
    """For each of several fits that come one after the other what makes them tell of all of them as one."""
    if progress is None or count == 1:
        return [progress] * count
    begun, step = time.monotonic(), 0

    def tell(number: int, state: Progress) -> None:
        nonlocal step
        step += 1
        share = state.step / state.steps if state.share is None else state.share
        share = (number + share) / count
        progress(Progress(step, max(step, round(step / share)), state.psnr, time.monotonic() - begun, share))

    return [partial(tell, number) for number in range(count)]


class ProgressLine:
    """One line of a terminal that is drawn again and again; nothing if `quiet`, or where `stream` is not a terminal.

    A context manager: on leaving, the line is wiped.
    """

    INTERVAL = 0.1
    BAR = 24

    def __init__(self, label: str, quiet: bool = False, stream: TextIO | None = None) -> None:
        self.label = label
        self.stream = sys.stderr if stream is None else stream
        self.shown = not quiet and self.stream.isatty()
        self.drawn_at = 0.0
        self.width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def wipe(self) -> None:
        """Takes the line away, until it is drawn again."""
        if self.width:
            self.stream.write("\r" + " " * self.width + "\r")
            self.stream.flush()
            self.width, self.drawn_at = 0, 0.0

    def draw(self, done: int, total: int, note: str, remaining: float) -> None:
        """Shows how many of how many are done, what is being done, and the seconds left; not too often."""
        now = time.monotonic()
        if not self.shown or (now - self.drawn_at < self.INTERVAL and done < total):
            return
        self.drawn_at = now
        full = self.BAR * done // total
        bar = "=" * full + " " * (self.BAR - full)
        line = f"{self.label} [{bar}] {done}/{total}  {note}  {_clock(remaining)} left"
        self.stream.write("\r" + line.ljust(self.width))
        self.stream.flush()
        self.width = max(self.width, len(line))


class FitProgressLine(ProgressLine):
    """A `ProgressLine` that can be given as the `progress` of an encode."""

    def __call__(self, progress: Progress) -> None:
        self.draw(progress.step, progress.steps, f"steps  {progress.psnr:.2f} dB", progress.remaining)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
