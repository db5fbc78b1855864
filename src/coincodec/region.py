"""Parts of a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

from .errors import UsageError


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


def row_bands(height: int, width: int, samples: int) -> Iterator[slice]:
    """Cuts a picture into bands of whole rows of about `samples` pixels, top to bottom."""
    rows = max(1, samples // width)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))
