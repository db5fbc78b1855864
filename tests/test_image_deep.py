"""Colour of more than 8 bits: read as it is, whatever the format."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from coincodec import image
from coincodec.colour import Colour
from coincodec.metadata import ORIENTATION, Metadata


def samples(channels: int, seed: int = 0) -> np.ndarray:
    y, x = np.mgrid[:20, :31]
    smooth = np.stack([x * (c + 1) * 500 + y * 300 + 77 for c in range(channels)], axis=2)
    return smooth.astype(np.uint16)


def load(data: bytes) -> image.Picture:
    return image.load(io.BytesIO(data))


def tiff(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, photometric="rgb", **options)
    return file.getvalue()


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_png(channels: int) -> None:
    wide = samples(channels)
    picture = load(image.to_bytes(wide, "PNG", colour=Colour(9, 16)).data)
    assert np.array_equal(picture.samples, wide)
    assert (picture.bit_depth, picture.notes) == (16, ())
    # Of grey with alpha the primaries are nothing but white.
    assert picture.colour == Colour(9, 16)


def test_a_transparent_colour_of_png() -> None:
    wide = samples(3)
    data = image.to_bytes(wide, "PNG").data
    at = data.index(b"IDAT") - 4
    content = b"tRNS" + struct.pack(">3H", *wide[3, 4])
    data = data[:at] + struct.pack(">I", 6) + content + struct.pack(">I", zlib.crc32(content)) + data[at:]
    picture = load(data)
    assert np.array_equal(picture.samples[..., :3], wide)
    assert (picture.samples[..., 3] == 0).sum() == 1
    assert picture.samples[3, 4, 3] == 0
    assert picture.notes == ("its transparent colour became an alpha channel",)


def test_a_transparent_level_of_grey() -> None:
    wide = samples(1)[:, :, 0]
    file = io.BytesIO()
    Image.fromarray(wide).save(file, "PNG", transparency=int(wide[3, 4]))
    picture = load(file.getvalue())
    assert np.array_equal(picture.samples[..., 0], wide)
    assert np.array_equal(picture.samples[..., 1] == 0, wide == wide[3, 4])
    assert picture.notes == ("its transparent colour became an alpha channel",)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "predictor": True}, {"byteorder": ">"}])
def test_tiff(options: dict[str, Any]) -> None:
    wide = samples(3)
    picture = load(tiff(wide, **options))
    assert np.array_equal(picture.samples, wide)
    assert picture.notes == ()


def test_ppm() -> None:
    wide = samples(3)
    data = b"P6\n# a comment\n31 20\n65535\n" + wide.astype(">u2").tobytes()
    assert np.array_equal(load(data).samples, wide)
    ten = b"P6 31 20 1023\n" + (wide >> 6).astype(">u2").tobytes()
    assert np.abs(load(ten).samples.astype(int) - wide).max() <= 64


def test_jpeg_2000() -> None:
    twelve = samples(3) >> 4
    data = imagecodecs.jpeg2k_encode(twelve, level=0, bitspersample=12, reversible=True)
    assert np.array_equal(load(data).samples, (twelve.astype(np.uint32) * 65535 + 2047) // 4095)


def test_avif() -> None:
    ten = samples(3) >> 6
    data = imagecodecs.avif_encode(ten, level=100, bitspersample=10, pixelformat="444")
    picture = load(data)
    assert picture.bit_depth == 16
    assert np.abs(picture.samples.astype(int) - ten.astype(int) * 65535 / 1023).max() <= 4 * 64


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_is_written_to_tiff(channels: int) -> None:
    wide, profile = samples(channels), Colour(12, 13) if channels > 2 else Colour()
    written = image.to_bytes(wide, "TIFF", Metadata(dpi=(300.0, 300.0), exif=b"II*\0"), profile)
    assert written.notes == ("TIFF files of 16 bits are written without EXIF",)
    if channels == 2:  # which Pillow does not open
        assert np.array_equal(tifffile.imread(io.BytesIO(written.data)), wide)
        return
    picture = load(written.data)
    assert np.array_equal(picture.samples, wide)
    assert (picture.colour, picture.metadata.dpi) == (profile, (300, 300))


def test_both_kinds_of_metadata_that_tiff_leaves_out_are_said() -> None:
    notes = image.to_bytes(samples(3), "TIFF", Metadata(exif=b"II*\0", xmp=b"<x/>")).notes
    assert notes == ("TIFF files are written without XMP", "TIFF files of 16 bits are written without EXIF")


def test_is_written_to_ppm() -> None:
    assert np.array_equal(load(image.to_bytes(samples(3), "PPM").data).samples, samples(3))


def test_is_reduced_where_nothing_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tifffile", None)
    written = image.to_bytes(samples(3), "TIFF")
    assert "16 bits became 8" in written.notes[0]
    assert np.asarray(Image.open(io.BytesIO(written.data))).shape == (20, 31, 3)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_is_turned_upright_as_eight_bits_are(orientation: int) -> None:
    wide = samples(3) >> 8
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    small = io.BytesIO()
    Image.fromarray(wide.astype(np.uint8)).save(small, "PNG", exif=exif)
    data = image.to_bytes(wide * np.uint16(257), "PNG").data
    chunk = small.getvalue()
    begin = chunk.index(b"eXIf") - 4
    length = struct.unpack(">I", chunk[begin : begin + 4])[0] + 12
    at = data.index(b"IDAT") - 4
    turned = load(data[:at] + chunk[begin : begin + length] + data[at:])
    assert np.array_equal(turned.samples, load(small.getvalue()).samples * np.uint16(257))


@pytest.mark.parametrize("library", ["imagecodecs", "tifffile"])
def test_without_the_libraries_is_reduced_and_said(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    wide = samples(3)
    data = image.to_bytes(wide, "PNG").data if library == "imagecodecs" else tiff(wide)
    picture = load(data)
    assert picture.bit_depth == 8
    assert np.abs(picture.samples.astype(int) * 257 - wide).max() < 257
    assert picture.notes == ("colour of 16 bits was reduced to 8 bits; pip install 'coincodec[deep]' keeps it",)


def test_what_the_libraries_cannot_read_is_reduced_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(data: bytes) -> None:
        raise RuntimeError("no such filter")

    monkeypatch.setattr(imagecodecs, "png_decode", fails)
    picture = load(image.to_bytes(samples(3), "PNG").data)
    assert picture.bit_depth == 8
    assert "no such filter" in picture.notes[0]
    monkeypatch.setattr(imagecodecs, "png_decode", lambda data: np.zeros((2, 3), np.uint16))
    assert "of shape (2, 3)" in load(image.to_bytes(samples(3), "PNG").data).notes[0]
