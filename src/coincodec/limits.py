"""What a decoder agrees to do for a stream it does not trust."""

from __future__ import annotations

from dataclasses import dataclass


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

    @property
    def native(self) -> tuple[int, int, int]:
        """As the native core takes them."""
        return _clamped(self.pixels), _clamped(self.macs), _clamped(self.metadata)


def _clamped(limit: int) -> int:
    """Within 64 bits."""
    return min(max(int(limit), 0), 2**64 - 1)


DEFAULT_LIMITS = Limits()
