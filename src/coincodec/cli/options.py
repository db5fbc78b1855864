"""Options that several commands share, and what they do with them."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import TYPE_CHECKING

from ..limits import DEFAULT_LIMITS, Limits
from ..options import EncodeOptions

if TYPE_CHECKING:
    # The type that add_subparsers() returns has no public name.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

# Names of the options that `add_encoding` adds and `EncodeOptions` has.
ENCODING = tuple(field.name for field in fields(EncodeOptions) if field.name not in ("threads", "strip"))

MB = 1e6


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


def add_encoding(parser: argparse.ArgumentParser) -> None:
    """What encoding a picture takes, but for threads."""
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
        "--memory", type=megabytes, metavar="MB", help="about how many megabytes of memory it may take (latent)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the random numbers (default: 0)")
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


def megabytes(text: str) -> float:
    """Bytes, from megabytes."""
    return MB * float(text)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """--max-pixels and --max-macs, of a decoder."""
    for name, unit in (("pixels", "pixels"), ("macs", "multiply-accumulates")):
        default = getattr(DEFAULT_LIMITS, name)
        parser.add_argument(
            f"--max-{name}", type=float, default=default, metavar="N",
            help=f"refuse a file that needs more {unit} (default: {default:.3g})",
        )  # fmt: skip


def limits_of(arguments: argparse.Namespace) -> Limits:
    """What `add_limits` was given."""
    return Limits(pixels=int(arguments.max_pixels), macs=int(arguments.max_macs))


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """-q."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads."""
    parser.add_argument("--threads", type=int, metavar="N", help="default: COINCODEC_THREADS, else every core")
