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

    try:
        try:
            if ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            return cli.main()
        finally:
            if ours:
                signal.signal(signal.SIGINT, _leave)
    except KeyboardInterrupt:  # between what main() catches and one of our handlers
        return 128 + signal.SIGINT


def _leave(signum: int, frame: FrameType | None) -> None:
    os._exit(128 + signum)


if __name__ == "__main__":
    sys.exit(main())
