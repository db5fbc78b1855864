"""Pictures in every form people have them."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms, PngImagePlugin

from coincodec import image
from coincodec.colour import Colour
from coincodec.container import MAX_SIDE
from coincodec.errors import CoincodecError, ImageError
from coincodec.metrics import rgb_psnr

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
GREY = RGB[:, :, 0]


def png(picture: Image.Image, **options: object) -> io.BytesIO:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **options)
    buffer.seek(0)
    return buffer


class TestArrays:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 2), (4, 5, 3), (4, 5, 4), (1, 1), (1, 5000)])
    def test_accepted(self, shape: tuple[int, ...], dtype: type) -> None:
        array = np.ones(shape, dtype)
        samples = image.from_array(array).samples
        assert samples.shape == (*shape[:2], shape[2] if len(shape) == 3 else 1)
        assert samples.dtype == dtype

    @pytest.mark.parametrize("shape", [(5,), (0, 5), (5, 0, 3), (4, 5, 0), (4, 5, 5), (2, 3, 4, 3)])
    def test_shapes_refused(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ImageError):
            image.from_array(np.zeros(shape, np.uint8))

    @pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint32, bool])
    def test_types_refused(self, dtype: type) -> None:
        with pytest.raises(ImageError, match="uint8 or uint16"):
            image.from_array(np.zeros((2, 2), dtype))

    def test_a_side_too_long_is_refused(self) -> None:
        with pytest.raises(ImageError, match="pixels"):
            image.from_array(np.zeros((1, MAX_SIDE + 1), np.uint8))


class TestPillow:
    @pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)])
    def test_modes_taken_as_they_are(self, mode: str, channels: int) -> None:
        source = Image.fromarray(RGB).convert(mode)
        picture = image.from_pillow(source)
        assert picture.notes == ()
        assert picture.samples.shape[2] == channels
        assert np.array_equal(picture.samples, np.asarray(source).reshape(6, 9, channels))

    def test_a_palette_becomes_rgb(self) -> None:
        source = Image.fromarray(RGB).quantize(8)
        picture = image.load(png(source))
        assert np.array_equal(picture.samples, np.asarray(source.convert("RGB")))
        assert picture.notes == ("palette became RGB",)

    def test_a_transparent_palette_becomes_rgba(self) -> None:
        source = Image.fromarray(RGB).quantize(8)
        picture = image.load(png(source, transparency=3))
        assert picture.samples.shape[2] == 4
        assert np.array_equal(picture.samples[:, :, 3] == 0, np.asarray(source) == 3)

    def test_a_transparent_colour_becomes_alpha(self) -> None:
        picture = image.load(png(Image.fromarray(GREY), transparency=int(GREY[2, 3])))
        assert picture.samples.shape[2] == 2
        assert picture.samples[2, 3, 1] == 0
        assert "transparent" in picture.notes[0]

    def test_cmyk_becomes_rgb(self) -> None:
        source = Image.fromarray(RGB).convert("CMYK")
        picture = image.from_pillow(source)
        assert np.array_equal(picture.samples, np.asarray(source.convert("RGB")))
        assert picture.notes == ("CMYK became RGB",)

    @pytest.mark.parametrize(
        ("mode", "channels"), [("1", 1), ("La", 2), ("RGBa", 4), ("RGBX", 3), ("YCbCr", 3), ("HSV", 3), ("LAB", 3)]
    )
    def test_other_modes_are_converted_with_a_note(self, mode: str, channels: int) -> None:
        through = {"La": "LA", "RGBa": "RGBA"}.get(mode, "RGB")
        source = Image.new("LAB", (9, 6)) if mode == "LAB" else Image.fromarray(RGB).convert(through).convert(mode)
        picture = image.from_pillow(source)
        assert picture.samples.shape == (6, 9, channels)
        assert len(picture.notes) == 1

    def test_sixteen_bit_grey_keeps_its_bits(self) -> None:
        deep = np.arange(54, dtype=np.uint16).reshape(6, 9) * 1200
        for source in (Image.fromarray(deep), Image.fromarray(deep.astype(np.int32))):
            picture = image.from_pillow(source)
            assert picture.bit_depth == 16
            assert np.array_equal(picture.samples[:, :, 0], deep)

    def test_more_than_sixteen_bits_are_refused(self) -> None:
        with pytest.raises(ImageError, match="16 bits"):
            image.from_pillow(Image.fromarray(np.full((2, 2), 70000, np.int32)))

    def test_floating_point_is_refused(self) -> None:
        with pytest.raises(ImageError, match="floating"):
            image.from_pillow(Image.new("F", (2, 2)))

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_exif_orientation_is_applied(self, orientation: int) -> None:
        upright = Image.fromarray(RGB)
        undo = {
            2: Image.Transpose.FLIP_LEFT_RIGHT,
            3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270,
        }
        stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture = image.load(png(stored, exif=exif))
        assert np.array_equal(picture.samples, RGB)
        assert len(picture.notes) == (orientation > 1)

    def test_only_the_first_frame_of_an_animation(self) -> None:
        frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
        buffer = png(frames[0], save_all=True, append_images=frames[1:])
        picture = image.load(buffer)
        assert np.array_equal(picture.samples, RGB)
        assert picture.notes == ("only the first of 2 frames is coded",)


class TestColourProfiles:
    @staticmethod
    def profile(gamma: float) -> bytes:
        """An ICC profile for sRGB's primaries with a pure power curve, made by changing the curves of sRGB's."""
        data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        curve = b"curv\0\0\0\0\0\0\0\1" + struct.pack(">H", round(gamma * 256)) + b"\0\0"
        offset = len(data)
        data += curve
        for entry in range(struct.unpack_from(">I", data, 128)[0]):
            at = 132 + 12 * entry
            if data[at : at + 4] in (b"rTRC", b"gTRC", b"bTRC"):
                struct.pack_into(">II", data, at + 4, offset, 14)
            if data[at : at + 4] == b"desc":
                where, length = struct.unpack_from(">II", data, at + 4)
                data[where : where + length] = data[where : where + length].replace(b"s\0R\0G\0B", b"p\0o\0w\0r")
        struct.pack_into(">I", data, 0, len(data))
        return bytes(data)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_another_profile_is_kept_and_converted_if_asked(self, mode: str) -> None:
        linear = Image.new(mode, (4, 4), (64, 128, 200, 77)[: len(mode)])
        picture = image.load(png(linear, icc_profile=self.profile(1.5)))
        assert (picture.samples[0, 0, :3] == (64, 128, 200)).all()
        assert picture.colour == Colour.of_profile(self.profile(1.5))
        assert picture.notes == ()
        converted = image.in_srgb(picture)
        light = (np.array([64, 128, 200]) / 255) ** 1.5
        expected = 255 * (1.055 * light ** (1 / 2.4) - 0.055)
        assert np.abs(converted.samples[0, 0, :3] - expected).max() <= 2
        assert converted.colour == Colour()
        assert "converted to sRGB from ICC profile" in converted.notes[0]
        if mode == "RGBA":
            assert (converted.samples[:, :, 3] == 77).all()

    @staticmethod
    def changed(**tags: bytes) -> bytes:
        """sRGB's own profile, its name included, with other contents of these tags, no longer than they were."""
        data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        for entry in range(struct.unpack_from(">I", data, 128)[0]):
            name, where, length = struct.unpack_from(">4sII", data, 132 + 12 * entry)
            if content := tags.get(name.decode()):
                assert len(content) <= length
                data[where : where + len(content)] = content
        return bytes(data)

    @pytest.mark.parametrize("space", ["Display P3", "linear"])
    def test_numbers_decide_not_names(self, space: str) -> None:
        """Phones and programs call their profiles "Display P3 Gamut with sRGB Transfer" or "linear sRGB"."""
        if space == "linear":
            curve = b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, 1 << 16)
            profile = self.changed(rTRC=curve, gTRC=curve, bTRC=curve)
        else:  # of P3's primaries, adapted to D50
            primaries = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
            packed = [b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in xyz)) for xyz in primaries]
            profile = self.changed(rXYZ=packed[0], gXYZ=packed[1], bXYZ=packed[2])
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        assert "sRGB" in ImageCms.getProfileDescription(opened)
        colours = np.array([[[230, 40, 30], [40, 200, 60], [60, 60, 200], [64, 64, 64]]], np.uint8)
        patch = Image.fromarray(colours)
        picture = image.load(png(patch, icc_profile=profile))
        assert np.array_equal(picture.samples, colours)
        assert picture.colour.name == {"linear": "linear sRGB"}.get(space, space)
        wanted = ImageCms.profileToProfile(patch, opened, ImageCms.createProfile("sRGB"), outputMode="RGB")
        converted = image.in_srgb(picture).samples.astype(int)
        assert np.abs(converted - np.asarray(wanted)).max() <= 1
        assert np.abs(converted - colours).max() > 20

    def test_a_profile_of_grey_with_srgb_s_curve_changes_nothing(self) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        picture = image.load(png(Image.fromarray(GREY), icc_profile=profile))
        assert np.array_equal(picture.samples[:, :, 0], GREY)

    def test_srgb_is_left_alone(self) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        picture = image.load(png(Image.fromarray(RGB), icc_profile=profile))
        assert np.array_equal(picture.samples, RGB)
        assert picture.notes == ()

    def test_a_damaged_profile_is_ignored_with_a_note(self) -> None:
        picture = image.load(png(Image.fromarray(RGB), icc_profile=b"not a profile"))
        assert np.array_equal(picture.samples, RGB)
        assert "ignored" in picture.notes[0]


