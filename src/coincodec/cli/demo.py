"""coin demo: a real photograph through the codec, beside JPEG at the same size."""

from __future__ import annotations

import argparse
import io
import os
import time
from typing import TYPE_CHECKING, Any

from ..errors import CoincodecError
from ..files import write_atomically
from ..options import DecodeOptions, EncodeOptions
from .options import add_threads

if TYPE_CHECKING:
    from PIL.Image import Image

    from .options import Subparsers

NAME = "astronaut"


def register(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "demo",
        parents=[common],
        help="encode and decode a photograph, with pictures to look at",
        description="Encodes a photograph that scikit-image ships, decodes it, and compares it with JPEG.",
    )
    parser.add_argument(
        "-o",
        "--output",
        default="coin-demo",
        metavar="FOLDER",
        help="where the files go (default: coin-demo)",
    )
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    try:
        from skimage import data
    except ImportError:
        raise CoincodecError(
            "the demo's photograph is missing; install it with: pip install 'coincodec[demo]'"
        ) from None

    from PIL import Image

    from .. import codec
    from ..progress import FitProgressLine

    photo: Any = getattr(data, NAME)()
    height, width, _ = photo.shape
    print(f"photograph  {width}x{height}, {photo.nbytes:,} bytes as samples (NASA, Eileen Collins; public domain)")

    with FitProgressLine("fitting") as progress:
        encoded = codec.encode_samples(photo, EncodeOptions(threads=arguments.threads), progress)
    start = time.perf_counter()
    decoded = codec.decode(encoded.data, DecodeOptions(threads=arguments.threads))
    decode_seconds = time.perf_counter() - start
    jpeg, quality = _jpeg_at_most(Image.fromarray(photo), len(encoded.data))
    jpeg_decoded = Image.open(io.BytesIO(jpeg))

    _print_row("coin", encoded.data, photo, decoded, f"{encoded.network}, {encoded.steps:,} steps")
    _print_row("JPEG", jpeg, photo, jpeg_decoded, f"4:2:0, optimised tables, quality {quality}")
    print(f"time        {encoded.seconds:.1f} s to encode, {1e3 * decode_seconds:.0f} ms to decode (coin)")

    os.makedirs(arguments.output, exist_ok=True)
    pictures = {
        f"{NAME}-decoded.png": Image.fromarray(decoded),
        f"{NAME}-side-by-side.png": _beside(Image.fromarray(photo), Image.fromarray(decoded), jpeg_decoded),
    }
    path = os.path.join(arguments.output, f"{NAME}.coin")
    write_atomically(path, encoded.data)
    print(f"written     {path}")
    for name, picture in pictures.items():
        path = os.path.join(arguments.output, name)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        write_atomically(path, buffer.getvalue())
        print(f"            {path}")


def _print_row(name: str, data: bytes, photo: Any, decoded: Any, settings: str) -> None:
    import numpy as np

    from ..metrics import bits_per_pixel, psnr, squared_error

    height, width, _ = photo.shape
    quality = psnr(squared_error(photo, np.asarray(decoded)) / photo.size, 8)
    rate = bits_per_pixel(len(data), width, height)
    print(f"{name:12}{len(data):,} bytes, {rate:.3f} bpp, PSNR {quality:.2f} dB ({settings})")


def _jpeg_at_most(photo: Image, size: int) -> tuple[bytes, int]:
    """The best JPEG of at most `size` bytes, or the smallest there is, and its quality setting."""
    best = b""
    for quality in range(1, 96):
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", quality=quality, subsampling="4:2:0", optimize=True)
        if best and buffer.tell() > size:
            return best, quality - 1
        best = buffer.getvalue()
    return best, 95


def _beside(*pictures: Image) -> Image:
    """Original, coin and JPEG in a row, each with its name."""
    from PIL import Image, ImageDraw

    gap, caption = 8, 28
    width, height = pictures[0].size
    sheet = Image.new("RGB", (len(pictures) * (width + gap) - gap, height + caption), "white")
    draw = ImageDraw.Draw(sheet)
    for place, (picture, name) in enumerate(zip(pictures, ("original", "coin", "JPEG, same size"), strict=True)):
        left = place * (width + gap)
        sheet.paste(picture, (left, caption))
        draw.text((left + 4, 4), name, fill="black", font_size=18)
    return sheet
