"""coin encode: a picture in, a .coin file out."""

from __future__ import annotations

import argparse
import contextlib
import io
import signal
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..files import EXTENSION, STANDARD, read_bytes, write_atomically
from ..options import EncodeOptions
from . import jobs
from .jobs import Job
from .options import MB, add_encoding, add_files, add_quiet, add_threads

if TYPE_CHECKING:
    from ..checkpoint import Checkpoint
    from .options import Subparsers

# Memory of more bytes than this is said beforehand.
MUCH_MEMORY = 1e9


def register(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "encode",
        parents=[common],
        help="fit a function to a picture and write it as a .coin file",
        description="Fits a tiny model to a picture and writes it as a .coin file.",
    )
    add_files(
        parser,
        "image files, .npy arrays, folders of them, or - for standard input",
        f"the input with the suffix {EXTENSION}",
    )
    add_encoding(parser)
    parser.add_argument(
        "--checkpoint", metavar="FILE",
        help="written every half a minute and when interrupted, for the same command to go on from; removed at the end",
    )  # fmt: skip
    add_threads(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    from .. import image

    found = jobs.of(arguments, EXTENSION, image.is_picture)
    if arguments.checkpoint is not None and len(found) > 1:
        raise UsageError("a checkpoint is of one picture, not of several")
    jobs.run(found, lambda job: _encode(job, arguments), arguments.quiet)


@contextlib.contextmanager
def _stopping(checkpoint: Checkpoint | None) -> Iterator[None]:
    """Meanwhile, what would end this process does so when the checkpoint is written; a second time, at once."""
    if checkpoint is None:
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        checkpoint.ask(KeyboardInterrupt if signum == signal.SIGINT else partial(SystemExit, 128 + signum))

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
        checkpoint.finish()
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _encode(job: Job, arguments: argparse.Namespace) -> None:
    from .. import codec, image
    from ..checkpoint import Checkpoint
    from ..metrics import bits_per_pixel
    from ..progress import FitProgressLine

    def say(text: str) -> None:
        if not arguments.quiet:
            print(text, file=sys.stderr)

    options = EncodeOptions(**{field.name: getattr(arguments, field.name) for field in fields(EncodeOptions)})
    standard = io.BytesIO(read_bytes(job.source)) if job.source == STANDARD else None
    picture = image.load(standard or job.source, int(arguments.max_pixels))
    if arguments.srgb:
        picture = image.in_srgb(picture)
    for note in picture.notes:
        say(f"coin: {note}")
    memory = codec.memory_of(picture.samples.shape, options)
    if memory is not None and memory >= MUCH_MEMORY:
        say(f"coin: this takes about {memory / MB:,.0f} MB of memory")
    checkpoint = None if arguments.checkpoint is None else Checkpoint(arguments.checkpoint)
    with FitProgressLine("fitting", arguments.quiet) as progress, _stopping(checkpoint):
        encoded = codec.encode_samples(picture.samples, options, progress, picture.metadata, picture.colour, checkpoint)
    for note in encoded.notes:
        say(f"coin: {note}")
    write_atomically(job.path, encoded.data, clobber=job.replace)
    if checkpoint is not None:
        checkpoint.remove()
    rows, columns, _ = picture.samples.shape
    looks = "" if encoded.ssimulacra2 is None else f"SSIMULACRA 2 {encoded.ssimulacra2:.1f}, "
    say(
        f"{job.path}: {columns}x{rows}, {len(encoded.data):,} bytes, "
        f"{bits_per_pixel(len(encoded.data), columns, rows):.4f} bpp, {looks}PSNR {encoded.psnr:.2f} dB, "
        f"{encoded.network}, {encoded.steps:,} steps in {encoded.seconds:.1f} s"
    )
