"""Bytes to header and sections, and back: version 1 of the .coin container (docs/format.md).

Knows no model. What the header calls `parameters`, and what is in a section, belongs to the model
family that the header names.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import CorruptError, LimitError, NotCoinError, TruncatedError, UnsupportedError
from .varint import Cursor, varint

SIGNATURE = b"\xc3OIN\r\n"
VERSION = 1
MAX_SIDE = 2**20
MAX_PARAMETERS = 255
MAX_SECTIONS = 255
MAX_SECTION_BYTES = 2**32 - 1
BIT_DEPTHS = (8, 16)

# No header is longer.
MAX_HEADER_BYTES = 2048

# Bytes, which bounds what a stream that unpacks to endlessly many takes.
_UNPACKED_AT_ONCE = 2**20

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


def unpacked(section: Section, most: int, name: str) -> bytes:
    """A payload that is a zlib stream, of at most so many bytes, which is checked as they are unpacked.

    name: of what is in it, for errors. Raises `CorruptError` for what is not such a stream, `LimitError` for more.
    """
    stream, rest, data = zlib.decompressobj(), bytes(section.payload), bytearray()
    more = True
    while more and not stream.eof:
        try:
            part = stream.decompress(rest, _UNPACKED_AT_ONCE)
        except zlib.error as error:
            raise CorruptError(f"the {name} is damaged: {error}") from None
        data += part
        if len(data) > most:
            raise LimitError(f"the {name} is over the limit of {most:,} bytes")
        rest = stream.unconsumed_tail
        more = bool(part or rest)
    if not stream.eof or stream.unused_data:
        raise CorruptError(f"the {name} is damaged")
    return bytes(data)


def read_layout(data: bytes | memoryview) -> Layout:
    """Reads the header and table of sections from the start of a stream.

    `data` may be a prefix that holds the whole header; whether it holds the sections is not looked at.

    Raises `NotCoinError`, `UnsupportedError`, `TruncatedError` or `CorruptError`.
    """
    cursor = Cursor(memoryview(data), "header")
    signature = bytes(cursor.data[: len(SIGNATURE)])
    if signature != SIGNATURE:
        if signature and SIGNATURE.startswith(signature):
            raise TruncatedError(f"the data ends after {len(signature)} bytes, within the signature")
        raise NotCoinError("not a .coin file (the signature is missing)")
    cursor.at = len(SIGNATURE)
    version = cursor.byte()
    if version != VERSION:
        raise UnsupportedError(f"version {version} of the .coin format; this program reads version {VERSION}")
    family = cursor.byte()
    sample_format = cursor.byte()
    width = cursor.varint()
    height = cursor.varint()
    parameters = cursor.take(cursor.byte())
    table = [(cursor.byte(), cursor.varint()) for _ in range(cursor.byte())]
    end = cursor.at
    if cursor.take(_CHECKSUM_BYTES) != _checksum(cursor.data[:end]):
        raise CorruptError("the header is damaged (checksum)")

    # Only now is a strange value known to be what the encoder wrote.
    if sample_format & 0xF0 or sample_format >> 2 >= len(BIT_DEPTHS):
        raise UnsupportedError(f"unknown sample format {sample_format:#04x}")
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise CorruptError(f"impossible size {width}x{height}")
    header = Header(family, width, height, (sample_format & 3) + 1, BIT_DEPTHS[sample_format >> 2], parameters)
    offset = cursor.at
    sections = []
    for kind, length in table:
        sections.append((kind, offset, length))
        offset += length + _CHECKSUM_BYTES
    return Layout(header, tuple(sections), cursor.at, offset)


def read(data: bytes | memoryview, *, cut: bool = False) -> tuple[Header, list[Section]]:
    """Reads a whole stream and verifies every checksum.

    cut: the stream may end before its time; its sections then hold what there is, and checksums are verified as far as
    they are there.

    The payloads are views of `data`, not copies. Raises like `read_layout`; bytes after the last
    section are an error.
    """
    view = memoryview(data)
    layout = read_layout(view)
    if len(view) < layout.total_bytes and not cut:
        raise TruncatedError(f"the file ends after {len(view):,} of {layout.total_bytes:,} bytes")
    if len(view) > layout.total_bytes:
        raise CorruptError(f"{len(view) - layout.total_bytes:,} bytes follow the end of the stream")
    sections = []
    for number, (kind, offset, length) in enumerate(layout.sections):
        end = offset + length
        payload = view[offset:end]
        checksum = view[end : end + _CHECKSUM_BYTES]
        if len(checksum) == _CHECKSUM_BYTES and checksum != _checksum(payload):
            raise CorruptError(f"section {number} is damaged (checksum)")
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
