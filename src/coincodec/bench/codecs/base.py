"""What the bench asks of a codec."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import CoincodecError, TargetError

Rgb = NDArray[np.uint8]


# Files tried between the ends of a codec's points.
SEARCH = 9


class MissingCodecError(CoincodecError):
    """A codec cannot run here; the text says what to install."""


class Codec(ABC):
    """One way to code a picture, at several points of its curve.

    A new codec is a subclass with three methods and a line in the registry (`codecs/__init__.py`).

    name: as on the command line. title: as in a plot. settings: everything that is not the point, as
    a report should state it. points: from the lowest rate to the highest. threads: how many an encode
    uses; where it is 1 the bench runs several at a time.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    settings: ClassVar[str]
    points: ClassVar[tuple[str, ...]]
    threads: int = 1

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Name and version of everything that decides the result. Raises `MissingCodecError`."""

    @abstractmethod
    def encode(self, picture: Rgb, point: str) -> bytes:
        """The whole file, as it would be stored. picture: (height, width, 3), sRGB."""

    def encode_within(self, picture: Rgb, size: int) -> bytes:
        """The largest file of at most `size` bytes that is found between the first point and the last.

        Raises `TargetError` if there is none.
        """
        ends = float(self.points[0]), float(self.points[-1])
        whole = all(point.isdigit() for point in self.points)
        found, low, high = b"", 0.0, 1.0
        for place in (0.0, 1.0, *[None] * SEARCH):
            share = (low + high) / 2 if place is None else place
            value = ends[0] + (ends[1] - ends[0]) * share
            data = self.encode(picture, str(round(value)) if whole else f"{value:.4g}")
            if len(data) > size:
                high = share
            else:
                low = share
                found = max(found, data, key=len)
        if not found:
            raise TargetError(f"{self.name} has no file of {size:,} bytes or less for this picture")
        return found

    @abstractmethod
    def decode(self, data: bytes) -> Rgb:
        """The picture in what `encode` returned, which it was given nothing else about."""
