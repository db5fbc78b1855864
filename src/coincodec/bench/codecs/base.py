"""What the bench asks of a codec."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import CoincodecError

Rgb = NDArray[np.uint8]


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

    @abstractmethod
    def decode(self, data: bytes) -> Rgb:
        """The picture in what `encode` returned, which it was given nothing else about."""
