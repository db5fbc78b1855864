"""Laplace integers: the coder of the latents."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincodec.entropy import (
    LAPLACE_LIMIT,
    LAPLACE_SCALES,
    MEAN_LIMIT,
    MEAN_UNIT,
    RangeDecoder,
    RangeEncoder,
    laplace_bits,
    laplace_scale_of,
)
from coincodec.errors import CorruptError

MOST = MEAN_LIMIT * MEAN_UNIT
symbols = st.lists(
    st.tuples(
        st.one_of(st.integers(-40, 40), st.integers(-LAPLACE_LIMIT, LAPLACE_LIMIT)),
        st.integers(0, LAPLACE_SCALES - 1),
        st.one_of(st.integers(-2000, 2000), st.integers(-MOST, MOST)),
    ),
    max_size=200,
)
# The code of the numbers in test_golden_bytes.
GOLDEN = "e6c3b3c0"


def columns(numbers: list[tuple[int, int, int]]) -> list[np.ndarray]:
    return [np.array(column, np.int32) for column in zip(*numbers, strict=True)] or [np.zeros(0, np.int32)] * 3


def encode(numbers: list[tuple[int, int, int]]) -> bytes:
    coder = RangeEncoder()
    coder.laplace(*columns(numbers))
    return coder.finish()


def reference_start(scale: int, mean: int, j: int) -> tuple[int, int]:
    """Reach, and where the interval of the j-th integer from the middle begins, from the formulas of docs/format.md."""
    octave = scale // 16 - 7
    reach = 2 if octave < -3 else 24 * 2 ** (octave + 3) // 8
    middle = (mean + 128) // 256
    off = 256 * (middle + j) - 128 - mean
    y = abs(off) * round(2**24 * math.log2(math.e) * 2 ** (-(scale % 16) / 16)) >> (16 + octave)
    roots = [
        0x5A82799A, 0x6BA27E65, 0x75606374, 0x7A92BE8B, 0x7D41D96E, 0x7E9F0606, 0x7F4F08AE, 0x7FA765AD, 0x7FD3AB29,
        0x7FE9D3A9, 0x7FF4E959, 0x7FFA748E, 0x7FFD3A3F, 0x7FFE9D1E, 0x7FFF4E8E, 0x7FFFA747,
    ]  # fmt: skip

    def power(fraction: int) -> int:
        value = 2**31
        for i, root in enumerate(roots):
            if fraction >> (15 - i) & 1:
                value = value * root >> 31
        return value

    tail = 0 if y >> 16 >= 32 else (power(y & 0xFF00) * power(y & 0xFF) >> 32) >> (y >> 16)
    below = tail if off < 0 else 2**31 - tail
    return reach, (below * (65536 - 2 * reach - 3) >> 31) + j + reach + 1


@given(symbols)
def test_what_is_encoded_is_decoded(numbers: list[tuple[int, int, int]]) -> None:
    values, scales, means = columns(numbers)
    coder = RangeDecoder(encode(numbers))
    assert coder.laplace(scales, means).tolist() == values.tolist()
    coder.close()


@given(symbols)
def test_the_code_is_no_longer_than_its_bits(numbers: list[tuple[int, int, int]]) -> None:
    assert 8 * len(encode(numbers)) < laplace_bits(*columns(numbers)).sum() + 17


def test_golden_bytes() -> None:
    numbers = list(
        zip((0, 1, -3, 7, 40, -500), (0, 60, 112, 128, 150, 200), (0, 100, -700, 1790, 9000, -9999), strict=True)
    )
    assert encode(numbers).hex() == GOLDEN


@pytest.mark.parametrize("scale", range(0, LAPLACE_SCALES, 7))
@pytest.mark.parametrize("mean", [0, 1, -128, 127, 700, -31337, MOST, -MOST])
def test_intervals_are_those_of_the_format_document(scale: int, mean: int) -> None:
    reach, _ = reference_start(scale, mean, 0)
    starts = [reference_start(scale, mean, j)[1] for j in range(-reach, reach + 2)]
    assert starts[0] >= 1
    assert starts[-1] < 65536
    sizes = np.diff(starts)
    assert (sizes >= 1).all()
    middle = (mean + 128) // 256
    values = np.arange(middle - reach, middle + reach + 1, dtype=np.int32)
    bits = laplace_bits(values, np.full(len(values), scale, np.int32), np.full(len(values), mean, np.int32))
    assert bits == pytest.approx(16 - np.log2(sizes))


@pytest.mark.parametrize("scale", [40, 80, 112, 140, 180, 220])
def test_the_code_is_nearly_as_short_as_the_distribution_allows(scale: int) -> None:
    b, mean = laplace_scale_of(scale), 0.37
    drawn = np.rint(np.random.default_rng(scale).laplace(mean, b, 20_000)).astype(np.int32)
    a = np.abs(drawn - mean)
    near, far = np.exp(-np.abs(a - 0.5) / b), np.exp(-(a + 0.5) / b)
    ideal = -np.log2(np.where(a >= 0.5, (near - far) / 2, 1 - (near + far) / 2)).sum()
    ones = np.ones(len(drawn), np.int32)
    length = laplace_bits(drawn, scale * ones, round(mean * MEAN_UNIT) * ones).sum()
    # The window's escapes and the floor of one part in 65536 are what remains.
    assert length < ideal * 1.002 + 0.06 * len(drawn) * (scale > 190) + 40


@given(st.binary(max_size=40), st.integers(0, LAPLACE_SCALES - 1), st.integers(-MOST, MOST))
def test_any_bytes_decode_or_are_refused(data: bytes, scale: int, mean: int) -> None:
    coder = RangeDecoder(data)
    ones = np.ones(50, np.int32)
    with contextlib.suppress(CorruptError):
        assert (np.abs(coder.laplace(scale * ones, mean * ones)) <= LAPLACE_LIMIT).all()
        coder.close()


@pytest.mark.parametrize(
    ("value", "scale", "mean", "message"),
    [
        (LAPLACE_LIMIT + 1, 0, 0, "an integer is out of range"),
        (0, LAPLACE_SCALES, 0, "scale out of range"),
        (0, -1, 0, "scale out of range"),
        (0, 0, MOST + 1, "mean out of range"),
    ],
)
def test_what_is_out_of_range_is_refused(value: int, scale: int, mean: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode([(value, scale, mean)])


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="a scale and a mean"):
        RangeEncoder().laplace(np.zeros(2, np.int32), np.zeros(2, np.int32), np.zeros(1, np.int32))
