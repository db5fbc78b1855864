"""What to show of a picture: which part of it, and how large; bands of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from .container import MAX_SIDE, Header
from .errors import UsageError
from .options import DecodeOptions


class Region(NamedTuple):
    """Columns left to right - 1 and rows top to bottom - 1 of a picture, at least one of each."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def within(cls, box: Sequence[int] | None, width: int, height: int) -> Self:
        """The region that `box` says, everything for None. Raises `UsageError` if it is not inside the picture."""
        if box is None:
            return cls(0, 0, width, height)
        if len(box) != 4:
            raise UsageError(f"a region is left, top, right, bottom, not {len(box)} numbers")
        region = cls(*map(int, box))
        if not (0 <= region.left < region.right <= width and 0 <= region.top < region.bottom <= height):
            raise UsageError(f"the region {','.join(map(str, region))} is not inside a picture of {width}x{height}")
        return region

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top


@dataclass(frozen=True)
class View:
    """A region of a picture at a size of its own.

    width, height: in pixels of what is shown. draft: a fraction of the work counts for more than fidelity.
    """

    region: Region
    width: int
    height: int
    draft: bool = False

    @classmethod
    def of(cls, header: Header, options: DecodeOptions) -> Self:
        """The view that a caller of `coincodec.decode` asks for. Raises `UsageError` if there is no such thing."""
        part, size, scale = Region.within(options.region, header.width, header.height), options.size, options.scale
        if size is not None and scale is not None:
            raise UsageError("a size and a scale contradict each other")
        width, height = part.width, part.height
        if scale is not None:
            if not (math.isfinite(scale) and scale > 0):
                raise UsageError(f"a scale is a number above 0, not {scale}")
            width, height = max(1, round(scale * width)), max(1, round(scale * height))
        elif size is not None:
            if len(size) != 2:
                raise UsageError(f"a size is width and height, not {len(size)} numbers")
            width, height = map(int, size)
        if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
            raise UsageError(f"a side must have 1 to {MAX_SIDE:,} pixels, not {width}x{height}")
        return cls(part, width, height, options.draft)

    @property
    def scaled(self) -> bool:
        """Whether it is larger or smaller than its region."""
        return (self.width, self.height) != (self.region.width, self.region.height)


def row_bands(height: int, width: int, samples: int) -> Iterator[slice]:
    """Cuts a picture into bands of whole rows of about `samples` pixels, top to bottom."""
    rows = max(1, samples // width)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def fit_within(width: int, height: int, side: int) -> tuple[int, int]:
    """The size of a picture whose longer side is at most `side`; pictures are not enlarged."""
    longer = max(width, height)
    if side >= longer:
        return width, height
    return max(1, round(width * side / longer)), max(1, round(height * side / longer))
