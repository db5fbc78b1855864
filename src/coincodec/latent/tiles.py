"""Grids in tiles that are decoded each on its own: where the codes of tiles lie in a section, and how large tiles are.

The larger tiles are the fewer contexts end at their borders, and the more is decoded for a small part of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .. import _native
from ..container import Section
from ..errors import CorruptError
from ..varint import Cursor, varint
from .model import LatentShape

# Sides of tiles are powers of two. No grid has more rows or columns than the largest.
LEAST_BITS, MOST_BITS = 5, 20

# Pictures with fewer pixels are decoded in no time, and what tiles cost is a larger part of them.
LEAST_PIXELS = 1 << 20

# The smallest and the largest tiles that grids are cut in, and by what share of the latents' bytes one grid's may
# add to what all take in the largest.
_SMALL, _LARGE, _WORTH = 7, 11, 0.0015


@dataclass(frozen=True)
class Tiles:
    """How grids are cut, and where their codes lie.

    bits: log2 of a tile's sides, of each grid, finest first. lengths: bytes of each code, coarse grids first, tiles row
    by row. start: of the first code in the section.
    """

    bits: tuple[int, ...]
    lengths: tuple[int, ...]
    start: int

    def sizes(self, shape: LatentShape) -> tuple[int, ...]:
        """Bytes of each grid, finest first."""
        sizes, at = [], 0
        for count in reversed(_native.latent_tile_counts(shape.native, self.bits)):
            sizes.append(sum(self.lengths[at : at + count]))
            at += count
        return tuple(reversed(sizes))


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


def read(shape: LatentShape, section: Section) -> Tiles:
    """Where tiles lie. Raises `CorruptError` or, where a cut stream ends before it tells, `TruncatedError`."""
    payload = memoryview(section.payload)
    cursor = Cursor(payload, "table of tiles")
    bits = tuple(reversed(cursor.take(shape.levels)))
    if not nested(bits) or any(not LEAST_BITS <= b <= MOST_BITS for b in bits):
        raise CorruptError(f"impossible tiles with sides of {', '.join(map(str, bits))} bits")
    count = sum(_native.latent_tile_counts(shape.native, bits))
    if count > len(payload) + section.missing:
        raise CorruptError(f"{count:,} tiles do not fit into {len(payload) + section.missing:,} bytes")
    lengths = tuple(cursor.varint() for _ in range(count))
    if cursor.at + sum(lengths) != len(payload) + section.missing:
        raise CorruptError("the tiles are not as long as their section")
    return Tiles(bits, lengths, cursor.at)
