"""Damages files as their format has them.

Fields and payloads are changed and checksums made right again, since else every decoder would stop at the first one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from second.layout import SIGNATURE, Bytes
from second.refusal import Refused
from second.writing import checked, varint

# Of bytes, lengths and sizes that decoders may stumble over.
BYTES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17, 20, 21, 63, 64, 65, 127, 128, 129, 160, 240, 255]
NUMBERS = [0, 1, 2, 3, 5, 7, 8, 9, 31, 32, 33, 64, 100, 255, 1023, 2**14, 2**20 - 1, 2**20, 2**20 + 1, 2**31, 2**32 - 1]
PACKED = (113, 240, 241)

Rng = np.random.Generator


@dataclass(frozen=True)
class Parts:
    """A file taken apart, which need not be right. lengths: what the header says, where it is not what is there."""

    version: int
    family: int
    format: int
    width: int
    height: int
    parameters: bytes
    sections: tuple[tuple[int, bytes], ...]
    lengths: tuple[int | None, ...]

    @classmethod
    def of(cls, data: bytes) -> Parts | None:
        """None for what cannot be taken apart."""
        file = Bytes(data[len(SIGNATURE) :])
        try:
            version, family, sample_format = file.take(3)
            width, height = file.varint(), file.varint()
            parameters = file.take(file.byte())
            table = [(file.byte(), file.varint()) for _ in range(file.byte())]
            file.take(4)
            sections = []
            for kind, length in table:
                sections.append((kind, file.take(length)))
                file.take(4)
        except Refused:
            return None
        return cls(version, family, sample_format, width, height, parameters, tuple(sections), (None,) * len(sections))

    def write(self) -> bytes:
        """The file, its checksums right."""
        table = b"".join(
            bytes([kind]) + varint(len(payload) if length is None else length)
            for (kind, payload), length in zip(self.sections, self.lengths, strict=True)
        )
        fields = [bytes([self.version, self.family, self.format]), varint(self.width), varint(self.height)]
        fields += [bytes([len(self.parameters)]), self.parameters, bytes([len(self.sections)]), table]
        return checked(SIGNATURE + b"".join(fields)) + b"".join(checked(payload) for _, payload in self.sections)


def _bytes(rng: Rng, data: bytes) -> bytes:
    """Some bytes changed, left out, put in, moved or repeated; or the end cut off."""
    out = bytearray(data)
    at = int(rng.integers(len(out) + 1))
    match int(rng.integers(8)):
        case 0 | 1 if out:
            for _ in range(int(rng.integers(1, 5))):
                out[int(rng.integers(len(out)))] = int(rng.integers(256))
        case 2 if out:
            out[int(rng.integers(len(out)))] ^= 1 << int(rng.integers(8))
        case 3 if out:
            out[int(rng.integers(len(out)))] = int(rng.choice(BYTES))
        case 4:
            del out[at : at + int(rng.integers(1, 9))]
        case 5:
            out[at:at] = rng.bytes(int(rng.integers(1, 9)))
        case 6:
            del out[at:]
        case _:
            out[at:at] = bytes([int(rng.choice([0, 255]))]) * int(rng.integers(1, 40))
    return bytes(out)


def _field(rng: Rng, parts: Parts) -> Parts:
    match int(rng.integers(10)):
        case 0:
            return replace(parts, version=int(rng.choice(BYTES)))
        case 1:
            return replace(parts, family=int(rng.integers(4)))
        case 2 | 3:
            return replace(parts, format=int(rng.integers(8)) if rng.random() < 0.9 else int(rng.choice(BYTES)))
        case 4 | 5:
            return replace(parts, width=_side(rng))
        case 6 | 7:
            return replace(parts, height=_side(rng))
        case _:
            return replace(parts, parameters=_bytes(rng, parts.parameters)[:255])


def _side(rng: Rng) -> int:
    return int(rng.integers(1, 80)) if rng.random() < 0.8 else int(rng.choice(NUMBERS))


def _payload(rng: Rng, parts: Parts) -> Parts:
    """A section's payload changed; of packed ones now and then what is in them."""
    if not parts.sections:
        return parts
    i = int(rng.integers(len(parts.sections)))
    kind, payload = parts.sections[i]
    if kind in PACKED and rng.random() < 0.7:
        try:
            payload = zlib.compress(_bytes(rng, zlib.decompress(payload)))
        except zlib.error:
            payload = _bytes(rng, payload)
    else:
        payload = _bytes(rng, payload)
    return _with(parts, [*parts.sections[:i], (kind, payload), *parts.sections[i + 1 :]])


def _table(rng: Rng, parts: Parts) -> Parts:
    """Sections swapped, doubled, left out, put in, of another type, or of another length than the header says."""
    sections, lengths = list(parts.sections), list(parts.lengths)
    i = int(rng.integers(len(sections) + 1))
    match int(rng.integers(6)):
        case 0 if len(sections) > 1:
            order = rng.permutation(len(sections))
            sections = [sections[o] for o in order]
        case 1 if i < len(sections) < 255:
            sections.insert(i, sections[i])
        case 2 if i < len(sections):
            del sections[i]
        case 3 if i < len(sections):
            sections[i] = (int(rng.choice([1, 2, 3, 4, 5, 112, 113, 127, 128, 240, 241, 242])), sections[i][1])
        case 4 if len(sections) < 255:
            kind = int(rng.choice([1, 2, 3, 4, 5, 112, 113, 200, 240, 241, 242]))
            sections.insert(i, (kind, rng.bytes(int(rng.integers(20)))))
        case _ if i < len(sections):
            lengths[i] = int(rng.choice(NUMBERS))
            return replace(parts, lengths=tuple(lengths))
    return _with(parts, sections)


def _with(parts: Parts, sections: Sequence[tuple[int, bytes]]) -> Parts:
    return replace(parts, sections=tuple(sections), lengths=(None,) * len(sections))


def _spliced(rng: Rng, parts: Parts, other: Parts) -> Parts:
    """With a section of another file, or its size or parameters."""
    match int(rng.integers(4)):
        case 0:
            return replace(parts, width=other.width, height=other.height, format=other.format)
        case 1:
            return replace(parts, parameters=other.parameters)
        case _ if other.sections:
            kind, payload = other.sections[int(rng.integers(len(other.sections)))]
            sections = [(k, payload if k == kind else p) for k, p in parts.sections]
            return _with(parts, sections)
        case _:
            return parts


CHANGES: list[Callable[[Rng, Parts], Parts]] = [_field, _payload, _payload, _payload, _table]


def mutated(rng: Rng, corpus: Sequence[bytes]) -> bytes:
    """A file of the corpus with one to four changes; now and then with checksums that are wrong."""
    data = corpus[int(rng.integers(len(corpus)))]
    parts = Parts.of(data)
    if parts is None or rng.random() < 0.03:
        return _bytes(rng, data)
    for _ in range(int(rng.integers(1, 5))):
        if rng.random() < 0.1 and (other := Parts.of(corpus[int(rng.integers(len(corpus)))])) is not None:
            parts = _spliced(rng, parts, other)
        else:
            parts = CHANGES[int(rng.integers(len(CHANGES)))](rng, parts)
    return parts.write()
