"""Code points of colour that files tell and Pillow does not."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

# Where (primaries, transfer) is put among a Pillow image's `info`.
CICP = "cicp"

# Of what a box may hold that we look into.
_MOST = 2**20


def of_file(file: BinaryIO) -> dict[str, Any]:
    """As part of an image's `info`: of PNG's cICP and AVIF's nclx; nothing for other files. The file is at its start
    then."""
    file.seek(0)
    head = file.read(12)
    file.seek(0)
    points = None
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        points = _of_png(file)
    elif head[4:8] == b"ftyp":
        points = _of_boxes(file.read(_MOST))
    file.seek(0)
    return {} if points is None else {CICP: points}


def _of_png(file: BinaryIO) -> tuple[int, int] | None:
    for name, at, length in png_chunks(file):
        if name in (b"IDAT", b"IEND"):
            break
        if name == b"cICP" and length == 4:
            file.seek(at)
            primaries, transfer = file.read(2)
            return primaries, transfer
    return None


def png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name of each chunk of a PNG, where its contents begin, and how long they are; the file may be moved meanwhile."""
    at = 8
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], at + 8, length
        at += 12 + length


def avif_bits(file: BinaryIO) -> int:
    """Bits of a sample of an AVIF file, from its current place on (ISO/IEC 23008-12, 6.5.6); 8 if it does not say."""
    for pixels in _properties(file.read(_MOST), b"pixi"):
        if len(pixels) >= 6:
            return pixels[5]
    return 8


def _of_boxes(data: bytes) -> tuple[int, int] | None:
    """Of the first colour that is told so (ISO/IEC 14496-12, 12.1.5); 2 is "unspecified"."""
    for colour in _properties(data, b"colr"):
        if colour[:4] == b"nclx" and len(colour) >= 8:
            primaries, transfer = struct.unpack(">HH", colour[4:8])
            return None if 2 in (primaries, transfer) else (primaries, transfer)
    return None


def _properties(data: bytes, kind: bytes) -> Iterator[bytes]:
    """Of the items of an AVIF or HEIF file, those of a kind."""
    for meta in _boxes(data, b"meta"):
        for properties in _boxes(meta[4:], b"iprp"):
            for container in _boxes(properties, b"ipco"):
                yield from _boxes(container, kind)


def _boxes(data: bytes, wanted: bytes) -> Iterator[bytes]:
    """The contents of boxes of a kind, as far as they are there."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:  # of 64 bits, or to the end: none that we look into
            return
        if kind == wanted:
            yield data[at + 8 : at + size]
        at += size
