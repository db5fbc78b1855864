"""Header and sections to bytes, and back by the native core: version 1 of the .coin container (docs/format.md).

Knows no model. What the header calls `parameters`, and what is in a section, belongs to the model
family that the header names.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from . import _native
from .varint import varint

SIGNATURE = b"\xc3OIN\r\n"
VERSION = 1
MAX_SIDE = 2**20
MAX_PARAMETERS = 255
MAX_SECTIONS = 255
MAX_SECTION_BYTES = 2**32 - 1
BIT_DEPTHS = (8, 16)

# No header is longer.
MAX_HEADER_BYTES = 2048

# Sections whose type has this bit may be skipped by a decoder that does not know them.
ANCILLARY = 0x80

_CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class Section:
    """A checksummed run of bytes. `type` is 0..255; its meaning is up to the family.

    missing: bytes of the payload that a cut stream does not have.
    """

    type: int
    payload: bytes | memoryview
    missing: int = 0


@dataclass(frozen=True)
class Header:
    """The fixed facts of a stream.

    family: 1..255, which model family the sections belong to.
    width, height: of the picture in pixels, 1..MAX_SIDE.
    channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA, alpha not premultiplied; sRGB unless a section says otherwise.
    bit_depth: of a sample, 8 or 16.
    parameters: at most 255 bytes that the family defines.
    """

    family: int
    width: int
    height: int
    channels: int
    bit_depth: int
    parameters: bytes

    @property
    def dtype(self) -> str:
        """NumPy's name for the type of a sample."""
        return f"uint{self.bit_depth}"


@dataclass(frozen=True)
class Layout:
    """A header, and where the sections lie: (type, offset of the payload, length) for each."""

    header: Header
    sections: tuple[tuple[int, int, int], ...]
    header_bytes: int
    total_bytes: int


def overhead(header: Header, lengths: Sequence[int]) -> int:
    """Bytes of a stream that are not payload, for sections of these lengths."""
    sections = [(0, length) for length in lengths]
    return len(_write_header(header, sections)) + _CHECKSUM_BYTES * len(lengths)


def write(header: Header, sections: Sequence[Section]) -> bytes:
    """The whole stream."""
    parts = [_write_header(header, [(s.type, len(s.payload)) for s in sections])]
    for section in sections:
        parts += [bytes(section.payload), _checksum(section.payload)]
    return b"".join(parts)


def length_of(sections: Sequence[Section]) -> int:
    """Bytes that a stream is longer by for having these sections too."""
    return sum(1 + len(varint(len(s.payload))) + len(s.payload) + _CHECKSUM_BYTES for s in sections)


def extended(data: bytes, first: Sequence[Section], last: Sequence[Section]) -> bytes:
    """A whole stream with more sections at its beginning and end. Raises like `read`."""
    header, sections = read(data)
    return write(header, [*first, *sections, *last])


def as_native(sections: Sequence[Section]) -> list[tuple[int, bytes | memoryview, int]]:
    """Sections as the native core takes them."""
    return [(s.type, s.payload, s.missing) for s in sections]


def read_layout(data: bytes | memoryview) -> Layout:
    """Reads the header and table of sections from the start of a stream.

    `data` may be a prefix that holds the whole header; whether it holds the sections is not looked at.

    Raises `NotCoinError`, `UnsupportedError`, `TruncatedError` or `CorruptError`.
    """
    header, sections, header_bytes, total_bytes = _native.read_layout(data)
    return Layout(Header(*header), tuple(sections), header_bytes, total_bytes)


def read(data: bytes | memoryview, *, cut: bool = False) -> tuple[Header, list[Section]]:
    """Reads a whole stream and verifies every checksum.

    cut: the stream may end before its time; its sections then hold what there is, and checksums are verified as far as
    they are there.

    The payloads are views of `data`, not copies. Raises like `read_layout`; bytes after the last
    section are an error.
    """
    _native.verify(data, cut)
    view, layout = memoryview(data), read_layout(data)
    sections = []
    for kind, offset, length in layout.sections:
        payload = view[offset : offset + length]
        sections.append(Section(kind, payload, length - len(payload)))
    return layout.header, sections


def _checksum(data: bytes | bytearray | memoryview) -> bytes:
    return zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")


def _write_header(header: Header, table: Sequence[tuple[int, int]]) -> bytes:
    depth_code = BIT_DEPTHS.index(header.bit_depth)
    if not (1 <= header.width <= MAX_SIDE and 1 <= header.height <= MAX_SIDE and 1 <= header.channels <= 4):
        raise ValueError("header field out of range")
    if len(header.parameters) > MAX_PARAMETERS or len(table) > MAX_SECTIONS:
        raise ValueError("too many parameters or sections")
    if any(length > MAX_SECTION_BYTES for _, length in table):
        raise ValueError("section too long")
    out = bytearray(SIGNATURE)
    out += bytes([VERSION, header.family, header.channels - 1 | depth_code << 2])
    out += varint(header.width) + varint(header.height)
    out += bytes([len(header.parameters)]) + header.parameters
    out.append(len(table))
    for kind, length in table:
        out.append(kind)
        out += varint(length)
    return bytes(out) + _checksum(out)
