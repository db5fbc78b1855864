"""Chapters "Logistic integers" and "Laplace integers"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from second.range_code import RangeCode

R = [
    *(0x5A82799A, 0x6BA27E65, 0x75606374, 0x7A92BE8B, 0x7D41D96E, 0x7E9F0606, 0x7F4F08AE, 0x7FA765AD),
    *(0x7FD3AB29, 0x7FE9D3A9, 0x7FF4E959, 0x7FFA748E, 0x7FFD3A3F, 0x7FFE9D1E, 0x7FFF4E8E, 0x7FFFA747),
]
LOGISTIC = [193635251, 177564308, 162827188, 149313190, 136920799, 125556926, 115136209, 105580369]
LAPLACE = [
    *(24204406, 23178219, 22195538, 21254520, 20353399, 19490481, 18664149, 17872850),
    *(17115100, 16389476, 15694616, 15029216, 14392026, 13781851, 13197546, 12638013),
]


def floor_scaled(value: int, power: int) -> int:
    """floor(value * 2^power)."""
    return value << power if power >= 0 else value >> -power


@lru_cache(2**16)
def decay(y: int) -> int:
    """E(y), 2^31 * 2^(-y / 65536)."""
    value = 2**31
    for i in range(1, 17):
        if y >> 16 - i & 1:
            value = value * R[i - 1] >> 31
    return 0 if y >> 16 >= 32 else value >> (y >> 16)


@lru_cache(2**16)
def logistic_below(h: int, code: int) -> int:
    """G(h), 2^30 times the probability of at most h."""
    if h < 0:
        return 2**30 - logistic_below(-h - 1, code)
    octave = code // 8 - 3
    y = floor_scaled((2 * h + 1) * LOGISTIC[code % 8], -(12 + octave))
    return 2**61 // (2**31 + decay(y))


@dataclass(frozen=True)
class Symbols:
    """The symbols of an integer. begin: where the interval of symbol i begins, which is where that before ends."""

    count: int
    reach: int  # K
    begin: Callable[[int], int]
    middle: int = 0  # M
    low_bits: int = 0  # r


@lru_cache(160)
def logistic_symbols(code: int) -> Symbols:
    """Those of a scale code from 0 to 159."""
    low_bits = 0 if code < 56 else (code - 56) // 8 + 1
    code -= 8 * low_bits
    reach = max(4, floor_scaled(16, code // 8 - 3))
    count = 2 * reach + 2

    def begin(i: int) -> int:
        if i == 0:
            return 0
        mass = logistic_below(i - 2 - reach, code) + logistic_below(-reach - 1, code)
        return (mass * (65536 - count) >> 30) + i

    return Symbols(count, reach, begin, low_bits=low_bits)


def logistic(source: RangeCode, code: int) -> int:
    """The next integer under a scale code."""
    symbols = logistic_symbols(code)
    symbol = source.symbol(16, symbols.count, symbols.begin)
    if symbol:
        h = symbol - 1 - symbols.reach
    else:
        negative = source.raw(1)
        magnitude = symbols.reach + source.rest_of_escape()
        h = -magnitude if negative else magnitude
    return h * 2**symbols.low_bits + source.raw(symbols.low_bits) - 2**symbols.low_bits // 2


def laplace_symbols(mean: int, code: int) -> Symbols:
    """Those under a mean in units of 1/256 and a scale code from 0 to 223."""
    octave = code // 16 - 7
    reach = 2 if octave < -3 else floor_scaled(24, octave)
    middle = (mean + 128) // 256
    count = 2 * reach + 3

    def begin(i: int) -> int:
        if i in (0, count):
            return 65536 * (i > 0)
        j = i - 1 - reach
        d = 256 * (middle + j) - 128 - mean
        y = floor_scaled(abs(d) * LAPLACE[code % 16], -(16 + octave))
        whole = y >> 16
        tail = 0 if whole >= 32 else (decay((y >> 8 & 255) * 256) * decay(y & 255) >> 32) >> whole
        below = tail if d < 0 else 2**31 - tail
        return (below * (65536 - count) >> 31) + j + reach + 1

    return Symbols(count, reach, begin, middle)


def laplace(source: RangeCode, mean: int, code: int) -> int:
    """The next integer under a mean and a scale code."""
    symbols = laplace_symbols(mean, code)
    j = source.symbol(16, symbols.count, symbols.begin) - 1 - symbols.reach
    if abs(j) > symbols.reach:
        e = source.rest_of_escape()
        j = -symbols.reach - e if j < 0 else symbols.reach + e
    return symbols.middle + j
