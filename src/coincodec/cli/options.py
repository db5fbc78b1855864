"""Options that several commands share, and what they do with them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The type that add_subparsers() returns has no public name.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_files(parser: argparse.ArgumentParser, inputs: str, default: str) -> None:
    """The inputs, -o, --force and --no-clobber."""
    parser.add_argument("input", nargs="+", help=inputs)
    parser.add_argument(
        "-o", "--output", metavar="FILE",
        help=f"replaced if it exists; a folder for several; - for standard output (default: {default}, not replaced)",
    )  # fmt: skip
    replacing = parser.add_mutually_exclusive_group()
    replacing.add_argument("-f", "--force", action="store_true", help="replace the default output too")
    replacing.add_argument("--no-clobber", action="store_true", help="replace nothing, whatever -o says")


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """-q."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads."""
    parser.add_argument("--threads", type=int, metavar="N", help="default: COINCODEC_THREADS, else every core")
