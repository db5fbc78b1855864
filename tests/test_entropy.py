"""The range coder and its logistic integers."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import constriction
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincodec.entropy import LIMIT, SCALES, RangeDecoder, RangeEncoder, best_scale, code_bits, scale_of
from coincodec.errors import CorruptError

# The codes of a few numbers, in hexadecimal.
GOLDEN_24 = "8bdbdc0cbe08"
GOLDEN_90 = "f667c9e542e2664e263c220b87a477c0"
GOLDEN_48 = "12dd55f1ed17e89f70906dd45981f616ef335cc7fc509d73d11a420b"

scales = st.integers(0, SCALES - 1)
values = st.lists(st.one_of(st.integers(-40, 40), st.integers(-LIMIT, LIMIT)), max_size=200)


def encode(numbers: list[int] | np.ndarray, scale: int) -> bytes:
    coder = RangeEncoder()
    coder.logistic(np.asarray(numbers, np.int32), scale)
    return coder.finish()


def logistic(count: int, scale: int) -> np.ndarray:
    drawn = np.random.default_rng(scale).logistic(0, scale_of(scale), count)
    return np.clip(np.round(drawn), -LIMIT, LIMIT).astype(np.int32)


class ReferenceCoder:
    """The coder again, with exact integers of any length: what docs/format.md says a decoder undoes."""

    def __init__(self) -> None:
        self.low, self.range, self.shift = 0, 1 << 40, 0

    def encode(self, start: int, size: int, bits: int) -> None:
        unit = self.range >> bits
        self.low += unit * start
        self.range = unit * size
        while self.range < 1 << 32:
            self.low, self.range, self.shift = self.low << 8, self.range << 8, self.shift + 8

    def finish(self) -> bytes:
        zeros = next(z for z in range(40, -1, -1) if -(-self.low >> z) << z < self.low + self.range)
        code = -(-self.low >> zeros) << zeros
        return code.to_bytes((40 + self.shift) // 8 + 1, "big")[1:].rstrip(b"\0")


def reference_intervals(scale: int) -> tuple[int, list[int]]:
    """Reach and ends of the intervals of a table (scale codes below 56), from the formulas of docs/format.md."""
    octave = scale // 8 - 3
    reach = max(4, 16 * 2**octave) if octave >= 0 else max(4, 16 >> -octave)
    roots = [round(2**31 * Fraction(2 ** (-(0.5**i)))) for i in range(1, 17)]
    step = round(2**28 * math.log2(math.e) / 2 * 2 ** (-(scale % 8) / 8))

    def above(v: int) -> int:
        if v < 0:
            return (1 << 30) - above(-v - 1)
        y = (2 * v + 1) * step >> (12 + octave)
        power = 1 << 31
        for bit, root in enumerate(roots):
            if y & 1 << (15 - bit):
                power = power * root >> 31
        return (1 << 61) // ((1 << 31) + (power >> (y >> 16)))

    symbols = 2 * reach + 2
    return reach, [
        ((above(i - 1 - reach) + above(-reach - 1)) * (65536 - symbols) >> 30) + i + 1 for i in range(symbols)
    ]


def reference_encode(numbers: list[int], scale: int) -> bytes:
    coder = ReferenceCoder()
    raw = max(0, scale // 8 - 6)
    reach, ends = reference_intervals(scale - 8 * raw)
    for number in numbers:
        moved = number + (1 << raw >> 1)
        high = moved >> raw
        symbol = high + reach + 1 if abs(high) <= reach else 0
        start = ends[symbol - 1] if symbol else 0
        coder.encode(start, ends[symbol] - start, 16)
        if symbol == 0:
            coder.encode(high < 0, 1, 1)
            excess = abs(high) - reach
            for _ in range(excess.bit_length() - 1):
                coder.encode(1, 1, 1)
            coder.encode(0, 1, 1)
            low_bits = excess.bit_length() - 1
            if low_bits > 16:
                coder.encode((excess >> 16) & ((1 << (low_bits - 16)) - 1), 1, low_bits - 16)
                low_bits = 16
            coder.encode(excess & ((1 << low_bits) - 1), 1, low_bits)
        coder.encode(moved & ((1 << raw) - 1), 1, raw)
    return coder.finish()


@given(values, scales)
def test_what_was_encoded_is_decoded(numbers: list[int], scale: int) -> None:
    decoder = RangeDecoder(encode(numbers, scale))
    assert decoder.logistic(len(numbers), scale).tolist() == numbers
    decoder.close()


@given(values, scales)
def test_the_bytes_are_those_of_the_exact_coder(numbers: list[int], scale: int) -> None:
    assert encode(numbers, scale) == reference_encode(numbers, scale)


@given(st.lists(st.tuples(st.integers(-300, 300), scales), max_size=60))
def test_scales_may_change_from_number_to_number(items: list[tuple[int, int]]) -> None:
    coder = RangeEncoder()
    for number, scale in items:
        coder.logistic(np.array([number], np.int32), scale)
    decoder = RangeDecoder(coder.finish())
    assert [int(decoder.logistic(1, scale)[0]) for _, scale in items] == [number for number, _ in items]
    decoder.close()


def test_golden_bytes(isa: str) -> None:
    """A change of any of these is a new version of the format."""
    assert encode([], 30) == b""
    assert encode([0, 1, -1, 2, -3, 40, 0, 0], 24).hex() == GOLDEN_24
    assert encode([1000, -1000, 70, LIMIT, -LIMIT], 90).hex() == GOLDEN_90
    assert encode(list(range(-20, 20)), 48).hex() == GOLDEN_48


@pytest.mark.parametrize("scale", range(0, SCALES - 16, 5))
def test_the_code_is_as_long_as_the_distribution_says(scale: int) -> None:
    """Within 0.5 % of the entropy that a float64 logistic gives, and the bits that were promised."""
    numbers = logistic(4000, scale)
    s = scale_of(scale)
    upper, lower = 1 / (1 + np.exp(-(numbers + 0.5) / s)), 1 / (1 + np.exp(-(numbers - 0.5) / s))
    ideal = -np.log2(np.maximum(upper - lower, 1e-12)).sum()
    length = 8 * len(encode(numbers, scale))
    assert length <= 1.005 * ideal + 40
    assert abs(length - code_bits(numbers, scale).sum()) <= 40


def test_the_code_is_as_long_as_constriction_s() -> None:
    """An independent range coder with an independent model of the same shape."""
    scale = 44
    numbers = logistic(20_000, scale)
    oracle = constriction.stream.queue.RangeEncoder()
    cdf = lambda x: 1 / (1 + math.exp(-x / scale_of(scale)))  # noqa: E731
    model = constriction.stream.model.CustomModel(cdf, lambda p: scale_of(scale) * math.log(p / (1 - p)), -400, 400)
    oracle.encode(numbers, model)
    assert len(encode(numbers, scale)) == pytest.approx(4 * len(oracle.get_compressed()), rel=2e-3)


@pytest.mark.parametrize("scale", [0, 13, 24, 47, 55])
def test_the_probabilities_of_all_numbers_add_up_to_one(scale: int) -> None:
    bits = code_bits(np.arange(-LIMIT, LIMIT + 1, dtype=np.int32), scale)
    assert (2.0**-bits).sum() == pytest.approx(1, abs=2e-3)
    assert (2.0**-bits).sum() <= 1


def test_a_distribution_is_symmetric_to_within_its_rounding() -> None:
    numbers = np.arange(1, 100, dtype=np.int32)
    for scale in range(0, 56, 7):
        assert code_bits(numbers, scale) == pytest.approx(
            code_bits(-numbers, scale), abs=1.01
        )  # bits of an interval of 1 and one of 2


@pytest.mark.parametrize("scale", [0, 5, 24, 41, 60, 99, 130])
def test_the_best_scale_is_found(scale: int) -> None:
    numbers = logistic(3000, scale)
    lengths = [code_bits(numbers, code).sum() for code in range(SCALES)]
    assert best_scale(numbers) == int(np.argmin(lengths))


def test_the_best_scale_of_zeros_is_the_smallest() -> None:
    zeros = np.zeros((30, 30), np.int32)
    assert best_scale(zeros) == 0
    assert len(encode(zeros.ravel(), 0)) < 10


@pytest.mark.parametrize("number", [LIMIT + 1, -LIMIT - 1, 2**31 - 1])
def test_numbers_beyond_the_limit_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        RangeEncoder().logistic(np.array([number], np.int32), 3)


@pytest.mark.parametrize("scale", [-1, SCALES])
def test_scales_that_do_not_exist_are_refused(scale: int) -> None:
    for call in (RangeEncoder().logistic, code_bits):
        with pytest.raises(ValueError, match="scale"):
            call(np.zeros(1, np.int32), scale)
    with pytest.raises(ValueError, match="scale"):
        RangeDecoder(b"").logistic(1, scale)


def test_a_finished_code_takes_nothing_more() -> None:
    coder = RangeEncoder()
    coder.finish()
    for call in (coder.finish, lambda: coder.logistic(np.zeros(1, np.int32), 0)):
        with pytest.raises(ValueError, match="finished"):
            call()


class TestDamage:
    @given(st.binary(max_size=40), scales)
    def test_any_bytes_decode_to_something_or_our_error(self, data: bytes, scale: int) -> None:
        with contextlib.suppress(CorruptError):
            RangeDecoder(data).logistic(50, scale)

    def test_a_number_longer_than_any_is_refused(self) -> None:
        coder = ReferenceCoder()
        coder.encode(0, reference_intervals(0)[1][0], 16)
        for _ in range(30):
            coder.encode(1, 1, 1)
        with pytest.raises(CorruptError, match="impossible number"):
            RangeDecoder(coder.finish()).logistic(1, 0)

    @pytest.mark.parametrize("tail", [b"\0", b"\1"])
    def test_bytes_after_the_code_are_refused(self, tail: bytes) -> None:
        data = encode(list(range(30)), 30)
        decoder = RangeDecoder(data + bytes(8) + tail)
        decoder.logistic(30, 30)
        with pytest.raises(CorruptError, match="left over"):
            decoder.close()

    def test_a_zero_at_the_end_is_refused(self) -> None:
        data = encode(list(range(30)), 30)
        decoder = RangeDecoder(data + b"\0")
        decoder.logistic(30, 30)
        with pytest.raises(CorruptError, match="left over"):
            decoder.close()
