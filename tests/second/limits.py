"""What this decoder is willing to do."""

from __future__ import annotations

from dataclasses import dataclass

from second.refusal import TooLarge


@dataclass(frozen=True)
class Limits:
    """Pixels, multiply-accumulates, and bytes that one section may unpack to."""

    pixels: int = 2**22
    multiply_accumulates: int = 2**36
    unpacked: int = 2**26

    def check(self, pixels: int, each: int) -> None:
        """Refuses pixels that take that many multiply-accumulates each."""
        if pixels > self.pixels:
            raise TooLarge(f"{pixels} pixels")
        if pixels * each > self.multiply_accumulates:
            raise TooLarge(f"{pixels * each} multiply-accumulates")
