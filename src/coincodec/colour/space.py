"""A picture's colour space, and the sections that hold it (docs/format.md)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from .. import _native
from ..container import Section, as_native
from . import icc
from .points import PRIMARIES, TRANSFERS

# Sections of every family, which a decoder that does not know them refuses: it would show other colours.
SPACE, PROFILE = KINDS = 0x70, 0x71

_NAMES = {
    (1, 13): "sRGB",
    (1, 8): "linear sRGB",
    (1, 1): "Rec. 709",
    (12, 13): "Display P3",
    (9, 1): "Rec. 2020",
    (9, 16): "Rec. 2100 PQ",
    (9, 18): "Rec. 2100 HLG",
}


@dataclass(frozen=True)
class Colour:
    """What a picture's samples mean; sRGB unless it says otherwise.

    primaries, transfer: code points of ITU-T H.273 (ISO/IEC 23091-2). Grey has the primaries' white alone. icc: an ICC
    profile, for what code points cannot say; they are 2, "unspecified", then.
    """

    primaries: int = 1
    transfer: int = 13
    icc: bytes | None = None

    @classmethod
    def of_profile(cls, icc: bytes) -> Colour:
        """What an ICC profile says, as a profile."""
        return cls(2, 2, icc)

    @property
    def name(self) -> str:
        """For people."""
        if self.icc is not None:
            return f"ICC profile {icc.description(self.icc)!r}"
        known = _NAMES.get((self.primaries, self.transfer))
        if known is not None:
            return known
        primaries = PRIMARIES[self.primaries].name if self.primaries in PRIMARIES else f"primaries {self.primaries}"
        transfer = TRANSFERS[self.transfer].name if self.transfer in TRANSFERS else f"transfer {self.transfer}"
        return f"{primaries}, {transfer}"

    def profile(self, grey: bool) -> bytes | None:
        """An ICC profile that says it to other programs. None for sRGB, which needs none, and unknown code points."""
        if self.icc is not None or self == SRGB:
            return self.icc
        if self.primaries not in PRIMARIES or self.transfer not in TRANSFERS:
            return None
        return icc.of_points(self.primaries, self.transfer, self.name, grey)

    def sections(self) -> list[Section]:
        """As a stream holds it; sRGB takes nothing."""
        if self.icc is not None:
            return [Section(PROFILE, zlib.compress(self.icc, 9))]
        return [] if self == SRGB else [Section(SPACE, bytes((self.primaries, self.transfer)))]


SRGB = Colour()


def of_sections(sections: Iterable[Section], most: int) -> Colour:
    """The colour space of a stream; of a profile at most so many bytes, which is checked before they are unpacked.

    Raises `CorruptError` for what no encoder writes, `LimitError` for more.
    """
    return Colour(*_native.read_colour(as_native(list(sections)), most))
