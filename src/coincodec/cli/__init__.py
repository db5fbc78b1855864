"""The `coin` command. One module per subcommand; each loads what it needs when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import CoincodecError, UsageError
from . import batch, bench, decode, demo, encode, info, jobs, search, streams, view


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line. Returns the exit status: 0, 1 bad data, 2 bad use, 130 interrupted."""
    streams.open_all()
    debug = False
    try:
        arguments = _parser().parse_args(argv)
        debug = arguments.debug
        arguments.run(arguments)
        sys.stdout.flush()
        return 0
    except KeyboardInterrupt:
        if debug:
            raise
        print("coin: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (CoincodecError, OSError, MemoryError) as error:
        if debug:
            raise
        print(f"coin: {jobs.message(error)}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coin", description="Fits a tiny function to each picture and ships the function."
    )
    parser.add_argument("--version", action="version", version=f"coincodec {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in (encode, decode, batch, info, view, search, demo, bench):
        command.register(commands, common)
    return parser
