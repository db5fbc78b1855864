"""ICC profiles (ICC.1:2022) of code points, and the little we read of others."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .points import D50, PRIMARIES, TRANSFERS, Primaries, Transfer, adapted, power

_HEADER_BYTES = 128

# Entries of a curve that has no formula in a profile.
_ENTRIES = 1024


def of_points(primaries: int, transfer: int, description: str, grey: bool) -> bytes:
    """A profile of code points that we know, with a `cicp` tag for programs that can do more with those.

    In light of absolute brightness 1 is the brightest that there is, as profiles have no diffuse white.
    """
    cicp = b"cicp" + bytes(4) + bytes((primaries, transfer, 0, 1))
    return written(PRIMARIES[primaries], TRANSFERS[transfer], description, grey, [] if grey else [(b"cicp", cicp)])


def of_chromaticities(
    red: tuple[float, float],
    green: tuple[float, float],
    blue: tuple[float, float],
    white: tuple[float, float],
    *,
    gamma: float,
    grey: bool,
) -> bytes:
    """A profile of primaries by their CIE 1931 x, y and an exponent. Raises ArithmeticError or
    `numpy.linalg.LinAlgError` for primaries that are none."""
    primaries = Primaries("", red, green, blue, white)
    return written(primaries, power(gamma), f"gamma {gamma:.4g}", grey)


def written(
    primaries: Primaries,
    transfer: Transfer,
    description: str,
    grey: bool,
    more: list[tuple[bytes, bytes]] | None = None,
) -> bytes:
    """A display profile, version 4.4: of primaries and a curve, or of grey with that curve. more: tags to add."""
    to_d50 = adapted(primaries.white, D50)
    curve = _curve(transfer)
    tags = [(b"desc", _text(description)), (b"cprt", _text("none, public domain")), (b"wtpt", _xyz(_white(D50)))]
    tags.append((b"chad", b"sf32" + bytes(4) + _fixed(to_d50.ravel())))
    if grey:
        tags.append((b"kTRC", curve))
    else:
        colours = (to_d50 @ primaries.to_xyz()).T
        tags += [(name + b"XYZ", _xyz(colour)) for name, colour in zip((b"r", b"g", b"b"), colours, strict=True)]
        tags += [(name + b"TRC", curve) for name in (b"r", b"g", b"b")]
    tags += more or []
    return _assembled(tags, grey)


def description(data: bytes) -> str:
    """The profile's own name, as far as it can be read."""
    for name, tag in _tags(data):
        if name != b"desc" or len(tag) < 12:
            continue
        length = int.from_bytes(tag[8:12], "big")
        if tag[:4] == b"desc":
            return tag[12 : 12 + length].split(b"\0")[0].decode("ascii", "replace")
        if tag[:4] == b"mluc" and len(tag) >= 28:
            size, at = struct.unpack(">II", tag[20:28])
            return tag[at : at + size].decode("utf-16-be", "replace").rstrip("\0")
    return "without a name"


def code_points(data: bytes) -> tuple[int, int] | None:
    """Primaries and transfer of a profile's `cicp` tag, if it has one of RGB at full range."""
    for name, tag in _tags(data):
        if name == b"cicp" and len(tag) >= 12 and tag[10:12] == b"\0\1":
            return tag[8], tag[9]
    return None


def _tags(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of a profile's tags, as far as they lie within it."""
    if len(data) < _HEADER_BYTES + 4:
        return
    (count,) = struct.unpack_from(">I", data, _HEADER_BYTES)
    for entry in range(_HEADER_BYTES + 4, min(_HEADER_BYTES + 4 + 12 * count, len(data) - 11), 12):
        name, at, size = struct.unpack_from(">4sII", data, entry)
        yield name, data[at : at + size]


def _assembled(tags: list[tuple[bytes, bytes]], grey: bool) -> bytes:
    """Equal contents are stored once."""
    at = _HEADER_BYTES + 4 + 12 * len(tags)
    table, body, places = struct.pack(">I", len(tags)), b"", {}
    for name, content in tags:
        if content not in places:
            places[content] = at + len(body)
            body += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, places[content], len(content))
    header = struct.pack(
        ">I4sI4s4s4s12x4s4sIIIQI12s48x",
        at + len(body), bytes(4), 0x04400000, b"mntr", b"GRAY" if grey else b"RGB ", b"XYZ ",
        b"acsp", bytes(4), 0, 0, 0, 0, 0, _fixed(_white(D50)),
    )  # fmt: skip
    return bytes(header + table + body)


def _curve(transfer: Transfer) -> bytes:
    if transfer.parameters is not None:
        return b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed(transfer.parameters)
    light = transfer.to_light(np.linspace(0, 1, _ENTRIES, dtype=np.float32))
    entries = np.rint(65535 * light / light.max()).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", _ENTRIES) + bytes(entries)


def _text(text: str) -> bytes:
    """In a multi-localised string of one language."""
    utf16 = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(utf16), 28) + utf16


def _white(point: tuple[float, float]) -> tuple[float, float, float]:
    x, y = point
    return x / y, 1.0, (1 - x - y) / y


def _xyz(values: tuple[float, float, float] | NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _fixed(values: tuple[float, ...] | NDArray[np.float64]) -> bytes:
    """As s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
