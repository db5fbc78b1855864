"""`python -m coincodec` is the `coin` command."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> int:
    """The command; an interrupt that finds it still loading, or leaving already, has status 130 too."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _leave)
    from . import cli

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return cli.main()
    finally:
        if ours:
            signal.signal(signal.SIGINT, _leave)


def _leave(signum: int, frame: FrameType | None) -> None:
    os._exit(128 + signum)


if __name__ == "__main__":
    sys.exit(main())
