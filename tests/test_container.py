"""The container: golden bytes, properties, and a named test for each way to refuse."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincodec import container
from coincodec.container import Header, Section
from coincodec.errors import CorruptError, FormatError, NotCoinError, TruncatedError, UnsupportedError

HEADER = Header(family=1, width=768, height=512, channels=3, bit_depth=8, parameters=b"\x0a\x1b")
GOLDEN = bytes.fromhex(
    "c34f494e0d0a"  # signature
    "01 01 02 8006 8004 02 0a1b"  # version, family, RGB of 8 bits, 768, 512, two parameters
    "02 01 03 80 00"  # two sections: type 1 of 3 bytes, type 128 of none
    "28870760"
    "aabbcc 4cf84dbe"
    "00000000"
)

headers = st.builds(
    Header,
    family=st.integers(0, 255),
    width=st.integers(1, container.MAX_SIDE),
    height=st.integers(1, container.MAX_SIDE),
    channels=st.integers(1, 4),
    bit_depth=st.sampled_from([8, 16]),
    parameters=st.binary(max_size=255),
)
section_lists = st.lists(st.builds(Section, st.integers(0, 255), st.binary(max_size=300)), max_size=8)


def header_bytes(*, after_signature: bytes) -> bytes:
    """A header whose checksum is right, whatever its fields."""
    data = container.SIGNATURE + after_signature
    return data + zlib.crc32(data).to_bytes(4, "little")


def test_golden_bytes() -> None:
    assert container.write(HEADER, [Section(1, b"\xaa\xbb\xcc"), Section(128, b"")]) == GOLDEN
    header, sections = container.read(GOLDEN)
    assert header == HEADER
    assert [(s.type, bytes(s.payload)) for s in sections] == [(1, b"\xaa\xbb\xcc"), (128, b"")]


def test_a_kodak_file_spends_at_most_32_bytes_on_the_container() -> None:
    assert container.overhead(HEADER, [14958]) <= 32


@given(headers, section_lists)
def test_what_is_written_is_read(header: Header, sections: list[Section]) -> None:
    data = container.write(header, sections)
    read_header, read_sections = container.read(data)
    assert read_header == header
    assert [(s.type, bytes(s.payload)) for s in read_sections] == [(s.type, s.payload) for s in sections]
    lengths = [len(s.payload) for s in sections]
    assert len(data) == container.overhead(header, lengths) + sum(lengths)


@given(headers, section_lists)
def test_the_layout_is_known_from_the_header_alone(header: Header, sections: list[Section]) -> None:
    data = container.write(header, sections)
    layout = container.read_layout(data)
    assert layout.total_bytes == len(data)
    assert container.read_layout(data[: layout.header_bytes]) == layout
    for (kind, offset, length), section in zip(layout.sections, sections, strict=True):
        assert kind == section.type
        assert data[offset : offset + length] == section.payload


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, container.SIGNATURE + data, header_bytes(after_signature=b"\x01" + data)):
        try:
            container.read(candidate)
        except FormatError:
            continue


def test_truncated_at_every_byte() -> None:
    for length in range(len(GOLDEN)):
        with pytest.raises(FormatError) as caught:
            container.read(GOLDEN[:length])
        assert caught.type is (NotCoinError if length == 0 else TruncatedError)


def test_every_bit_flipped() -> None:
    for position in range(8 * len(GOLDEN)):
        data = bytearray(GOLDEN)
        data[position // 8] ^= 1 << position % 8
        with pytest.raises(FormatError):
            container.read(bytes(data))


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n0000", b"COIN\r\n" + GOLDEN[6:], b"\x00" * 100])
def test_other_files_are_not_coin(data: bytes) -> None:
    with pytest.raises(NotCoinError):
        container.read(data)


def test_line_end_conversion_is_noticed() -> None:
    with pytest.raises(NotCoinError):
        container.read(GOLDEN.replace(b"\r\n", b"\n"))


def test_a_later_version_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="version 2"):
        container.read(GOLDEN[:6] + b"\x02" + GOLDEN[7:])


def test_an_unknown_sample_format_is_refused() -> None:
    for sample_format in (0x08, 0x0C, 0x10, 0x80):
        data = header_bytes(after_signature=bytes([1, 1, sample_format, 1, 1, 0, 0]))
        with pytest.raises(UnsupportedError, match="sample format"):
            container.read(data)


@pytest.mark.parametrize("size", [b"\x00\x01", b"\x01\x00", b"\x81\x80\x40\x01", b"\x01\x81\x80\x40"])
def test_an_impossible_size_is_refused(size: bytes) -> None:
    with pytest.raises(CorruptError, match="size"):
        container.read(header_bytes(after_signature=b"\x01\x01\x02" + size + b"\x00\x00"))


@pytest.mark.parametrize("number", [b"\x80\x00", b"\x81\x80\x00", b"\xff\xff\xff\xff\x1f", b"\xff\xff\xff\xff\xff\x01"])
def test_a_number_that_is_not_minimal_or_too_long_is_refused(number: bytes) -> None:
    with pytest.raises(CorruptError, match="malformed"):
        container.read(header_bytes(after_signature=b"\x01\x01\x02" + number + b"\x01\x00\x00"))


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(CorruptError, match="1 bytes follow"):
        container.read(GOLDEN + b"\x00")


def test_a_damaged_header_is_told_from_a_damaged_section() -> None:
    with pytest.raises(CorruptError, match="header"):
        container.read(GOLDEN[:7] + b"\x02" + GOLDEN[8:])
    position = GOLDEN.index(b"\xaa\xbb\xcc")
    with pytest.raises(CorruptError, match="section 0"):
        container.read(GOLDEN[:position] + b"\xab" + GOLDEN[position + 1 :])


def test_a_section_that_claims_gigabytes_is_truncated_not_allocated() -> None:
    data = header_bytes(after_signature=b"\x01\x01\x02\x01\x01\x00\x01\x01\xff\xff\xff\xff\x0f")
    with pytest.raises(TruncatedError):
        container.read(data)


@pytest.mark.parametrize(
    "change",
    [{"width": 0}, {"height": container.MAX_SIDE + 1}, {"channels": 5}, {"parameters": b"x" * 256}, {"bit_depth": 10}],
)
def test_the_writer_refuses_what_the_reader_would(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"range|many|tuple.index"):
        container.write(Header(**(vars(HEADER) | change)), [])  # type: ignore[arg-type]
