"""What a decoder agrees to do for a stream it does not trust."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import LimitError


@dataclass(frozen=True)
class Limits:
    """Bounds that are checked before anything is allocated.

    A hundred bytes can ask for a million million pixels of a wide network, so a service that
    decodes what strangers send should set them to what it can afford.

    pixels: width times height (default 2**28, about 268 megapixels).
    macs: multiply-accumulates of the whole decode (default 4e12, about a minute on two cores).
    metadata: bytes of EXIF or XMP, unpacked (default 2**26).
    """

    pixels: int = 2**28
    macs: int = 4 * 10**12
    metadata: int = 2**26

    def check_pixels(self, width: int, height: int) -> None:
        """Raise `LimitError` if a picture of this size is over the limit."""
        if width > self.pixels // height:
            raise LimitError(f"{width}x{height} is over the limit of {self.pixels:,} pixels")

    def check_macs(self, macs: int) -> None:
        """Raise `LimitError` if that many multiply-accumulates are over the limit."""
        if macs > self.macs:
            raise LimitError(f"decoding needs {macs:.2g} multiply-accumulates, the limit is {self.macs:.2g}")


DEFAULT_LIMITS = Limits()