class TestFiles:
    def test_arrays_are_read(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", RGB.astype(np.uint16))
        picture = image.load(str(tmp_path / "a.npy"))
        assert picture.bit_depth == 16
        assert np.array_equal(picture.samples, RGB)

    def test_pickled_objects_are_refused(self) -> None:
        buffer = io.BytesIO()
        np.save(buffer, np.array([{"a": 1}]), allow_pickle=True)
        buffer.seek(0)
        with pytest.raises(ImageError, match="array"):
            image.load(buffer)

    @pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x93NUMPY", b"no picture at all"])
    def test_what_is_no_picture_is_refused(self, data: bytes) -> None:
        with pytest.raises(ImageError):
            image.load(io.BytesIO(data))

    def test_truncated_at_every_byte(self) -> None:
        data = png(Image.fromarray(RGB)).getvalue()
        for length in range(len(data) - 24):  # checksums at the end of the last chunks are not needed
            with pytest.raises(ImageError):
                image.load(io.BytesIO(data[:length]))

    @pytest.mark.parametrize("suffix", [".png", ".PNG", ".npy", ".jpg", ".webp", ".tiff", ".bmp"])
    def test_formats_for_output(self, suffix: str) -> None:
        assert image.to_bytes(RGB, image.output_format(suffix)).data

    @pytest.mark.parametrize("suffix", ["", ".", ".coin", ".txt", ".psd"])
    def test_no_format_for_output(self, suffix: str) -> None:
        with pytest.raises(ImageError, match="no picture format"):
            image.output_format(suffix)

    def test_channels_a_format_cannot_hold_are_refused(self) -> None:
        with pytest.raises(ImageError, match="JPEG"):
            image.to_bytes(np.zeros((2, 2, 4), np.uint8), "JPEG")

    @pytest.mark.parametrize("suffix", [".webp", ".avif", ".gif", ".jpg", ".bmp", ".png", ".tiff", ".jp2", ".pgm"])
    def test_sixteen_bit_grey_keeps_its_values_in_every_format(self, suffix: str) -> None:
        ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
        written = image.to_bytes(ramp, image.output_format(suffix))
        back = Image.open(io.BytesIO(written.data))
        deep = back.mode.startswith("I")
        assert deep == (suffix in (".png", ".tiff", ".jp2", ".pgm"))
        assert bool(written.notes) != deep
        values = np.asarray(back) / 257 if deep else np.asarray(back.convert("L")).astype(float)
        assert np.abs(values - ramp / 257).max() <= (4 if suffix in (".jpg", ".avif") else 0.51)

    @pytest.mark.parametrize("suffix", [".bmp", ".webp", ".jpg"])
    def test_sixteen_bit_colour_is_scaled_where_a_format_holds_no_more(self, suffix: str) -> None:
        deep = np.full((8, 8, 3), 30_000, np.uint16)
        written = image.to_bytes(deep, image.output_format(suffix))
        assert "16 bits became 8" in written.notes[0]
        assert np.abs(np.asarray(Image.open(io.BytesIO(written.data))).astype(int) - 117).max() <= 1

    @pytest.mark.parametrize(("suffix", "least"), [(".jpg", 38), (".webp", 99), (".avif", 38)])
    def test_lossy_formats_lose_little(self, suffix: str, least: float) -> None:
        y, x = np.mgrid[0:120, 0:160]
        waves = np.stack([x * 1.5, y * 2.0, 128 + 100 * np.sin(x / 3) * np.sin(y / 4)], -1).astype(np.uint8)
        written = image.to_bytes(waves, image.output_format(suffix))
        back = np.asarray(Image.open(io.BytesIO(written.data)).convert("RGB"))
        assert min(rgb_psnr(back, waves), 99) >= least
        assert not written.notes

    def test_fewer_colours_are_said_and_another_size_is_refused(self) -> None:
        many = np.random.default_rng(0).integers(0, 256, (40, 300, 3), dtype=np.uint8)
        assert "colours" in image.to_bytes(many, "GIF").notes[0]
        assert image.to_bytes(many[:, :, 0], "GIF").notes == ()
        for suffix in (".ico", ".icns"):
            with pytest.raises(ImageError, match="300x40"):
                image.to_bytes(many, image.output_format(suffix))
        assert image.to_bytes(many[:32, :32], "ICO").notes == ()

    @given(
        hnp.arrays(np.uint16, st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([2, 3, 4]))),
    )
    def test_sixteen_bit_colour_png(self, samples: np.ndarray) -> None:
        """Read back chunk by chunk, since Pillow would drop the low bytes."""
        data = image.to_bytes(samples, "PNG").data
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        chunks, at = {}, 8
        while at < len(data):
            length, name = struct.unpack_from(">I4s", data, at)
            body = data[at + 8 : at + 8 + length]
            assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(name + body)
            chunks[name], at = body, at + 12 + length
        height, width, channels = samples.shape
        colour_type = {2: 4, 3: 2, 4: 6}[channels]
        assert chunks[b"IHDR"] == struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
        rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
        assert (rows[:, 0] == 2).all()
        unfiltered = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8)
        assert np.array_equal(unfiltered.view(">u2").reshape(samples.shape), samples)

    def test_sixteen_bit_grey_png_is_read_by_pillow(self) -> None:
        deep = np.arange(54, dtype=np.uint16).reshape(6, 9) * 1200
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(image.to_bytes(deep, "PNG").data))), deep)

    def test_a_pipe_is_read(self) -> None:
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as file:
            file.write(png(Image.fromarray(RGB)).getvalue())
        with os.fdopen(reading, "rb") as file:
            assert np.array_equal(image.load(file).samples, RGB)

    def test_more_pixels_than_are_allowed_are_refused_before_they_are_read(self, tmp_path: Path) -> None:
        for source in (png(Image.fromarray(RGB)), io.BytesIO(saved(RGB))):
            with pytest.raises(ImageError, match="54 pixels, more than the 53"):
                image.load(source, 53)
            source.seek(0)
            assert image.load(source, 54).samples.size == RGB.size

    def test_an_array_that_claims_more_than_it_has_is_refused_before_it_is_read(self) -> None:
        sound = saved(np.zeros((4, 5), np.uint8))
        claiming = sound.replace(b"(4, 5)", b"(999999, 999999)").replace(b" " * 10, b"", 1)
        with pytest.raises(ImageError, match="999,998,000,001 pixels"):
            image.load(io.BytesIO(claiming))

    def test_pillow_s_own_limit_is_not_ours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
        assert image.load(png(Image.fromarray(RGB))).notes == ()
        assert Image.MAX_IMAGE_PIXELS == 10


