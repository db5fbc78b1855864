"""Which pixels a step of a fit looks at."""

from __future__ import annotations

import math

import numpy as np

from .model import Array32
from .objective import Index


class StratifiedSampler:
    """Draws one pixel in every cell of a grid of about `count` cells over the picture."""

    def __init__(self, height: int, width: int, count: int, rng: np.random.Generator) -> None:
        self.rng, self.width = rng, width
        rows = min(height, max(1, round(math.sqrt(count * height / width))))
        columns = min(width, max(1, round(count / rows)))
        self.rows = self._cells(height, rows)
        self.columns = self._cells(width, columns)

    def draw(self) -> Index:
        """Pixel numbers, in row-major order of their cells."""
        (top, height), (left, width) = self.rows, self.columns
        down, across = self.rng.random((2, len(top), len(left)), dtype=np.float32)
        row = top[:, None] + self._scale(down, height[:, None])
        column = left[None, :] + self._scale(across, width[None, :])
        numbers: Index = row * self.width + column
        return numbers.ravel()

    @staticmethod
    def _cells(length: int, count: int) -> tuple[Index, Index]:
        """First pixel and size of each cell along one side."""
        edges = np.arange(count + 1, dtype=np.int64) * length // count
        return edges[:-1], np.diff(edges)

    @staticmethod
    def _scale(unit: Array32, size: Index) -> Index:
        # The product can round up to `size`.
        return np.minimum((unit * size.astype(np.float32)).astype(np.int64), size - 1)
