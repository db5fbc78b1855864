"""RGB to YCbCr planes and back, for encoders that want planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .base import Rgb

# ITU-R BT.601, full range (as in JFIF): what bpgenc uses, and nearly what maximises PSNR over RGB.
_FORWARD = np.array([[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]])
_INVERSE = np.linalg.inv(_FORWARD)


def to_planes(picture: Rgb, bits: int, *, subsample: bool) -> list[NDArray[np.uint16]]:
    """Y, Cb and Cr with `bits` per sample; with `subsample`, chroma is the mean of 2x2 (4:2:0).

    The sides of a subsampled picture must be even.
    """
    scale = 2**bits - 1
    planes = np.moveaxis(picture @ _FORWARD.T, 2, 0) / 255
    planes[1:] += 2 ** (bits - 1) / scale
    luma, *chroma = planes
    if subsample:
        chroma = [(c[::2, ::2] + c[1::2, ::2] + c[::2, 1::2] + c[1::2, 1::2]) / 4 for c in chroma]
    return [np.clip(np.round(p * scale), 0, scale).astype(np.uint16) for p in (luma, *chroma)]


def from_planes(planes: list[NDArray[np.uint16]], bits: int) -> Rgb:
    """The inverse; subsampled chroma is interpolated between its centres."""
    scale = 2**bits - 1
    luma, *chroma = (p / scale for p in planes)
    chroma = [c - 2 ** (bits - 1) / scale for c in chroma]
    if chroma[0].shape != luma.shape:
        chroma = [_double(_double(c).T).T for c in chroma]
    rgb = np.stack([luma, *chroma], -1) @ _INVERSE.T
    return np.clip(np.round(255 * rgb), 0, 255).astype(np.uint8)


def _double(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice the rows, at a quarter and three quarters of each, interpolated linearly."""
    padded = np.concatenate([plane[:1], plane, plane[-1:]])
    out = np.empty((2 * len(plane), plane.shape[1]))
    out[0::2] = 0.75 * plane + 0.25 * padded[:-2]
    out[1::2] = 0.75 * plane + 0.25 * padded[2:]
    return out
