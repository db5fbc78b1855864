"""Options that several commands share, and what they do with them."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..files import STANDARD, refusal
from . import streams

if TYPE_CHECKING:
    # The type that add_subparsers() returns has no public name.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_output(parser: argparse.ArgumentParser, default: str) -> None:
    """-o, --force and --no-clobber."""
    parser.add_argument(
        "-o", "--output", metavar="FILE",
        help=f"replaced if it exists; - for standard output (default: {default}, which is not replaced)",
    )  # fmt: skip
    replacing = parser.add_mutually_exclusive_group()
    replacing.add_argument("-f", "--force", action="store_true", help="replace the default output too")
    replacing.add_argument("--no-clobber", action="store_true", help="replace nothing, whatever -o says")


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """-q."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def may_replace(arguments: argparse.Namespace) -> bool:
    """Whether an existing output is replaced: one that was named, unless that is forbidden; any, if that is forced."""
    return bool(arguments.force or (arguments.output is not None and not arguments.no_clobber))


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads."""
    parser.add_argument("--threads", type=int, metavar="N", help="default: COINCODEC_THREADS, else every core")


def output_path(arguments: argparse.Namespace, suffix: str) -> str:
    """Where the output goes: what was asked for, else beside the input with another suffix.

    What would make the write fail is found out here, before any long work. Raises `UsageError` if the
    output would replace the input, exists and must not be replaced, is a terminal or a closed stream; OSError if
    its folder does not exist or it is a folder itself.
    """
    source: str = arguments.input
    path: str | None = arguments.output
    if path is None:
        path = STANDARD if source == STANDARD else os.path.splitext(source)[0] + suffix
    if path == STANDARD:
        if streams.closed(sys.stdout):
            raise UsageError("standard output is closed; name a file with -o")
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
        if not may_replace(arguments):
            raise refusal(path)
    return path
