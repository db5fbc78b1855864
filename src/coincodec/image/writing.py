"""Samples to files in other formats."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from ..colour import SRGB, Colour
from ..errors import ImageError
from ..files import EXTENSION
from ..metadata import NOTHING, Metadata
from . import deep
from .extras import XMP_KEYWORD, code_points, lost, saving
from .picture import Samples, to_8_bits

# Formats of Pillow's that hold grey of 16 bits.
_DEEP = ("PNG", "TIFF", "PPM", "JPEG2000")

# How formats are written that would lose more than need be at Pillow's defaults.
_OPTIONS: dict[str, dict[str, Any]] = {
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
    "WEBP": {"lossless": True, "exact": True},
}

# Formats that hold what they are given, or of which everybody knows that they do not.
_FAITHFUL = ("AVIF", "BMP", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "TGA", "WEBP")


@dataclass(frozen=True)
class Written:
    """A file, and one short sentence for each thing that its format could not hold."""

    data: bytes
    notes: tuple[str, ...] = ()


def output_format(suffix: str) -> str:
    """The name of the format a file with this suffix is written in: "npy", or one of Pillow's.

    Raises `ImageError` if there is none.
    """
    if suffix.lower() == ".npy":
        return "npy"
    Image.init()
    name = Image.registered_extensions().get(suffix.lower())
    # With our plugin loaded Pillow would write .coin files too, by fitting a model again.
    if name is None or name not in Image.SAVE or suffix.lower() == EXTENSION:
        raise ImageError(f"no picture format is written to files that end in {suffix or 'nothing'!r}")
    return name


def to_bytes(samples: Samples, format: str, metadata: Metadata = NOTHING, colour: Colour = SRGB) -> Written:
    """Samples, shape (H, W) or (H, W, C), as a file in one of `output_format`'s formats.

    colour: what they mean. Formats of 8 bits get 16-bit samples scaled; what a format does not hold of the metadata and
    the colour is left out. Raises `ImageError` if the format cannot hold the picture.
    """
    buffer = io.BytesIO()
    samples = samples[:, :, 0] if samples.shape[2:] == (1,) else samples
    if format == "npy":
        np.save(buffer, samples, allow_pickle=False)
        return Written(buffer.getvalue(), tuple(lost(metadata, colour, format)))
    if samples.dtype == np.uint16 and format == "PNG":
        _write_png16(buffer, samples, metadata, colour)
        return Written(buffer.getvalue())
    notes = lost(metadata, colour, format)
    grey = samples.ndim == 2 or samples.shape[2] <= 2
    if samples.dtype == np.uint16 and samples.ndim == 3:
        data = deep.written(np.asarray(samples, np.uint16), format, colour.profile(grey), metadata.dpi)
        if data is not None:
            if metadata.exif is not None and format == "TIFF":
                notes.append("TIFF files of 16 bits are written without EXIF")
            return Written(data, tuple(notes))
    if samples.dtype == np.uint16 and (samples.ndim == 3 or format not in _DEEP):
        samples = to_8_bits(samples)
        notes.append(f"16 bits became 8; {format} files hold no more of this picture, .png and .npy do")
    try:
        picture = to_pillow(samples)
        picture.save(buffer, format, **_OPTIONS.get(format, {}), **saving(metadata, colour, grey, format))
        if format not in _FAITHFUL:
            notes += _what_it_lost(picture, buffer, format)
    except (OSError, ValueError, KeyError) as error:
        raise ImageError(f"cannot write {format}: {error}") from error
    return Written(buffer.getvalue(), tuple(notes))


def to_pillow(samples: Samples) -> Image.Image:
    """Samples as a Pillow image: L, LA, RGB, RGBA or, for 16-bit grey, I;16. 16-bit colour has no mode."""
    return Image.fromarray(samples)


def _what_it_lost(picture: Image.Image, file: io.BytesIO, format: str) -> list[str]:
    """Looks at what was written. Raises `ImageError` if that has another size."""
    try:
        with Image.open(file) as image:
            if image.size != picture.size:
                size = f"{picture.width}x{picture.height}"
                raise ImageError(f"{format} files cannot hold a picture of {size}, only {image.width}x{image.height}")
            back = np.asarray(image.convert(picture.mode))
    except (OSError, ValueError):
        return []  # formats that are written but not read, such as PDF
    same = np.array_equal(back, np.asarray(picture))
    return [] if same else [f"{format} files do not hold all of its colours; .png and .webp do"]


def _write_png16(file: BinaryIO, samples: Samples, metadata: Metadata, colour: Colour) -> None:
    """PNG with 16 bits per sample, which Pillow does not write except for grey (PNG specification, 11)."""
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[samples.shape[2] if samples.ndim == 3 else 1]
    height, width = samples.shape[:2]
    rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    # Filter type 2: every row is stored as its difference from the one above.
    rows = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), np.uint8))
    filtered = np.insert(rows, 0, 2, axis=1)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    file.write(b"\x89PNG\r\n\x1a\n")
    file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)))
    if (points := code_points(colour)) is not None:
        file.write(chunk(b"cICP", points))
    if (profile := colour.profile(colour_type in (0, 4))) is not None:
        # A name, and that the profile is compressed by zlib.
        file.write(chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
    if metadata.exif is not None:
        file.write(chunk(b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        # Keyword, not compressed, no language and no translation of the keyword.
        file.write(chunk(b"iTXt", XMP_KEYWORD.encode() + bytes(5) + metadata.xmp))
    if metadata.dpi is not None:
        x, y = (round(value / 0.0254) for value in metadata.dpi)  # pixels per metre
        file.write(chunk(b"pHYs", struct.pack(">IIB", x, y, 1)))
    file.write(chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)))
    file.write(chunk(b"IEND", b""))
