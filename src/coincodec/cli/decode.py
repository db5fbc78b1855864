"""coin decode: a .coin file in, a picture out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..files import EXTENSION, STANDARD, read_bytes, write_atomically
from ..options import DecodeOptions
from . import jobs
from .jobs import Job
from .options import add_files, add_limits, add_quiet, add_threads, limits_of

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
    add_files(parser, ".coin files, folders of them, or - for standard input", "the input with the suffix .png")
    parser.add_argument(
        "--region", type=numbers(4, ","), metavar="L,T,R,B",
        help="only columns L to R and rows T to B, R and B exclusive",
    )  # fmt: skip
    parser.add_argument("--size", type=numbers(2, "x"), metavar="WxH", help="in so many pixels")
    parser.add_argument("--scale", type=float, metavar="F", help="larger or smaller by this factor")
    parser.add_argument("--draft", action="store_true", help="with less work and fidelity, where it is made smaller")
    parser.add_argument(
        "--partial", action="store_true", help="what the beginning of a file says, if that is all there is"
    )
    parser.add_argument("--srgb", action="store_true", help="in the colours of sRGB, whatever the picture's are")
    parser.add_argument(
        "--progressive", action="store_true",
        help="write the picture as it is known, coarse to fine, to OUTPUT-1, OUTPUT-2 and so on",
    )  # fmt: skip
    add_threads(parser)
    parser.add_argument("--strip", action="store_true", help="write no EXIF data, XMP and resolution")
    add_quiet(parser)
    add_limits(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    found = jobs.of(arguments, ".png", lambda name: name.lower().endswith(EXTENSION))
    jobs.run(found, lambda job: _decode(job, arguments), arguments.quiet)


def _decode(job: Job, arguments: argparse.Namespace) -> None:
    from .. import image, picture_file

    path = job.path
    format = "PNG" if path == STANDARD else image.output_format(os.path.splitext(path)[1])
    limits = limits_of(arguments)
    names = ("region", "size", "scale", "draft", "partial", "srgb", "threads")
    options = DecodeOptions(**{name: getattr(arguments, name) for name in names}, limits=limits)
    if arguments.progressive:
        _write_previews(job.source, path, format, options, clobber=job.replace)
        return
    written = picture_file.of_stream(read_bytes(job.source), options, format, strip=arguments.strip)
    for note in written.notes:
        if not arguments.quiet:
            print(f"coin: {note}", file=sys.stderr)
    write_atomically(path, written.data, clobber=job.replace)


def _write_previews(source: str, path: str, format: str, options: DecodeOptions, *, clobber: bool) -> None:
    """A file for each preview at the picture's size, and a line that says what it took."""
    from .. import codec, image

    if path == STANDARD:
        raise UsageError("--progressive writes several files; name them with -o")
    if options != DecodeOptions(threads=options.threads, limits=options.limits):
        raise UsageError("--progressive shows the whole picture in its own size")
    data = read_bytes(source)
    space = codec.colour_of(data, options.limits)
    stem, suffix = os.path.splitext(path)
    for number, preview in enumerate(codec.previews(data, options.threads, options.limits), 1):
        name = f"{stem}-{number}{suffix}"
        write_atomically(name, image.to_bytes(preview.picture(), format, colour=space).data, clobber=clobber)
        rows, columns = preview.samples.shape[:2]
        print(
            f"{name}: {columns}x{rows} samples, {preview.bytes / len(data):.1%} of the bytes, "
            f"{preview.work:.2%} of the work of a decode"
        )


def numbers(count: int, separator: str) -> Callable[[str], tuple[int, ...]]:
    """What reads so many whole numbers."""

    def read(text: str) -> tuple[int, ...]:
        try:
            found = tuple(int(number) for number in text.split(separator))
        except ValueError:
            found = ()
        if len(found) != count:
            raise argparse.ArgumentTypeError(f"{text!r} is not {count} whole numbers with {separator!r} between them")
        return found

    return read
