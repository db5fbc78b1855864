"""Which latents show a region of a picture, as a model of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..view import Region
from .model import LatentShape

# What a doubled row is made of reaches so far to both sides of the places under it.
_REACH = 2

Rectangle = tuple[int, int, int, int]  # top, left, bottom, right: rows and columns of a grid

NOTHING: Rectangle = (0, 0, 0, 0)


@dataclass(frozen=True)
class Window:
    """A part of a picture that shows a region of it as the whole picture does.

    shape: of the part, as a picture of its own. top, left: of the part, in pixels. region: within the part.
    needed: of each grid of the whole picture, finest first, the latents that matter; others may be anything.
    """

    shape: LatentShape
    top: int
    left: int
    region: Region
    needed: tuple[Rectangle, ...]

    @classmethod
    def of(cls, shape: LatentShape, region: Region) -> Window:
        """The smallest."""
        columns = _needed(shape, region.left, region.right, [shape.grid(level)[1] for level in range(shape.levels)])
        rows = _needed(shape, region.top, region.bottom, [shape.grid(level)[0] for level in range(shape.levels)])
        needed = tuple((top, left, bottom, right) for (top, bottom), (left, right) in zip(rows, columns, strict=True))
        (top, bottom), (left, right) = _span(rows, shape.height), _span(columns, shape.width)
        inside = Region(region.left - left, region.top - top, region.right - left, region.bottom - top)
        return cls(replace(shape, height=bottom - top, width=right - left), top, left, inside, needed)


def _needed(shape: LatentShape, first: int, last: int, sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Of each grid the rows, or columns, that show some of the picture."""
    side = 1 if shape.block else 0
    needed = [(max(first - side, 0), min(last + side, sizes[0]))]
    for size in sizes[1:]:
        first, last = needed[-1]
        needed.append((max((first >> 1) - _REACH, 0), min(((last - 1) >> 1) + 1 + _REACH, size)))
    return needed


def _span(needed: list[tuple[int, int]], size: int) -> tuple[int, int]:
    """The pixels over all of them, from one of the coarsest latents to another or to the picture's border."""
    unit = 1 << (len(needed) - 1)
    first = min(low << level for level, (low, _) in enumerate(needed)) // unit * unit
    last = max(high << level for level, (_, high) in enumerate(needed))
    return first, min(-(-last // unit) * unit, size)
