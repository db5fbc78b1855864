"""The native decoder against what Python has for the same: zlib, number formats."""

from __future__ import annotations

import random
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coincodec
from coincodec import Limits, _native, container, metadata
from coincodec.container import Header, Section
from coincodec.errors import CorruptError, LimitError

MOST = 10**6
LEVELS = st.sampled_from([0, 1, 6, 9])
STRATEGIES = st.sampled_from([zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY, zlib.Z_FIXED, zlib.Z_RLE])


def unpacked(stream: bytes) -> bytes | None:
    """What the native decoder unpacks, None for what it refuses."""
    try:
        return metadata.of_sections([Section(metadata.XMP, stream)], MOST).xmp
    except CorruptError:
        return None


def by_zlib(stream: bytes) -> bytes | None:
    """The same by zlib."""
    decoder = zlib.decompressobj()
    try:
        data = decoder.decompress(stream)
    except zlib.error:
        return None
    return data if decoder.eof and not decoder.unused_data else None


class TestInflate:
    @given(st.binary(max_size=400), st.integers(1, 60), LEVELS, STRATEGIES)
    def test_what_zlib_packs(self, block: bytes, times: int, level: int, strategy: int) -> None:
        packer = zlib.compressobj(level, zlib.DEFLATED, 15, 8, strategy)
        data = block * times + bytes(reversed(block))
        assert unpacked(packer.compress(data) + packer.flush()) == data

    @pytest.mark.parametrize("size", [2**16 - 1, 2**16 + 10_000, MOST])
    def test_much_from_little(self, size: int) -> None:
        """What grows so is counted before it is kept."""
        for data in (bytes(size), b"ab" * (size // 2) + b"c", bytes(size - 300) + bytes(range(200))):
            assert unpacked(zlib.compress(data[:MOST], 9)) == data[:MOST]
        with pytest.raises(LimitError):
            unpacked(zlib.compress(bytes(MOST + 1), 9))
        assert unpacked(zlib.compress(bytes(size), 9)[:-1] + b"?") is None

    def test_far_copies_and_codes_of_every_length(self) -> None:
        rng = random.Random(0)
        skewed = bytes(min(int(rng.expovariate(0.05)), 255) for _ in range(60_000))
        data = skewed + bytes(32_000) + skewed[:40_000]
        assert unpacked(zlib.compress(data, 9)) == data

    @given(st.binary(max_size=300), LEVELS, st.data())
    @settings(max_examples=300)
    def test_of_damage_what_zlib_makes_of_it(self, block: bytes, level: int, data: st.DataObject) -> None:
        stream = bytearray(zlib.compress(block * 3, level))
        for _ in range(data.draw(st.integers(1, 3))):
            stream[data.draw(st.integers(0, len(stream) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        assert unpacked(bytes(stream)) == by_zlib(bytes(stream))

    @given(st.binary(max_size=80))
    def test_of_any_bytes_what_zlib_makes_of_them(self, tail: bytes) -> None:
        for stream in (tail, b"\x78\x9c" + tail, b"\x78\x9c\x05" + tail):
            assert unpacked(stream) == by_zlib(stream)

    @pytest.mark.parametrize(
        ("stream", "reason"),
        [
            (b"\x78\x9d", "incorrect header check"),
            (b"\x77\x09", "unknown compression method"),
            (b"\x88\x1c", "invalid window size"),
            (b"\x78\x9c\x07", "invalid block type"),
            (b"\x78\x9c\x01\x01\x00\x00\x00", "invalid stored block lengths"),
            (zlib.compress(b"data")[:-1] + b"?", "incorrect data check"),
        ],
    )
    def test_what_is_wrong_is_said(self, stream: bytes, reason: str) -> None:
        with pytest.raises(CorruptError, match=f"^the metadata is damaged: {reason}$"):
            metadata.of_sections([Section(metadata.EXIF, stream)], MOST)


class TestTexts:
    @given(st.integers(1, 2**63), st.integers(0, 7))
    def test_numbers_are_written_as_python_does(self, limit: int, shift: int) -> None:
        limit >>= 8 * shift
        data = container.write(Header(1, 2**20, 2**20, 4, 8, b"\x40\xff"), [])
        macs = 2**40 * (2 * 256 + 63 * 256 * 256 + 4 * 256)
        with pytest.raises(LimitError) as caught:
            coincodec.decode(data, limits=Limits(pixels=2**41, macs=min(limit, macs - 1)))
        least = min(limit, macs - 1)
        assert str(caught.value) == (f"decoding needs {macs:.2g} multiply-accumulates, the limit is {float(least):.2g}")

    @given(st.integers(0, 2**39))
    def test_thousands_are_grouped(self, pixels: int) -> None:
        data = container.write(Header(1, 2**20, 2**20, 1, 8, b"\x01\x00"), [])
        with pytest.raises(LimitError, match=f"^1048576x1048576 is over the limit of {pixels:,} pixels$"):
            coincodec.decode(data, limits=Limits(pixels=pixels))


class TestRendering:
    def test_rows_may_be_asked_for_in_any_portions(self, small: np.ndarray) -> None:
        data = coincodec.encode(small, layers=2, width=6, steps=5)
        whole = coincodec.decode(data)
        height, width, _ = whole.shape
        for portion in (1, 3, height):
            view = [0, 0, width, height, width, height]
            rendering = _native.Rendering(data, view, False, False, 2, Limits().native, 7 * width)
            found = np.zeros_like(whole)
            for top in range(0, height, portion):
                rendering.read(found[top : top + portion])
            assert np.array_equal(found, whole)
            with pytest.raises(ValueError, match="fewer rows"):
                rendering.read(found[:1])

    def test_what_does_not_fit_is_refused(self, small: np.ndarray) -> None:
        data = coincodec.encode(small, layers=2, width=6, steps=5)
        height, width, channels = small.shape
        rendering = _native.Rendering(data, [0, 0, 4, 4, 4, 4], False, False, 1, Limits().native, 100)
        for shape, dtype in (((4, 5, channels), np.uint8), ((4, 4, 4), np.uint8), ((4, 4, channels), np.uint16)):
            with pytest.raises(ValueError, match="do not fit"):
                rendering.read(np.zeros(shape, dtype))
        with pytest.raises(coincodec.UsageError, match=f"not inside a picture of {width}x{height}"):
            _native.Rendering(data, [0, 0, width + 1, 4, 4, 4], False, False, 1, Limits().native, 100)
