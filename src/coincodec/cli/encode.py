"""coin encode: a picture in, a .coin file out."""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from ..files import EXTENSION, STANDARD, read_bytes, write_atomically
from ..limits import DEFAULT_LIMITS
from ..options import EncodeOptions
from . import jobs
from .jobs import Job
from .options import add_files, add_quiet, add_threads

if TYPE_CHECKING:
    from .options import Subparsers

_MB = 1e6

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
    parser.add_argument(
        "--model", metavar="NAME",
        help="latent, or siren, COIN's network; default: latent, unless an option needs or few bytes suit siren",
    )  # fmt: skip
    parser.add_argument(
        "--preset", metavar="NAME",
        help="instant, fast, default, best; or paper, a siren of 50,000 full-image Adam steps and half-float weights",
    )  # fmt: skip
    parser.add_argument(
        "--tune", metavar="NAME",
        help="what it is to be best by: eye, how it looks (the default), or psnr (the default with --psnr) (latent)",
    )  # fmt: skip
    target = parser.add_argument_group("target", "at most one; without one quality 50 (siren: 0.3 bpp)")
    target.add_argument("--bytes", type=int, metavar="N", help="most bytes of the file")
    target.add_argument("--bpp", type=float, metavar="R", help="most bits per pixel, header included")
    target.add_argument("--psnr", type=float, metavar="P", help="least PSNR in dB, in as few bytes as are found")
    target.add_argument(
        "--ssimulacra2", type=float, metavar="S",
        help="least SSIMULACRA 2: 90 looks the same, 60 good, 30 poor; in as few bytes as are found (latent)",
    )  # fmt: skip
    target.add_argument(
        "--best-effort", action="store_true",
        help="if a PSNR or SSIMULACRA 2 is out of reach, write what comes nearest, and say so",
    )  # fmt: skip
    target.add_argument("--quality", type=float, metavar="Q", help="1 to 100 (latent)")
    target.add_argument(
        "--lambda", type=float, dest="lambda_", metavar="X",
        help="price of a bit per pixel, in mean squared error of samples in 0..1",
    )  # fmt: skip
    model = parser.add_argument_group("network of a siren")
    model.add_argument("--weights", metavar="NAME", help="coded (integers, the default) or fp16 (as in the paper)")
    model.add_argument("--bits", type=float, metavar="B", help="about how many bits a coded weight gets")
    model.add_argument("--layers", type=int, metavar="L", help="sine layers; the paper's 10x28 has 10")
    model.add_argument("--width", type=int, metavar="N", help="features of a layer; the paper's 10x28 has 28")
    model.add_argument("--architectures", metavar="FILE", help="depths and widths that `coin search` found")
    parser.add_argument("--steps", type=int, metavar="N", help="optimiser steps")
    parser.add_argument(
        "--time", type=float, metavar="S", help="seconds it may take; chooses the preset if none is given"
    )
    parser.add_argument(
        "--memory", type=float, metavar="MB", help="about how many megabytes of memory it may take (latent)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the random numbers (default: 0)")
    add_threads(parser)
    parser.add_argument("--srgb", action="store_true", help="convert the picture to sRGB, whatever its colours are")
    parser.add_argument(
        "--progressive", action="store_true",
        help="for some more bytes: its first bytes, and small previews, look like the picture (latent)",
    )  # fmt: skip
    parser.add_argument("--strip", action="store_true", help="leave out EXIF data, XMP and resolution")
    parser.add_argument(
        "--max-pixels", type=float, default=DEFAULT_LIMITS.pixels, metavar="N",
        help=f"refuse a picture that has more (default: {DEFAULT_LIMITS.pixels:.3g})",
    )  # fmt: skip
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    from .. import image

    found = jobs.of(arguments, EXTENSION, image.is_picture)
    jobs.run(found, lambda job: _encode(job, arguments), arguments.quiet)


def _encode(job: Job, arguments: argparse.Namespace) -> None:
    from .. import codec, image
    from ..metrics import bits_per_pixel
    from ..progress import FitProgressLine

    def say(text: str) -> None:
        if not arguments.quiet:
            print(text, file=sys.stderr)

    options = EncodeOptions(**{field.name: getattr(arguments, field.name) for field in fields(EncodeOptions)})
    if options.memory is not None:
        options = replace(options, memory=_MB * options.memory)
    standard = io.BytesIO(read_bytes(job.source)) if job.source == STANDARD else None
    picture = image.load(standard or job.source, int(arguments.max_pixels))
    if arguments.srgb:
        picture = image.in_srgb(picture)
    for note in picture.notes:
        say(f"coin: {note}")
    memory = codec.memory_of(picture.samples, options)
    if memory is not None and memory >= MUCH_MEMORY:
        say(f"coin: this takes about {memory / _MB:,.0f} MB of memory")
    with FitProgressLine("fitting", arguments.quiet) as progress:
        encoded = codec.encode_samples(picture.samples, options, progress, picture.metadata, picture.colour)
    for note in encoded.notes:
        say(f"coin: {note}")
    write_atomically(job.path, encoded.data, clobber=job.replace)
    rows, columns, _ = picture.samples.shape
    looks = "" if encoded.ssimulacra2 is None else f"SSIMULACRA 2 {encoded.ssimulacra2:.1f}, "
    say(
        f"{job.path}: {columns}x{rows}, {len(encoded.data):,} bytes, "
        f"{bits_per_pixel(len(encoded.data), columns, rows):.4f} bpp, {looks}PSNR {encoded.psnr:.2f} dB, "
        f"{encoded.network}, {encoded.steps:,} steps in {encoded.seconds:.1f} s"
    )
