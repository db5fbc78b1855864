"""Standard streams that whoever started us has closed, as daemons and some job runners do."""

from __future__ import annotations

import os
import sys
from typing import Any

# Streams that lead nowhere, since ours were closed.
_NOWHERE: list[Any] = []


def open_all() -> None:
    """Gives every standard stream that is closed a place that nothing comes from and nothing arrives at.

    Otherwise the next file that is opened would get its number, and what anyone prints would go there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115
            _NOWHERE.append(stream)
            setattr(sys, name, stream)


def closed(stream: Any) -> bool:
    """Whether a standard stream was closed when we were started."""
    return any(stream is nowhere for nowhere in _NOWHERE)
