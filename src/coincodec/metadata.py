"""What a picture's file says besides the picture, and the sections that hold it (docs/format.md)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import _native
from .container import Section, as_native

# Ancillary sections of every family.
EXIF, XMP, RESOLUTION = KINDS = 0xF0, 0xF1, 0xF2
NAMES = ("exif", "xmp", "resolution")

# Of a resolution: two numbers of this unit, pixels per inch.
_DPI_UNIT, _MOST = 0.01, 2**32 - 1

# What an EXIF block has before its TIFF structure.
BEFORE_EXIF = b"Exif\0\0"

ORIENTATION = 0x0112
_SHORT = 3


@dataclass(frozen=True)
class Metadata:
    """What is there of these, else None.

    exif: a TIFF structure, which is an EXIF block without its first six bytes. xmp: a packet of XML. dpi: pixels per
    inch, horizontal and vertical, to a hundredth.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None

    def sections(self) -> list[Section]:
        """As a stream holds it."""
        packed = ((EXIF, self.exif), (XMP, self.xmp))
        sections = [Section(kind, zlib.compress(payload, 9)) for kind, payload in packed if payload is not None]
        if self.dpi is not None:
            x, y = (min(max(round(value / _DPI_UNIT), 1), _MOST) for value in self.dpi)
            sections.append(Section(RESOLUTION, struct.pack("<II", x, y)))
        return sections


NOTHING = Metadata()


def of_sections(sections: Iterable[Section], most: int) -> Metadata:
    """The metadata of a stream, of at most so many bytes, which is checked before they are unpacked.

    Raises `CorruptError` for what no encoder writes, `LimitError` for more.
    """
    exif, xmp, resolution = _native.read_metadata(as_native(list(sections)), most)
    if resolution is None:
        return Metadata(exif, xmp)
    x, y = resolution
    return Metadata(exif, xmp, (x * _DPI_UNIT, y * _DPI_UNIT))


def upright(exif: bytes) -> bytes:
    """An EXIF block as a TIFF structure that says that the picture is upright, since its samples have been turned.

    Nothing else is touched, so that offsets within makers' notes stay true. Raises ValueError if it is none.
    """
    data = bytearray(exif.removeprefix(BEFORE_EXIF))
    for at, order in _orientations(data):
        struct.pack_into(f"{order}H", data, at, 1)
    return bytes(data)


def orientation(exif: bytes) -> int:
    """What an EXIF block says of it, 1 for upright, also where it says nothing or is damaged."""
    data = exif.removeprefix(BEFORE_EXIF)
    try:
        for at, order in _orientations(data):
            return int(struct.unpack_from(f"{order}H", data, at)[0])
    except ValueError:
        pass
    return 1


def _orientations(tiff: bytes | bytearray) -> Iterator[tuple[int, str]]:
    """Where the first directory of a TIFF structure has an orientation, and in which order of bytes.

    Raises ValueError at what is none.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(tiff[:4]))
    if order is None:
        raise ValueError("not a TIFF structure")
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, values, _ = struct.unpack_from(f"{order}HHII", tiff, entry)
            if (tag, kind, values) == (ORIENTATION, _SHORT, 1):
                yield entry + 8, order
    except struct.error:
        raise ValueError("a directory beyond its end") from None
