"""EXIF, XMP and resolution: kept, counted, given back, and never in a picture's way."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import coincodec
import coincodec.plugins.pillow
from coincodec import cli, codec, container, image, metadata
from coincodec.container import Section
from coincodec.errors import CorruptError, LimitError, TargetError
from coincodec.metadata import Metadata

QUICK: dict[str, Any] = {"layers": 2, "width": 6, "steps": 20}
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">\xc3\xa9</x:xmpmeta>'


def exif(orientation: int | None = None) -> bytes:
    tags = Image.Exif()
    tags[0x8298] = "(c) someone"
    tags.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)
    if orientation is not None:
        tags[0x0112] = orientation
    return tags.tobytes()


@pytest.fixture
def picture(small: np.ndarray) -> Image.Image:
    """Opened from a JPEG with all of it."""
    file = io.BytesIO()
    Image.fromarray(small).save(file, "JPEG", exif=exif(6), xmp=XMP, dpi=(300, 240))
    return Image.open(file)


def told(opened: Image.Image) -> tuple[str, float, bytes]:
    """Copyright, latitude, XMP."""
    tags = opened.getexif()
    return tags[0x8298], float(tags.get_ifd(0x8825)[2][0]), opened.info["xmp"]


class TestStreams:
    @given(
        st.one_of(st.none(), st.binary(max_size=200)),
        st.one_of(st.none(), st.binary(max_size=200)),
        st.one_of(st.none(), st.tuples(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1))),
    )
    def test_there_and_back(self, exif: bytes | None, xmp: bytes | None, hundredths: tuple[int, int] | None) -> None:
        dpi = None if hundredths is None else (hundredths[0] * 0.01, hundredths[1] * 0.01)
        extras = Metadata(exif, xmp, dpi)
        assert metadata.of_sections(extras.sections(), 200) == extras

    def test_golden_bytes(self) -> None:
        sections = Metadata(b"II*\0", b"<x/>", (300.0, 72.27)).sections()
        assert [section.type for section in sections] == [240, 241, 242]
        assert [zlib.decompress(section.payload) for section in sections[:2]] == [b"II*\0", b"<x/>"]
        assert sections[2].payload == bytes.fromhex("30750000 3b1c0000")
        assert all(section.type >= container.ANCILLARY for section in sections)

    def test_one_that_unpacks_to_more_than_is_allowed(self) -> None:
        (bomb,) = Metadata(xmp=bytes(10**6)).sections()
        assert len(bomb.payload) < 2000
        with pytest.raises(LimitError, match="999,999 bytes"):
            metadata.of_sections([bomb], 999_999)
        assert metadata.of_sections([bomb], 10**6).xmp == bytes(10**6)

    @pytest.mark.parametrize(
        "sections",
        [
            [Section(240, b"no zlib stream")],
            [Section(241, zlib.compress(b"cut")[:-3])],
            [Section(241, zlib.compress(b"more") + b"!")],
            [Section(240, zlib.compress(b"twice"))] * 2,
            [Section(242, bytes(8))],
            [Section(242, b"short")],
        ],
    )
    def test_what_no_encoder_writes(self, sections: list[Section]) -> None:
        with pytest.raises(CorruptError):
            metadata.of_sections(sections, 10**6)


class TestOrientation:
    @pytest.mark.parametrize("order", ["<", ">"])
    def test_it_alone_is_changed(self, order: str) -> None:
        start = b"II*\0" if order == "<" else b"MM\0*"
        entries = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack(f"{order}HHI4s", 0x927C, 7, 4, b"note")
        block = start + struct.pack(f"{order}IH", 8, 2) + entries + bytes(4) + b"whatever follows"
        turned = metadata.upright(b"Exif\0\0" + block)
        assert turned == metadata.upright(block)
        changed = [at for at, (a, b) in enumerate(zip(block, turned, strict=True)) if a != b]
        assert len(changed) == 1
        assert struct.unpack_from(f"{order}H", turned, 18) == (1,)

    @pytest.mark.parametrize("block", [b"", b"MM", b"JPEG", b"II*\0\xff\xff\xff\x7f", b"II*\0\x08\0\0\0\x05\0"])
    def test_what_is_no_exif(self, block: bytes) -> None:
        with pytest.raises(ValueError, match=r"TIFF|directory"):
            metadata.upright(block)

    def test_a_turned_picture_says_that_it_is_upright(self, picture: Image.Image) -> None:
        with pytest.warns(coincodec.ConversionWarning, match="upright"):
            data = coincodec.encode(picture, **QUICK)
        with Image.open(io.BytesIO(data)) as back:
            assert back.size == (16, 24)
            assert back.getexif()[0x0112] == 1
            assert told(back) == ("(c) someone", 52.0, XMP)
            assert back.info["dpi"] == (300, 240)


@pytest.mark.filterwarnings("ignore::coincodec.ConversionWarning")
class TestEncoding:
    def test_it_is_kept_unless_stripped(self, picture: Image.Image) -> None:
        kept, stripped = coincodec.encode(picture, **QUICK), coincodec.encode(picture, strip=True, **QUICK)
        assert set(coincodec.info(kept).metadata) == {"exif", "xmp", "resolution"}
        assert coincodec.info(stripped).metadata == {}
        assert np.array_equal(coincodec.decode(kept), coincodec.decode(stripped))
        assert coincodec.info(kept).header_bytes - coincodec.info(stripped).header_bytes == 3 * 6
        with coincodec.open(io.BytesIO(kept)) as file:
            assert file.metadata().xmp == XMP
            assert file.metadata().dpi == (300, 240)

    @pytest.mark.parametrize("target", [{"bytes": 700}, {"bpp": 700 * 8 / 384}])
    def test_it_counts(self, picture: Image.Image, target: dict[str, Any]) -> None:
        data = coincodec.encode(picture, steps=20, **target)
        assert 600 < len(data) <= 700
        assert coincodec.info(data).metadata["exif"] > 40

    def test_there_must_be_room_for_it(self, picture: Image.Image) -> None:
        with pytest.raises(TargetError, match="metadata"):
            coincodec.encode(picture, bytes=100, steps=20)
        assert len(coincodec.encode(picture, bytes=100, strip=True, steps=20)) <= 100

    def test_arrays_say_nothing(self, small: np.ndarray) -> None:
        assert coincodec.info(coincodec.encode(small, **QUICK)).metadata == {}

    def test_what_readers_assume_is_not_kept(self, small: np.ndarray) -> None:
        file = io.BytesIO()
        Image.fromarray(small).save(file, "JPEG", dpi=(72, 72))
        assert image.from_pillow(Image.open(file)).metadata == Metadata()


@pytest.mark.filterwarnings("ignore::coincodec.ConversionWarning")
class TestFiles:
    @pytest.fixture
    def data(self, picture: Image.Image) -> bytes:
        return coincodec.encode(picture, **QUICK)

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".avif"])
    def test_it_is_written_to_formats_that_hold_it(self, data: bytes, tmp_path: Path, suffix: str) -> None:
        (tmp_path / "a.coin").write_bytes(data)
        out = tmp_path / f"a{suffix}"
        assert cli.main(["decode", str(tmp_path / "a.coin"), "-o", str(out)]) == 0
        with Image.open(out) as back:
            assert told(back) == ("(c) someone", 52.0, XMP)
            if suffix in (".png", ".jpg"):
                assert back.info["dpi"] == pytest.approx((300, 240), abs=0.02)
        assert cli.main(["decode", str(tmp_path / "a.coin"), "--strip", "-o", str(out)]) == 0
        with Image.open(out) as back:
            assert not back.getexif()
            assert "xmp" not in back.info

    def test_to_a_png_of_16_bits(self, small: np.ndarray) -> None:
        deep = small.astype(np.uint16) * 257
        extras = Metadata(metadata.upright(exif()), XMP, (300.0, 240.0))
        with Image.open(io.BytesIO(image.to_bytes(deep, "PNG", extras).data)) as back:
            back.load()
            assert told(back) == ("(c) someone", 52.0, XMP)
            assert back.info["dpi"] == pytest.approx((300, 240), abs=0.02)

    @pytest.mark.parametrize(("suffix", "lost"), [(".bmp", "EXIF and XMP"), (".tiff", "XMP"), (".npy", "EXIF and XMP")])
    def test_what_a_format_does_not_hold_is_said(
        self, data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str, lost: str
    ) -> None:
        (tmp_path / "a.coin").write_bytes(data)
        assert cli.main(["decode", str(tmp_path / "a.coin"), "-o", str(tmp_path / f"a{suffix}")]) == 0
        assert f"without {lost}\n" in capsys.readouterr().err

    def test_damaged_metadata_costs_no_picture(
        self, small: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sound = coincodec.encode(small, **QUICK)
        (tmp_path / "a.coin").write_bytes(container.extended(sound, [], [Section(240, b"no zlib stream")]))
        assert cli.main(["decode", str(tmp_path / "a.coin"), "-o", str(tmp_path / "a.png")]) == 0
        assert "metadata is damaged" in capsys.readouterr().err
        with Image.open(tmp_path / "a.png") as back:
            assert np.array_equal(np.asarray(back), coincodec.decode(sound))
        with Image.open(tmp_path / "a.coin") as back:
            assert not back.getexif()

    def test_a_cut_file_may_lack_it(self, data: bytes) -> None:
        assert codec.metadata_of(data[:-30], cut=True).exif is not None
        assert codec.metadata_of(data[:-30], cut=True).xmp is None

    def test_info_lists_it(self, data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a.coin").write_bytes(data)
        assert cli.main(["info", str(tmp_path / "a.coin")]) == 0
        out = capsys.readouterr().out
        for name in ("EXIF:", "XMP:", "resolution:"):
            assert name in out


@pytest.mark.filterwarnings("ignore::coincodec.ConversionWarning")
class TestPillow:
    def test_arguments_of_save_count(self, picture: Image.Image) -> None:
        def saved(**options: Any) -> Image.Image:
            file = io.BytesIO()
            picture.save(file, "COIN", **QUICK, **options)
            return Image.open(file)

        assert told(saved()) == ("(c) someone", 52.0, XMP)
        assert not saved(exif=None).getexif()
        assert "xmp" not in saved(xmp=None).info
        other = Image.Exif()
        other[0x8298] = "another"
        assert saved(exif=other).getexif()[0x8298] == "another"
        assert saved(exif=other.tobytes(), dpi=(150, 150)).info["dpi"] == (150, 150)

    def test_it_goes_on_to_other_formats(self, picture: Image.Image) -> None:
        coin, other = io.BytesIO(), io.BytesIO()
        picture.save(coin, "COIN", **QUICK)
        opened = Image.open(coin)
        opened.save(other, "WEBP", exif=opened.getexif(), xmp=opened.info["xmp"])
        assert told(Image.open(other)) == ("(c) someone", 52.0, XMP)


@pytest.mark.parametrize(("length", "most"), [(0, 0), (100, 100), (2**20, 2**20)])
def test_a_limit_may_be_reached_not_passed(length: int, most: int) -> None:
    section = Section(metadata.XMP, zlib.compress(bytes(length), 9))
    assert metadata.of_sections([section], most).xmp == bytes(length)
    section = Section(metadata.XMP, zlib.compress(bytes(length + 1), 9))
    with pytest.raises(LimitError, match="over the limit"):
        metadata.of_sections([section], most)
