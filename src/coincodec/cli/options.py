"""Options that several commands share, and what they do with them."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..files import STANDARD, refusal

if TYPE_CHECKING:
    # The type that add_subparsers() returns has no public name.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_output(parser: argparse.ArgumentParser, default: str) -> None:
    """-o and --no-clobber."""
    parser.add_argument("-o", "--output", metavar="FILE", help=f"default: {default}; - for standard output")
    parser.add_argument("--no-clobber", action="store_true", help="refuse to replace an existing file")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads."""
    parser.add_argument("--threads", type=int, metavar="N", help="default: COINCODEC_THREADS, else every core")


def output_path(arguments: argparse.Namespace, suffix: str) -> str:
    """Where the output goes: what was asked for, else beside the input with another suffix.

    Raises `UsageError` at once if it would replace the input, or exists with --no-clobber.
    """
    source: str = arguments.input
    path: str | None = arguments.output
    if path is None:
        path = STANDARD if source == STANDARD else os.path.splitext(source)[0] + suffix
    if path != STANDARD and os.path.exists(path):
        if source != STANDARD and os.path.exists(source) and os.path.samefile(source, path):
            raise UsageError(f"{path} is the input; give another output with -o")
        if arguments.no_clobber:
            raise refusal(path)
    return path
