"""Colour that nobody sees, where alpha is 0: filled so that it costs next to nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .picture import Samples

Array = NDArray[np.float32]


def without_hidden(samples: Samples) -> Samples:
    """Samples with other colours where alpha is 0: smooth, and going on from what is seen at their borders.

    The same array where there is nothing to fill.
    """
    channels = samples.shape[2]
    if channels % 2 or samples[..., -1].all():
        return samples
    seen = samples[..., -1] > 0
    colours = np.where(seen, np.moveaxis(samples[..., :-1], -1, 0), 0).astype(np.float32)
    filled = samples.copy()
    smooth = np.moveaxis(_filled(colours, seen.astype(np.float32)), 0, -1)
    filled[..., :-1] = np.where(seen[..., None], samples[..., :-1], np.rint(smooth))
    return filled


def _filled(sums: Array, counts: Array) -> Array:
    """Means where anything counts, and what the picture at half the size has elsewhere (pull and push, Gortler 1996).

    sums: of what counts, shape (channels, height, width), 0 elsewhere. counts: (height, width).
    """
    means = np.asarray(sums / np.maximum(counts, 1), np.float32)
    if counts.all() or counts.size == 1:
        return means
    rows, columns = counts.shape
    coarse = _filled(_by_fours(sums), _by_fours(counts))
    planes = (Image.fromarray(plane).resize((columns, rows), Image.Resampling.BILINEAR) for plane in coarse)
    smooth = np.stack([np.asarray(plane) for plane in planes])
    return np.asarray(np.where(counts > 0, means, smooth), np.float32)


def _by_fours(planes: Array) -> Array:
    """Sums of two by two, of the last two axes."""
    *others, rows, columns = planes.shape
    padded = np.pad(planes, (*((0, 0) for _ in others), (0, rows % 2), (0, columns % 2)))
    return np.asarray(padded.reshape(*others, (rows + 1) // 2, 2, -1, 2).sum(axis=(-3, -1)))
