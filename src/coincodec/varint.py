"""Numbers below 2^32 in as few bytes as hold them (docs/format.md, "varint")."""

from __future__ import annotations


def varint(value: int) -> bytes:
    """Seven bits per byte, low first, the top bit set in every byte but the last."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
