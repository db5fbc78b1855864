"""coin info: what a .coin file says of itself."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..files import read_bytes

if TYPE_CHECKING:
    from .options import Subparsers


def register(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("info", parents=[common], help="say what is in a .coin file")
    parser.add_argument("input", help="a .coin file, or - for standard input")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    from .. import codec

    facts = codec.info(read_bytes(arguments.input))
    if arguments.json:
        colour = facts.colour
        of_colour = {"name": colour.name, "primaries": colour.primaries, "transfer": colour.transfer}
        more = {"bits_per_parameter": facts.bits_per_parameter, "colour": of_colour}
        print(json.dumps(asdict(facts) | more, indent=2))
        return
    rows = facts.in_words()
    width = max(map(len, rows))
    for name, text in rows.items():
        print(f"{name + ':':{width + 2}}{text}")
