"""Chapter "Family 2: `latent`", the context model and sections 2 and 4: latents from bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from second.integers import laplace
from second.layout import Bytes
from second.networks import Networks, Shape, features_of, with_identity
from second.range_code import RangeCode
from second.refusal import require

NEIGHBOURS = [
    *((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-1, -2), (-1, 2), (-2, -1), (-2, 1)),
    *((-2, -2), (-3, 0), (0, -3), (-1, -3)),
]
MARGIN = 3


def shift(values: Any, bits: int) -> Any:
    """Shift(v, b)."""
    return (values + 2 ** (bits - 1)) >> bits if bits > 0 else values * 2**-bits


def seen(latents: np.ndarray) -> np.ndarray:
    """Latents as contexts see them."""
    return np.clip(latents, -255, 255) * 128


class ContextModel:
    """What the networks say of each latent before it is read."""

    def __init__(self, networks: Networks) -> None:
        self.shape = networks.shape
        self.networks = networks
        self.layers = []
        for name in ("context 1", "context 2", "output"):
            p, q = networks.bits[f"{name} weights"], networks.bits[f"{name} biases"]
            weights, biases = with_identity(networks, name)
            self.layers.append((weights, biases * 2 ** (7 + p - q), p))
        self.down, self.across = np.array(NEIGHBOURS[: self.shape.neighbours]).T

    def features(self, level: int, grids: dict[int, np.ndarray]) -> np.ndarray:
        """Features of all latents of a grid, from the coarser grids: features x rows x columns."""
        rows, columns = self.shape.grid(level)
        sums = np.zeros((self.shape.features, rows, columns), np.int64)
        if not self.shape.features or level >= self.shape.with_features:
            return sums
        weights = features_of(self.networks.integers["features"], self.shape)[level]
        for i in range(self.shape.levels - 1 - level):
            at = np.ix_(np.arange(rows) >> (i + 1), np.arange(columns) >> (i + 1))
            sums += weights[:, i, None, None] * seen(grids[level + 1 + i])[at]
        return np.clip(shift(sums, self.networks.bits["features"]), -32767, 32767)

    def predict(self, x: np.ndarray) -> tuple[int, int]:
        """Mean and scale code under a context."""
        h = x
        for weights, biases, p in self.layers[:2]:
            v = shift(weights @ h + biases, p)
            h = np.minimum(np.abs(v) if self.shape.magnitudes else np.maximum(v, 0), 32767)
        weights, biases, p = self.layers[2]
        m, t = (weights @ np.concatenate([h, x]) + biases).tolist()
        mean, scale = shift(m, p - 1), shift(t, p + 3) + 32
        return min(max(mean, -65280), 65280), min(max(scale, 0), 223)

    def walk(self, features: np.ndarray, symbol: Callable[[int, int], int]) -> np.ndarray:
        """A grid or a tile of one, whose latents have these features; symbol(mean, scale code) is the next latent."""
        _, rows, columns = features.shape
        latents = np.zeros((rows, columns), np.int64)
        contexts = np.zeros((rows + MARGIN, columns + 2 * MARGIN), np.int64)
        x = np.empty(self.shape.context, np.int64)
        for r in range(rows):
            for c in range(columns):
                x[: self.shape.neighbours] = contexts[self.down + r + MARGIN, self.across + c + MARGIN]
                x[self.shape.neighbours :] = features[:, r, c]
                value = symbol(*self.predict(x))
                require(abs(value) <= 2**15, "a latent beyond 2^15")
                latents[r, c] = value
                contexts[r + MARGIN, c + MARGIN] = min(max(value, -255), 255) * 128
        return latents

    def read(self, source: RangeCode, features: np.ndarray) -> np.ndarray:
        """The same from a range code."""
        return self.walk(features, lambda mean, scale: laplace(source, mean, scale))


def tiles_of(shape: Shape, bits: dict[int, int]) -> list[tuple[int, tuple[slice, slice]]]:
    """Grid and place of all tiles, in their order. bits: of each grid."""
    found = []
    for level in reversed(range(shape.levels)):
        rows, columns = shape.grid(level)
        side = 2 ** bits[level]
        corners = [(top, left) for top in range(0, rows, side) for left in range(0, columns, side)]
        found += [(level, np.s_[top : top + side, left : left + side]) for top, left in corners]
    return found


def whole(payload: bytes, model: ContextModel) -> dict[int, np.ndarray]:
    """Section 2."""
    source = RangeCode(payload)
    grids: dict[int, np.ndarray] = {}
    for level in reversed(range(model.shape.levels)):
        grids[level] = model.read(source, model.features(level, grids))
    source.end()
    return grids


def in_tiles(payload: bytes, model: ContextModel) -> dict[int, np.ndarray]:
    """Section 4."""
    section = Bytes(payload)
    coarse_first = list(reversed(range(model.shape.levels)))
    bits = {level: section.byte() for level in coarse_first}
    require(all(5 <= b <= 20 for b in bits.values()), "tiles of another size than 2^5 to 2^20")
    require(
        all(bits[level + 1] >= bits[level] - 1 for level in coarse_first[1:]),
        "tiles that see more than one coarser tile",
    )
    tiles = tiles_of(model.shape, bits)
    lengths = [section.varint() for _ in tiles]
    require(section.left == sum(lengths), "codes of tiles that do not fill their section")
    grids: dict[int, np.ndarray] = {}
    features: dict[int, np.ndarray] = {}
    for (level, tile), length in zip(tiles, lengths, strict=True):
        if level not in grids:
            features[level] = model.features(level, grids)
            grids[level] = np.zeros(model.shape.grid(level), np.int64)
        code = section.take(length)
        if not code:
            continue
        source = RangeCode(b"" if code == b"\0" else code)
        grids[level][tile] = model.read(source, features[level][:, *tile])
        source.end()
    return grids