class TestDamage:
    """Whatever a reader of pictures raises, what leaves is one `ImageError`."""

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF", "GIF", "BMP", "ICO", "PPM", "JPEG2000"])
    def test_one_byte_wrong_anywhere(self, format: str) -> None:
        file = io.BytesIO()
        Image.fromarray(RGB).save(file, format)
        sound = file.getvalue()
        for at in range(0, len(sound), 1 + len(sound) // 400):
            damaged = bytearray(sound)
            damaged[at] ^= 0xFF
            with contextlib.suppress(ImageError):
                image.load(io.BytesIO(bytes(damaged)), 10_000)

    def test_a_text_that_unpacks_to_megabytes(self) -> None:
        data = png(Image.fromarray(RGB)).getvalue()
        text = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 80_000_000, 9))
        with pytest.raises(ImageError, match="too large"):
            image.load(io.BytesIO(data[:33] + text + data[33:]))

    def test_a_kind_of_file_that_its_reader_does_not_know(self) -> None:
        dds = b"DDS " + struct.pack("<7I44x", 124, 0x1007, 4, 4, 16, 0, 0)
        dds += struct.pack("<2I4s5I", 32, 4, b"DX10", 0, 0, 0, 0, 0)
        dds += struct.pack("<5I", 0x1000, 0, 0, 0, 0) + struct.pack("<5I", 93, 3, 0, 1, 0)
        with pytest.raises(ImageError, match="DXGI"):
            image.load(io.BytesIO(dds))

    def test_a_picture_that_a_program_opened_and_that_is_damaged(self) -> None:
        data = png(Image.fromarray(RGB)).getvalue()
        with Image.open(io.BytesIO(data[:-40])) as picture, pytest.raises(CoincodecError):
            image.from_pillow(picture)

    @pytest.mark.parametrize(
        ("format", "options"),
        [
            ("PNG", {"exif": b"Exif\0\0MM"}),
            ("WEBP", {"exif": b"Exif\0\0MM", "lossless": True}),
            ("PNG", {"pnginfo": ("Raw profile type exif", "\nexif\n  8\n4d4d002a\n-- not hex --\n")}),
        ],
    )
    def test_broken_metadata_costs_no_pixels(self, format: str, options: dict[str, Any]) -> None:
        if "pnginfo" in options:
            text = PngImagePlugin.PngInfo()
            text.add_text(*options["pnginfo"])
            options = {"pnginfo": text}
        file = io.BytesIO()
        Image.fromarray(RGB).save(file, format, **options)
        file.seek(0)
        picture = image.load(file)
        assert np.array_equal(picture.samples, RGB)
        assert picture.notes == ("its EXIF data cannot be read and was ignored",)

    def test_what_a_library_warns_of_is_a_note(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Image.open

        def opening(source: Any) -> Image.Image:
            warnings.warn("an odd\n  file", stacklevel=2)
            warnings.warn("of no interest", DeprecationWarning, stacklevel=2)
            return real(source)

        monkeypatch.setattr(Image, "open", opening)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert image.load(png(Image.fromarray(RGB))).notes == ("an odd file",)

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_a_directory_that_is_cut_still_tells_what_it_can(self, orientation: int) -> None:
        file, entry = io.BytesIO(), struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
        block = b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + entry + b"\x01\x0f\0\x02"
        Image.fromarray(RGB).save(file, "JPEG", exif=block)
        file.seek(0)
        picture = image.load(file)
        assert picture.samples.shape == ((6, 9, 3) if orientation == 1 else (9, 6, 3))
        assert picture.notes[0] == "its EXIF data cannot be read and was ignored"
        assert picture.metadata.exif is None

    def test_no_file_of_eight_bits_is_said_to_have_sixteen(self) -> None:
        for width in range(1, 400):
            file = io.BytesIO()
            Image.new("RGB", (width, 1)).save(file, "BMP")
            file.seek(0)
            assert image.load(file).notes == ()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


class TestColoursOfPng:
    @staticmethod
    def load(extra: bytes, colour_type: int = 2) -> image.Picture:
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, colour_type, 0, 0, 0))
        samples = b"\0\x40" if colour_type == 0 else b"\0\xc0\x40\x40"
        rest = chunk(b"IDAT", zlib.compress(samples)) + chunk(b"IEND", b"")
        return image.load(io.BytesIO(b"\x89PNG\r\n\x1a\n" + head + extra + rest))

    @staticmethod
    def gamma(value: float) -> bytes:
        return chunk(b"gAMA", struct.pack(">I", round(100_000 * value)))

    SRGB = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    ADOBE = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)

    @pytest.mark.parametrize(
        ("extra", "colour"),
        [
            (gamma(1.0), Colour(1, 8)),
            (gamma(1.0) + chunk(b"cHRM", SRGB), Colour(1, 8)),
            (gamma(1 / 2.2) + chunk(b"cHRM", P3), Colour(12, 4)),
            (gamma(1.0) + chunk(b"cHRM", P3), Colour(12, 8)),
            (chunk(b"cICP", bytes([9, 16, 0, 1])), Colour(9, 16)),
            (chunk(b"cICP", bytes([9, 14, 0, 1])) + gamma(1.0), Colour(9, 1)),
        ],
    )
    def test_what_is_not_srgb_is_kept(self, extra: bytes, colour: Colour) -> None:
        picture = self.load(extra)
        assert picture.colour == colour
        assert picture.notes == ()
        assert picture.samples.tolist() == [[[0xC0, 0x40, 0x40]]]

    @pytest.mark.parametrize(("gamma", "transfer"), [(1.0, 8), (1 / 2.2, 13)])
    def test_of_grey_the_curve_is(self, gamma: float, transfer: int) -> None:
        assert self.load(self.gamma(gamma) + chunk(b"cHRM", self.P3), 0).colour == Colour(1, transfer)

    def test_what_has_no_code_points_becomes_a_profile(self) -> None:
        """libavif's test pictures with a gamma of 1.6; and Adobe RGB as it is told without a profile."""
        found = image.in_srgb(self.load(self.gamma(1 / 1.6)))
        light = (np.array([0xC0, 0x40, 0x40]) / 255) ** 1.6
        assert found.samples[0, 0].astype(int) == pytest.approx(255 * (1.055 * light ** (1 / 2.4) - 0.055), abs=1)
        found = image.in_srgb(self.load(self.gamma(256 / 563) + chunk(b"cHRM", self.ADOBE)))
        assert found.samples[0, 0].astype(int) == pytest.approx([222, 61, 62], abs=1.5)

    def test_what_is_impossible_is_said(self) -> None:
        assert self.load(self.gamma(0)).notes == ("its gamma of 0 (gAMA) is impossible and was ignored",)
        flat = struct.pack(">8I", 31270, 32900, 64000, 33000, 64000, 33000, 64000, 33000)
        assert self.load(chunk(b"cHRM", flat)).notes == ("its primaries (cHRM) are impossible and were ignored",)
        (note,) = self.load(chunk(b"cICP", bytes([77, 13, 0, 1]))).notes
        assert "primaries 77, transfer 13" in note

    @pytest.mark.parametrize(
        "extra",
        [
            gamma(0.45455) + chunk(b"cHRM", SRGB),
            chunk(b"cICP", bytes([1, 13, 0, 1])),
            chunk(b"sRGB", b"\0") + gamma(1.0),
            b"",
        ],
    )
    def test_srgb_is_srgb(self, extra: bytes) -> None:
        picture = self.load(extra)
        assert picture.colour == Colour()
        assert picture.notes == ()


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()
