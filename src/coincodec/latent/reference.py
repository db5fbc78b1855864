"""The latent model's cost in float64 NumPy: what the native kernels are checked against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .model import NEIGHBOURS, LatentShape, Parts, parts

Array64 = NDArray[np.float64]

SCALE_OFFSET, SCALE_RANGE, LEAST_PROBABILITY = 5.0, 7.0, 2.0**-16


def gaussian(shape: LatentShape, level: int, seed: int) -> Array64:
    """The noise of a grid: the sum of the four bytes of a hash of each latent's place."""
    at, stride = shape.layout["planes"][level]
    rows, columns = shape.grid(level)
    place = at + stride * np.arange(rows)[:, None] + np.arange(columns)
    h = (place + seed).astype(np.uint32)
    h = (h ^ h >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    h = (h ^ h >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    total = sum((h >> np.uint32(8 * byte) & np.uint32(255)).astype(np.int64) for byte in range(4))
    return (np.asarray(total) - 510) / 147.8


def soft_round(x: Array64, temperature: float) -> Array64:
    """Agustsson and Theis 2020, equation 5, with a tanh of 1/temperature."""
    r = x - np.floor(x) - 0.5
    return np.asarray(np.floor(x) + 0.5 + 0.5 * np.tanh(r / temperature) / np.tanh(0.5 / temperature))


def quantised(shape: LatentShape, latents: list[Array64], soft: tuple[float, float, int] | None) -> list[Array64]:
    """What the model sees of the latents. soft: (temperature, noise, seed), None for the nearest integers."""
    if soft is None:
        return [np.rint(x) for x in latents]
    temperature, noise, seed = soft
    return [
        soft_round(soft_round(x, temperature) + noise * gaussian(shape, level, seed), temperature)
        for level, x in enumerate(latents)
    ]


def distribution(shape: LatentShape, p: Parts, z: list[Array64], level: int) -> tuple[Array64, Array64]:
    """Mean and log2 of the scale of every latent of a grid."""
    rows, columns = shape.grid(level)
    padded = np.pad(z[level], ((3, 0), (3, 3)))
    inputs = [padded[3 + dy : 3 + dy + rows, 3 + dx : 3 + dx + columns] for dy, dx in NEIGHBOURS[: shape.neighbours]]
    y, x = np.arange(rows)[:, None], np.arange(columns)
    for f in range(shape.features):
        feature = np.zeros((rows, columns))
        if level < shape.feature_levels:
            for i, weight in enumerate(p.features[level][f]):
                shift = i + 1
                feature += weight * z[level + 1 + i][y >> shift, x >> shift]
        inputs.append(feature)
    context = np.stack(inputs)
    hidden = np.abs(context + affine(p.context1, context))
    hidden = np.abs(hidden + affine(p.context2, hidden))
    mean, scale = affine(p.output, np.concatenate([hidden, context]))
    return mean, np.clip(scale - SCALE_OFFSET, -SCALE_RANGE, SCALE_RANGE)


def affine(weights: NDArray[np.float64], x: Array64) -> Array64:
    """W x + b over pixels; weights [W | b]."""
    return np.asarray(np.tensordot(weights[:, :-1], x, 1) + weights[:, -1][:, None, None])


def bits_of(z: Array64, mean: Array64, scale: Array64) -> Array64:
    """Bits of z under a Laplace distribution of scale 2^scale, which LEAST_PROBABILITY is added to."""
    b = 2.0**scale
    a = np.abs(z - mean)
    near, far = np.exp(-np.abs(a - 0.5) / b), np.exp(-(a + 0.5) / b)
    probability = np.where(a >= 0.5, 0.5 * (near - far), 1 - 0.5 * (near + far))
    return np.asarray(-np.log2(probability + LEAST_PROBABILITY))


def doubled(x: Array64, taps: NDArray[np.float64], size: int) -> Array64:
    """The first axis of x upsampled to `size`, the border repeated."""
    n = len(x)
    out = np.zeros((size, *x.shape[1:]))
    for i in range(size):
        first = i // 2 - 2 + i % 2
        for k in range(4):
            out[i] += taps[3 - k if i % 2 else k] * x[min(max(first + k, 0), n - 1)]
    return out


def synthesis(shape: LatentShape, p: Parts, z: list[Array64]) -> Array64:
    """Samples before they are clamped, (channels, height, width)."""
    grids = []
    for level, grid in enumerate(z):
        plane = grid
        for target in range(level - 1, -1, -1):
            rows, columns = shape.grid(target)
            plane = doubled(plane, p.filters[target], rows)
            plane = doubled(plane.T, p.filters[target], columns).T
        grids.append(plane)
    u = np.stack(grids)
    y = affine(p.second, np.concatenate([np.maximum(affine(p.first, u), 0), u]))
    if not shape.block:
        return y
    padded = np.pad(y, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = np.stack(
        [
            padded[c, dy : dy + shape.height, dx : dx + shape.width]
            for c in range(shape.channels)
            for dy in range(3)
            for dx in range(3)
        ]
    )
    return np.asarray(y + np.tensordot(p.mix, np.maximum(affine(p.block, around), 0), 1))


def cost(
    shape: LatentShape,
    parameters: Array64,
    latents: list[Array64],
    picture: Array64,
    soft: tuple[float, float, int] | None,
    weights: Array64 | float = 1.0,
) -> tuple[float, float]:
    """Sum of squared errors over `picture`, (height, width, channels) in 0..1, and bits of the latents.

    weights: of the squared errors, of the picture's shape.
    """
    p = parts(shape, parameters)
    z = quantised(shape, latents, soft)
    bits = sum(float(bits_of(z[level], *distribution(shape, p, z, level)).sum()) for level in range(shape.levels))
    error = np.clip(synthesis(shape, p, z), 0, 1).transpose(1, 2, 0) - picture
    return float((weights * error**2).sum()), bits
