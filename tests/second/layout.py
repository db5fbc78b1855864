"""Chapters "File" and "Signature and header": bytes <-> header and sections."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from second.refusal import require

SIGNATURE = bytes.fromhex("C3 4F 49 4E 0D 0A")


class Bytes:
    """Bytes that are read from the first to the last."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        require(self.at + count <= len(self.data), "the file ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        value = 0
        for group in range(5):
            byte = self.byte()
            value |= (byte & 127) << 7 * group
            if byte < 128:
                require(byte != 0 or group == 0, "a varint takes more bytes than it needs")
                require(value < 2**32, "a varint of 33 bits or more")
                return value
        require(False, "a varint of more than 5 bytes")
        raise AssertionError

    @property
    def left(self) -> int:
        return len(self.data) - self.at


@dataclass
class Section:
    """One section, whose checksum was right."""

    type: int
    payload: bytes


@dataclass
class Layout:
    """A file taken apart."""

    family: int
    channels: int
    depth: int  # bits of a sample
    width: int
    height: int
    parameters: bytes
    sections: list[Section]


def take_apart(data: bytes) -> Layout:
    """Header and sections of a whole file."""
    file = Bytes(data)
    require(file.take(6) == SIGNATURE, "not the signature of a .coin file")
    require(file.byte() == 1, "another version")
    family = file.byte()
    require(family in (1, 2), "an unknown family")
    sample_format = file.byte()
    require(sample_format < 8, "bits of the sample format that are to be 0")
    width = file.varint()
    height = file.varint()
    require(1 <= width <= 2**20 and 1 <= height <= 2**20, "a side that is not from 1 to 2^20")
    parameters = file.take(file.byte())
    table = [(file.byte(), file.varint()) for _ in range(file.byte())]
    checked = file.at
    require(zlib.crc32(data[:checked]) == int.from_bytes(file.take(4), "little"), "checksum of the header")
    require(file.left == sum(length + 4 for _, length in table), "another length than the header says")
    sections = []
    for type_, length in table:
        payload = file.take(length)
        require(zlib.crc32(payload) == int.from_bytes(file.take(4), "little"), f"checksum of section {type_}")
        sections.append(Section(type_, payload))
    return Layout(family, 1 + sample_format % 4, 16 if sample_format & 4 else 8, width, height, parameters, sections)
