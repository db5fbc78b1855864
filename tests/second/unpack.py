"""Chapters "Colour" and "Metadata"."""

from __future__ import annotations

import zlib

from second.layout import Layout
from second.limits import Limits
from second.refusal import TooLarge, require

CODE_POINTS, PROFILE = 112, 113
EXIF, XMP, RESOLUTION = 240, 241, 242


def unpack(stream: bytes, limits: Limits) -> bytes:
    """What a zlib stream holds."""
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(stream, limits.unpacked + 1)
    except zlib.error as error:
        require(False, f"a zlib stream that is broken: {error}")
    if len(data) > limits.unpacked:
        raise TooLarge(f"a section that unpacks to more than {limits.unpacked} bytes")
    require(inflate.eof, "a zlib stream that ends too early")
    require(not inflate.unused_data, "bytes after a zlib stream")
    return data


def colour(layout: Layout, limits: Limits) -> tuple[int, int] | bytes:
    """Code points of primaries and transfer characteristics, or an ICC profile."""
    found = [section for section in layout.sections if section.type in (CODE_POINTS, PROFILE)]
    require(len(found) <= 1, "two sections of colour")
    if not found:
        return (1, 13)
    (section,) = found
    first = next(other for other in layout.sections if other.type < 128)
    require(first is section, "colour after the model")
    if section.type == PROFILE:
        profile = unpack(section.payload, limits)
        require(len(profile) > 132 and profile[36:40] == b"acsp", "not an ICC profile")
        require(int.from_bytes(profile[:4], "big") <= len(profile), "an ICC profile that ends too early")
        return profile
    require(len(section.payload) == 2, "code points are 2 bytes")
    primaries, transfer = section.payload
    require(not {primaries, transfer} & {0, 2, 3}, "code points that are never used")
    return primaries, transfer


def metadata(layout: Layout, limits: Limits) -> dict[int, bytes]:
    """EXIF, XMP and resolution by the type of their section."""
    found: dict[int, bytes] = {}
    for section in layout.sections:
        if section.type not in (EXIF, XMP, RESOLUTION):
            continue
        require(section.type not in found, "two sections of one kind of metadata")
        if section.type == RESOLUTION:
            require(len(section.payload) == 8, "a resolution is 8 bytes")
            require(section.payload[:4] != bytes(4) and section.payload[4:] != bytes(4), "a resolution of 0")
            found[section.type] = section.payload
        else:
            found[section.type] = unpack(section.payload, limits)
    return found
