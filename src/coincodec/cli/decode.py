"""coin decode: a .coin file in, a picture out."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from ..files import STANDARD, read_bytes, write_atomically
from ..limits import DEFAULT_LIMITS, Limits
from .options import add_output, add_threads, output_path

if TYPE_CHECKING:
    from .options import Subparsers


def register(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "decode",
        parents=[common],
        help="write the picture in a .coin file",
        description="Decodes a .coin file. The output's suffix names its format: .png, .npy or any of Pillow's.",
    )
    parser.add_argument("input", help="a .coin file, or - for standard input")
    add_output(parser, "the input with the suffix .png")
    parser.add_argument(
        "--region", type=region, metavar="L,T,R,B", help="only columns L to R and rows T to B, R and B exclusive"
    )
    add_threads(parser)
    for name, unit in (("pixels", "pixels"), ("macs", "multiply-accumulates")):
        default = getattr(DEFAULT_LIMITS, name)
        parser.add_argument(
            f"--max-{name}", type=float, default=default, metavar="N",
            help=f"refuse a file that needs more {unit} (default: {default:.3g})",
        )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    path = output_path(arguments, ".png")

    from .. import codec, image

    format = "PNG" if path == STANDARD else image.output_format(os.path.splitext(path)[1])
    limits = Limits(pixels=int(arguments.max_pixels), macs=int(arguments.max_macs))
    data = read_bytes(arguments.input)
    samples = codec.decode(data, region=arguments.region, threads=arguments.threads, limits=limits)
    write_atomically(path, image.to_bytes(samples, format), clobber=not arguments.no_clobber)


def region(text: str) -> tuple[int, ...]:
    """Four numbers between commas."""
    box = tuple(int(number) for number in text.split(","))
    if len(box) != 4:
        raise ValueError(text)
    return box
