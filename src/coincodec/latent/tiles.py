"""Grids in tiles that are decoded each on its own: where the codes of tiles lie in a section, and how large tiles are.

The larger tiles are the fewer contexts end at their borders, and the more is decoded for a small part of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .. import _native
from ..varint import varint
from .model import LatentShape

# Pictures with fewer pixels are decoded in no time, and what tiles cost is a larger part of them.
LEAST_PIXELS = 1 << 20

# The smallest and the largest tiles that grids are cut in, and by what share of the latents' bytes one grid's may
# add to what all take in the largest.
_SMALL, _LARGE, _WORTH = 7, 11, 0.0015


@dataclass(frozen=True)
class Grid:
    """A grid in tiles. bits: log2 of their sides. codes: row by row."""

    bits: int
    codes: list[bytes]

    @property
    def bytes(self) -> int:
        """What it takes in a section, its part of the table included."""
        return 1 + sum(len(varint(len(code))) + len(code) for code in self.codes)


def cut(encoder: _native.LatentEncoder, level: int, bits: int, threads: int) -> Grid:
    """A grid in tiles with sides of 2^bits. encoder: of all latents."""
    return Grid(bits, encoder.tiles(level, bits, threads))


def choose(shape: LatentShape, encoder: _native.LatentEncoder, threads: int) -> list[Grid]:
    """The grids of a model, finest first, each in the smallest tiles that are worth their bytes."""
    sizes = [(max(shape.grid(level)) - 1).bit_length() for level in range(shape.levels)]
    largest = [cut(encoder, level, min(max(b, _SMALL), _LARGE), threads) for level, b in enumerate(sizes)]
    most = _WORTH * sum(grid.bytes for grid in largest)
    grids: list[Grid] = []
    for level, chosen in enumerate(largest):
        least = max(_SMALL, grids[-1].bits - 1) if grids else _SMALL  # see `nested`
        for bits in range(least, chosen.bits):
            smaller = cut(encoder, level, bits, threads)
            if smaller.bytes - chosen.bytes <= most:
                chosen = smaller
                break
        grids.append(chosen)
    return grids


def write(grids: Sequence[Grid]) -> bytes:
    """The payload of a section. grids: finest first."""
    coarse_first = grids[::-1]
    codes = [code for grid in coarse_first for code in grid.codes]
    return b"".join([bytes(grid.bits for grid in coarse_first), *(varint(len(code)) for code in codes), *codes])


def nested(bits: Sequence[int]) -> bool:
    """Whether each tile has its like within one tile of each coarser grid. bits: finest first."""
    return all(coarse >= fine - 1 for fine, coarse in pairwise(bits))
