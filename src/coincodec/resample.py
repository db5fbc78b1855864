"""Pictures at another size: Lanczos (three lobes) by Pillow, widened when shrinking so that nothing aliases."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .view import Bands, Region, row_bands

_FILTER = Image.Resampling.LANCZOS
_LOBES = 3

# Source pixels that a band of rows is made of, about, and its rows at the least: neighbours share source rows.
_BAND, _LEAST_ROWS = 2**20, 16

Box = tuple[float, float, float, float]


def resize(samples: NDArray[Any], width: int, height: int, box: Box | None = None) -> NDArray[Any]:
    """The part `box` of a picture at another size.

    samples: uint8 or uint16 of shape (rows, columns, channels); with alpha colours are weighted by it.
    box: left, top, right, bottom in pixels, fractions allowed, inside the picture; all of it if None.

    Returns samples of shape (height, width, channels).
    """
    # Floating-point planes: Pillow rounds and clips 8 bits between its two passes, in an order of its choice.
    planes = list(np.moveaxis(samples.astype(np.float32), 2, 0))
    alpha = planes.pop() if len(planes) % 2 == 0 else None
    if alpha is not None:
        planes = [*(plane * alpha for plane in planes), alpha]
    planes = [np.asarray(Image.fromarray(plane).resize((width, height), _FILTER, box)) for plane in planes]
    if alpha is not None:
        alpha = planes.pop()
        planes = [*(np.divide(p, alpha, out=np.zeros_like(p), where=alpha >= 0.5) for p in planes), alpha]
    rounded: NDArray[Any] = np.clip(np.rint(np.stack(planes, -1)), 0, np.iinfo(samples.dtype).max)
    return rounded.astype(samples.dtype)


def resized_bands(
    render: Callable[[Region], NDArray[Any]], source: tuple[int, int], box: Box, width: int, height: int
) -> Bands:
    """`resize` of a picture that is rendered as far as it is needed: rows of the result and their samples.

    render: gives the samples of a region of the source. source: its width and height in pixels.
    """
    across, down = (box[2] - box[0]) / width, (box[3] - box[1]) / height
    left, right = _reach(box[0], box[2], across, source[0])
    rows = max(_LEAST_ROWS, int(_BAND / max((right - left) * down, width)))
    for where in row_bands(height, 1, rows):
        first, last = box[1] + where.start * down, min(box[1] + where.stop * down, box[3])
        top, bottom = _reach(first, last, down, source[1])
        samples = render(Region(left, top, right, bottom))
        part = (box[0] - left, first - top, box[2] - left, last - top)
        yield where, resize(samples, width, where.stop - where.start, part)


def _reach(first: float, last: float, scale: float, end: int) -> tuple[int, int]:
    """The source pixels that the filter sees between two places."""
    support = _LOBES * max(scale, 1.0) + 1
    return max(0, math.floor(first - support)), min(end, math.ceil(last + support))
