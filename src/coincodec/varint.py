"""Numbers below 2^32 in as few bytes as hold them (docs/format.md, "varint"), and bytes one after the other."""

from __future__ import annotations

from .errors import CorruptError, TruncatedError


def varint(value: int) -> bytes:
    """Seven bits per byte, low first, the top bit set in every byte but the last."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Cursor:
    """Reads forward through bytes and raises `TruncatedError` at their end. where: what they are, for errors."""

    def __init__(self, data: memoryview, where: str) -> None:
        self.data, self.where = data, where
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > len(self.data) - self.at:
            raise TruncatedError(f"the data ends after {len(self.data)} bytes, within the {self.where}")
        self.at += count
        return bytes(self.data[self.at - count : self.at])

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def varint(self) -> int:
        """The next number. Raises `CorruptError` for one in more bytes than it needs, or too large."""
        value = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value > 0xFFFFFFFF or (byte == 0 and shift):
                    break
                return value
        raise CorruptError(f"a number in the {self.where} is malformed")
