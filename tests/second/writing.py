"""The way back, for files that test decoders: any fields, integers and symbols, also such as no encoder writes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from second.context_model import ContextModel, tiles_of
from second.integers import Symbols, laplace_symbols, logistic_symbols
from second.layout import SIGNATURE
from second.networks import DIRECTIONS, Networks


def varint(value: int) -> bytes:
    """A number in as few bytes as hold it."""
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127)
    return bytes([*(group | 128 for group in groups[:-1]), groups[-1]])


def checked(data: bytes) -> bytes:
    """With its CRC32 behind it."""
    return data + zlib.crc32(data).to_bytes(4, "little")


def write_file(
    family: int,
    size: tuple[int, int],
    parameters: bytes,
    sections: Sequence[tuple[int, bytes]],
    sample_format: int = 0,
    version: int = 1,
) -> bytes:
    """A file. size: width, height. sections: type and payload of each."""
    width, height = map(varint, size)
    table = b"".join(bytes([kind]) + varint(len(payload)) for kind, payload in sections)
    fields = [bytes([version, family, sample_format]), width, height, bytes([len(parameters)]), parameters]
    header = checked(SIGNATURE + b"".join(fields) + bytes([len(sections)]) + table)
    return header + b"".join(checked(payload) for _, payload in sections)


class RangeWriter:
    """Symbols to a range code."""

    def __init__(self) -> None:
        self.low = 0
        self.range = 2**40
        self.bytes = 5

    def symbol(self, bits: int, start: int, end: int) -> None:
        """One whose interval of [0, 2^bits) is [start, end)."""
        unit = self.range >> bits
        self.low += unit * start
        self.range = unit * (end - start)
        while self.range < 2**32:
            self.low <<= 8
            self.range <<= 8
            self.bytes += 1

    def raw(self, value: int, count: int) -> None:
        """That many raw bits."""
        while count > 0:
            bits = min(count, 16)
            count -= bits
            part = value >> count & 2**bits - 1
            self.symbol(bits, part, part + 1)

    def escape(self, e: int) -> None:
        """What follows an escape of e."""
        significant = e.bit_length()
        for bit in [1] * (significant - 1) + [0]:
            self.raw(bit, 1)
        self.raw(e & 2 ** (significant - 1) - 1, significant - 1)

    def number(self, symbols: Symbols, i: int) -> None:
        """Symbol i of those."""
        self.symbol(16, symbols.begin(i), symbols.begin(i + 1))

    def logistic(self, value: int, code: int) -> None:
        """An integer under a scale code."""
        symbols = logistic_symbols(code)
        moved = value + 2**symbols.low_bits // 2
        h = moved >> symbols.low_bits
        if abs(h) <= symbols.reach:
            self.number(symbols, h + 1 + symbols.reach)
        else:
            self.number(symbols, 0)
            self.raw(h < 0, 1)
            self.escape(abs(h) - symbols.reach)
        self.raw(moved & 2**symbols.low_bits - 1, symbols.low_bits)

    def laplace(self, value: int, mean: int, code: int) -> None:
        """An integer under a mean and a scale code."""
        symbols = laplace_symbols(mean, code)
        j = value - symbols.middle
        self.number(symbols, min(max(j + symbols.reach + 1, 0), 2 * symbols.reach + 2))
        if abs(j) > symbols.reach:
            self.escape(abs(j) - symbols.reach)

    def finish(self) -> bytes:
        """The code, in as few bytes as say it."""
        for zeros in range(8 * self.bytes, -1, -1):
            value = -(-self.low >> zeros) << zeros
            if value < self.low + self.range:
                return value.to_bytes(self.bytes, "big").rstrip(b"\0")
        raise AssertionError


def write_weights(layers: Sequence[np.ndarray], codes: Sequence[tuple[int, int, int]]) -> bytes:
    """Section 2 of siren. layers: integers, [W | b]. codes: step and both scale codes of each."""
    writer = RangeWriter()
    before = (64, 84, 84)
    for layer, now in zip(layers, codes, strict=True):
        for code, last in zip(now, before, strict=True):
            writer.logistic(code - last, 40)
        for values, scale in ((layer[:, :-1], now[1]), (layer[:, -1:], now[2])):
            for value in values.ravel().tolist():
                writer.logistic(value, scale)
        before = now
    return writer.finish()


def write_networks(networks: Networks, scales: dict[str, int], differences_from: dict | None = None) -> bytes:
    """Section 1 of latent, or what comes after the first two bytes of section 3.

    scales: codes of tensors, those that fit well for others. differences_from: what `start_of` gives.
    """
    writer = RangeWriter()
    for name, integers in networks.integers.items():
        if not integers.size:
            continue
        p = networks.bits[name]
        if differences_from is not None:
            integers = integers - ((differences_from[name] + 2 ** (36 - p)) >> (37 - p))
        mean = max(float(np.abs(integers).mean()), 0.1)
        scale = scales.get(name, min(max(round(24 + 8 * np.log2(mean)), 0), 159))
        writer.logistic(p - 6, 30)
        writer.logistic(scale - 32, 30)
        for value in integers.ravel().tolist():
            writer.logistic(value, scale)
    return writer.finish()


def write_start_codes(number: int, e: int, codes: Sequence[int]) -> bytes:
    """The payload of section 5."""
    payload = bytes([number, e + 64])
    if not any(codes):
        return payload
    writer = RangeWriter()
    with np.load(DIRECTIONS) as file:
        for code, scale in zip(codes, file[f"{number} scales"].tolist(), strict=True):
            writer.logistic(code, scale)
    return payload + writer.finish()


def _write_latents(writer: RangeWriter, model: ContextModel, features: np.ndarray, latents: np.ndarray) -> None:
    values = iter(latents.ravel().tolist())

    def code(mean: int, scale: int) -> int:
        value = next(values)
        writer.laplace(value, mean, scale)
        return value

    model.walk(features, code)


def write_whole(model: ContextModel, grids: dict[int, np.ndarray]) -> bytes:
    """Section 2 of latent."""
    writer = RangeWriter()
    for level in reversed(range(model.shape.levels)):
        _write_latents(writer, model, model.features(level, grids), grids[level])
    return writer.finish()


def write_codes(model: ContextModel, grids: dict[int, np.ndarray], bits: dict[int, int]) -> list[bytes]:
    """The codes of tiles. bits: of each grid."""
    codes = []
    features = {level: model.features(level, grids) for level in grids}
    for level, tile in tiles_of(model.shape, bits):
        latents = grids[level][tile]
        if not latents.any():
            codes.append(b"")
            continue
        writer = RangeWriter()
        _write_latents(writer, model, features[level][:, *tile], latents)
        codes.append(writer.finish() or b"\0")
    return codes


def write_tiles(bits: dict[int, int], codes: Sequence[bytes]) -> bytes:
    """Section 4 of latent."""
    sides = bytes(bits[level] for level in sorted(bits, reverse=True))
    return b"".join([sides, *(varint(len(code)) for code in codes), *codes])
