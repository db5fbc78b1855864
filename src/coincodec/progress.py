"""What long work reports while it runs, and how a terminal shows it."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True)
class Progress:
    """State of a fit after a step.

    step, steps: how many are done, and how many it will be (an estimate under a time budget).
    psnr: in dB, estimated from the latest steps.
    elapsed: seconds since the fit began.
    """

    step: int
    steps: int
    psnr: float
    elapsed: float

    @property
    def remaining(self) -> float:
        """Seconds left, if the steps to come take as long as those done."""
        return self.elapsed * (self.steps - self.step) / self.step


class TerminalProgress:
    """Draws `Progress` on one line of a terminal; does nothing where `stream` is not a terminal.

    A context manager: on leaving, the line is wiped.
    """

    INTERVAL = 0.1
    BAR = 24

    def __init__(self, label: str, stream: TextIO | None = None) -> None:
        self.label = label
        self.stream = sys.stderr if stream is None else stream
        self.shown = self.stream.isatty()
        self.drawn_at = 0.0
        self.width = 0

    def __enter__(self) -> TerminalProgress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.width:
            self.stream.write("\r" + " " * self.width + "\r")
            self.stream.flush()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if not self.shown or (now - self.drawn_at < self.INTERVAL and progress.step < progress.steps):
            return
        self.drawn_at = now
        full = self.BAR * progress.step // progress.steps
        line = (
            f"{self.label} [{'=' * full}{' ' * (self.BAR - full)}] "
            f"step {progress.step}/{progress.steps}  {progress.psnr:.2f} dB  {_clock(progress.remaining)} left"
        )
        self.stream.write("\r" + line.ljust(self.width))
        self.stream.flush()
        self.width = len(line)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
