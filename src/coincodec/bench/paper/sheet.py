"""A sheet to look at: crops of one picture as coded in several ways, and what is wrong with each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ... import metrics

# What absolute differences are multiplied by.
GAIN = 4

# Share of the shorter side that the crop, a square in the middle, takes.
_CROP = 0.75

_GAP, _CAPTION, _FONT = 8, 44, 15


@dataclass(frozen=True)
class Coded:
    """A decoded picture. samples: uint8, the original's shape. size: bytes of its whole file."""

    title: str
    samples: NDArray[np.uint8]
    size: int


def sheet(original: NDArray[np.uint8], coded: Sequence[Coded]) -> Image.Image:
    """The original and each coded picture in a row, with bytes and PSNR; their residuals below."""
    height, width, _ = original.shape
    side = max(1, int(_CROP * min(height, width)))
    top, left = (height - side) // 2, (width - side) // 2
    window = (slice(top, top + side), slice(left, left + side))
    result = Image.new("RGB", ((1 + len(coded)) * (side + _GAP) - _GAP, 2 * side + _GAP + _CAPTION), "white")
    draw = ImageDraw.Draw(result)
    below = _CAPTION + side + _GAP
    result.paste(Image.fromarray(original[window]), (0, _CAPTION))
    draw.multiline_text((2, 4), f"original\n{original.size:,} bytes", fill="black", font_size=_FONT)
    draw.multiline_text((2, below + 4), f"at the right: absolute\ndifference x {GAIN}", fill="black", font_size=_FONT)
    for place, picture in enumerate(coded, 1):
        x = place * (side + _GAP)
        psnr = metrics.rgb_psnr(original, picture.samples)
        caption = f"{picture.title}\n{picture.size:,} bytes, {psnr:.2f} dB"
        draw.multiline_text((x + 2, 4), caption, fill="black", font_size=_FONT)
        result.paste(Image.fromarray(picture.samples[window]), (x, _CAPTION))
        result.paste(Image.fromarray(residual(original, picture.samples)[window]), (x, below))
    return result


def residual(original: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Absolute difference times GAIN, per sample, cut off at 255."""
    difference = np.abs(original.astype(np.int16) - decoded)
    amplified: NDArray[np.uint8] = np.minimum(GAIN * difference, 255).astype(np.uint8)
    return amplified


def to_png(picture: Image.Image) -> bytes:
    """The file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
