"""coin info: what a .coin file says of itself."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..files import read_bytes

if TYPE_CHECKING:
    from .options import Subparsers

_METADATA = {"exif": "EXIF", "xmp": "XMP"}
_CHANNELS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}


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
    columns, lines = facts.size
    rows = {
        "format": f"version {facts.version}, model {facts.model}",
        "picture": f"{columns}x{lines}, {_CHANNELS[facts.channels]}, {facts.bit_depth} bits per sample",
        "colour": facts.colour.name,
        "size": f"{facts.bytes:,} bytes, {facts.bpp:.4f} bpp, {facts.header_bytes} of them header and checksums",
        "network": f"{facts.network}, {facts.parameters:,} weights, {facts.weights}, "
        f"{facts.bits_per_parameter:.4g} bits each",
        "decoding": f"{facts.macs_per_pixel:,} multiply-accumulates per pixel",
    }
    if len(facts.parts) > 1:
        rows |= {name: f"{size:,} bytes, {size / facts.bytes:.1%}" for name, size in facts.parts.items()}
    for name, size in facts.metadata.items():
        if name == "colour":
            rows["colour"] += f", {size:,} bytes"
            continue
        rows[_METADATA.get(name, name)] = f"{size:,} bytes, {size / facts.bytes:.1%}"
    width = max(map(len, rows))
    for name, text in rows.items():
        print(f"{name + ':':{width + 2}}{text}")
