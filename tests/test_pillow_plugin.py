"""The Pillow plugin, by Pillow's own idioms."""

from __future__ import annotations

import copy
import io
import pickle
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, UnidentifiedImageError

import coincodec
import coincodec.plugins.pillow
from coincodec.errors import ConversionWarning, ShortfallWarning, UsageError
from coincodec.metrics import rgb_psnr

QUICK = {"layers": 2, "width": 6, "steps": 20}


@pytest.fixture
def data(small: np.ndarray) -> bytes:
    return coincodec.encode(small, **QUICK)


def test_open_load_and_what_a_file_says_of_itself(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.coin"
    path.write_bytes(data)
    with Image.open(path) as picture:
        assert (picture.format, picture.size, picture.mode) == ("COIN", (24, 16), "RGB")
        assert picture.get_format_mimetype() == "image/x-coin"
        assert np.array_equal(np.asarray(picture), coincodec.decode(data))


def test_the_header_alone_is_read_at_first(data: bytes) -> None:
    start = data[:30]
    assert len(start) < len(data)
    assert Image.open(io.BytesIO(start)).size == (24, 16)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_save_and_open_again(mode: str, small: np.ndarray) -> None:
    source = Image.fromarray(small).convert(mode)
    file = io.BytesIO()
    source.save(file, "COIN", **QUICK)
    assert file.getvalue() == coincodec.encode(source, **QUICK)
    again = Image.open(file)
    assert again.mode == mode
    assert np.array_equal(np.asarray(again), coincodec.decode(file.getvalue()))


def test_the_suffix_and_options_reach_the_encoder(tmp_path: Path, small: np.ndarray) -> None:
    path = tmp_path / "a.coin"
    Image.fromarray(small).save(path, model="siren", bpp=3, steps=5)
    assert path.read_bytes() == coincodec.encode(small, model="siren", bpp=3, steps=5)
    with pytest.raises(UsageError):
        Image.fromarray(small).save(path, bpp=3, psnr=30)


def test_a_fit_that_had_hardly_time_says_so_where_save_was_called(tmp_path: Path) -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8))
    with pytest.warns(ShortfallWarning, match="hardly time") as caught:
        picture.save(tmp_path / "a.coin", time=0.01)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(("channels", "mode"), [(1, "I;16"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_sixteen_bits(small: np.ndarray, channels: int, mode: str) -> None:
    deep = np.repeat(small.astype(np.uint16) * 257, 2, axis=2)[:, :, :channels]
    data = coincodec.encode(deep, **QUICK)
    picture = Image.open(io.BytesIO(data))
    assert picture.mode == mode
    decoded = coincodec.decode(data).astype(int)
    expected = decoded if channels == 1 else (decoded + 128) // 257
    assert np.array_equal(np.asarray(picture), expected)


def test_the_usual_operations(data: bytes) -> None:
    picture = Image.open(io.BytesIO(data))
    assert picture.convert("L").size == (24, 16)
    assert picture.crop((2, 3, 10, 9)).size == (8, 6)
    copy = picture.copy()
    copy.thumbnail((12, 12))
    assert copy.size == (12, 8)
    png = io.BytesIO()
    picture.save(png, "PNG")
    assert np.array_equal(np.asarray(Image.open(png)), coincodec.decode(data))


class TestDraft:
    @pytest.mark.parametrize("options", [{"layers": 3, "width": 16, "steps": 50}, {"preset": "fast", "steps": 60}])
    def test_a_thumbnail_looks_like_the_picture(self, photo: np.ndarray, options: dict[str, Any]) -> None:
        data = coincodec.encode(np.ascontiguousarray(photo[:256, :384]), **options)
        for side in (192, 64, 16):
            picture, whole = Image.open(io.BytesIO(data)), Image.fromarray(coincodec.decode(data))
            picture.thumbnail((side, side))
            whole.thumbnail((side, side))
            assert picture.size == whole.size
            assert rgb_psnr(np.asarray(picture), np.asarray(whole)) > 40

    @pytest.mark.parametrize(
        ("asked", "given"),
        [((24, 16), (24, 16)), ((13, 8), (24, 16)), ((12, 8), (24, 16)), ((1, 1), (3, 2)), ((5, 4), (12, 8))],
    )
    def test_the_largest_power_of_two(self, data: bytes, asked: tuple[int, int], given: tuple[int, int]) -> None:
        picture = Image.open(io.BytesIO(data))
        result = picture.draft(None, asked)
        assert picture.size == given
        assert (result is None) == (given == (24, 16))
        if result is not None:
            assert result == ("RGB", (0, 0, *given))
        assert np.array_equal(np.asarray(picture), coincodec.decode(data, size=given))

    def test_no_draft_after_the_picture_is_there(self, data: bytes) -> None:
        picture = Image.open(io.BytesIO(data))
        picture.load()
        assert picture.draft(None, (6, 4)) is None
        assert picture.size == (24, 16)


def test_threads(data: bytes) -> None:
    expected = coincodec.decode(data)
    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(lambda _: np.asarray(Image.open(io.BytesIO(data))), range(16)))
    assert all(np.array_equal(found, expected) for found in shown)


class TestDamage:
    def test_other_formats_are_left_to_others(self, small: np.ndarray) -> None:
        png = io.BytesIO()
        Image.fromarray(small).save(png, "PNG")
        assert Image.open(png).format == "PNG"

    @pytest.mark.parametrize("at", [7, 12, 20])
    def test_a_damaged_header_is_no_picture(self, data: bytes, at: int) -> None:
        broken = bytearray(data)
        broken[at] ^= 0xFF
        with pytest.raises(UnidentifiedImageError):
            Image.open(io.BytesIO(broken))

    def test_a_damaged_or_truncated_body_fails_when_loaded(self, data: bytes) -> None:
        broken = bytearray(data)
        broken[-10] ^= 0xFF
        for stream in (bytes(broken), data[:-5]):
            picture = Image.open(io.BytesIO(stream))
            with pytest.raises(OSError, match=r"damaged|ends"):
                picture.load()

    def test_registering_twice_does_no_harm(self, data: bytes) -> None:
        coincodec.plugins.pillow.register()
        assert Image.open(io.BytesIO(data)).format == "COIN"


@pytest.mark.parametrize("twin", [copy.deepcopy, copy.copy, lambda picture: pickle.loads(pickle.dumps(picture))])
@pytest.mark.parametrize("loaded", [False, True])
def test_copies_and_pickles_are_equal_pictures(data: bytes, twin: Callable[[Any], Any], loaded: bool) -> None:
    picture = Image.open(io.BytesIO(data))
    if loaded:
        picture.load()
    other = twin(picture)
    assert np.array_equal(np.asarray(other), coincodec.decode(data))
    assert other.getpixel((3, 2)) == tuple(coincodec.decode(data)[2, 3])
    assert np.array_equal(np.asarray(other.resize((12, 8))), np.asarray(Image.open(io.BytesIO(data)).resize((12, 8))))


class TestVerify:
    def test_a_sound_file_passes_and_must_be_opened_again(self, data: bytes, tmp_path: Path) -> None:
        (tmp_path / "a.coin").write_bytes(data)
        picture = Image.open(tmp_path / "a.coin")
        picture.verify()
        with pytest.raises(RuntimeError, match="after open"):
            picture.verify()

    @pytest.mark.parametrize("damage", ["a byte", "cut", "longer"])
    def test_a_damaged_one_does_not(self, data: bytes, damage: str) -> None:
        wrong = {"a byte": data[:-10] + bytes([data[-10] ^ 255]) + data[-9:], "cut": data[:-20], "longer": data + b"\0"}
        with pytest.raises(OSError, match=r"damaged|ends|follow"):
            Image.open(io.BytesIO(wrong[damage])).verify()


class TestWhatSavingSays:
    @staticmethod
    def save(picture: Image.Image, **options: Any) -> bytes:
        file = io.BytesIO()
        picture.save(file, "COIN", **QUICK, **options)
        return file.getvalue()

    def test_conversions(self) -> None:
        with pytest.warns(ConversionWarning, match="CMYK became RGB") as caught:
            self.save(Image.new("CMYK", (8, 8)))
        assert caught[0].filename == __file__

    def test_a_profile_that_is_given_counts(self, small: np.ndarray) -> None:
        picture = Image.fromarray(small)
        linear = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        at = linear.index(b"para")
        linear[at : at + 16] = b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, 1 << 16)
        kept = self.save(picture, icc_profile=bytes(linear))
        assert len(kept) == len(self.save(picture)) + 8  # a type, a length, two code points, a checksum
        opened = Image.open(io.BytesIO(kept))
        profile = ImageCms.ImageCmsProfile(io.BytesIO(opened.info["icc_profile"]))
        assert ImageCms.getProfileDescription(profile).strip() == "linear sRGB"
        with pytest.warns(ConversionWarning, match="converted to sRGB from linear sRGB"):
            converted = self.save(picture, icc_profile=bytes(linear), srgb=True)
        assert "icc_profile" not in Image.open(io.BytesIO(converted)).info
        tagged = picture.copy()
        tagged.info["icc_profile"] = bytes(linear)
        assert self.save(tagged, icc_profile=None) == self.save(picture)
        assert "icc_profile" in tagged.info
        pointed = picture.copy()
        pointed.info["cicp"] = (9, 16)
        assert coincodec.info(self.save(pointed)).colour == coincodec.Colour(9, 16)
        assert self.save(pointed, icc_profile=None) == self.save(picture)

    def test_what_cannot_be_saved_is_an_oserror(self) -> None:
        with pytest.raises(OSError, match=r"cannot write this picture as COIN.*floating"):
            self.save(Image.new("F", (8, 8)))
