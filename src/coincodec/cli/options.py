"""Options that several commands share, and what they do with them."""

from __future__ import annotations

import argparse
import errno
import os
import sys
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

    What would make the write fail is found out here, before any long work. Raises `UsageError` if the
    output would replace the input, exists with --no-clobber, or is a terminal; OSError if its folder
    does not exist or it is a folder itself.
    """
    source: str = arguments.input
    path: str | None = arguments.output
    if path is None:
        path = STANDARD if source == STANDARD else os.path.splitext(source)[0] + suffix
    if path == STANDARD:
        if sys.stdout.isatty():
            raise UsageError("binary data is not written to a terminal; name a file with -o")
        return path
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if os.path.exists(path):
        if source != STANDARD and os.path.exists(source) and os.path.samefile(source, path):
            raise UsageError(f"{path} is the input; give another output with -o")
        if arguments.no_clobber:
            raise refusal(path)
    return path
