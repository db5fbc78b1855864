"""From the pictures people have to the samples we code, and back.

Samples are uint8 or uint16 arrays of shape (height, width, channels), with 1 channel for grey, 2 for grey
and alpha, 3 for RGB, 4 for RGBA; sRGB, alpha not premultiplied.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from .container import MAX_SIDE
from .errors import ImageError
from .files import EXTENSION

Samples = NDArray[np.uint8] | NDArray[np.uint16]

_CODED_MODES = ("L", "LA", "RGB", "RGBA")
_MODE_NAMES = {
    "1": "black and white",
    "P": "palette",
    "PA": "palette",
    "La": "premultiplied alpha",
    "RGBa": "premultiplied alpha",
    "RGBX": "padded RGB",
    "LAB": "L*a*b*",
}
_NAMES = {"L": "grey", "LA": "grey with alpha", "RGB": "RGB", "RGBA": "RGB with alpha"}


@dataclass(frozen=True)
class Picture:
    """Samples, and one short sentence for each thing that was converted to get them."""

    samples: Samples
    notes: tuple[str, ...] = field(default=())

    @property
    def bit_depth(self) -> int:
        """8 or 16."""
        return 8 * self.samples.dtype.itemsize


def from_array(array: NDArray[Any]) -> Picture:
    """A NumPy array as a picture, shape (H, W) or (H, W, C) with C in 1..4, uint8 or uint16.

    Raises `ImageError` for any other.
    """
    if array.dtype not in (np.uint8, np.uint16):
        raise ImageError(f"samples must be uint8 or uint16, not {array.dtype}")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise ImageError(f"an array of shape {array.shape} is not (height, width) or (height, width, 1 to 4)")
    height, width, _ = array.shape
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ImageError(f"a side must have 1 to {MAX_SIDE:,} pixels, the picture is {width}x{height}")
    return Picture(np.ascontiguousarray(array))


def from_pillow(image: Image.Image) -> Picture:
    """A Pillow image as a picture.

    EXIF orientation is applied, an ICC profile is converted to sRGB, palettes, CMYK and other modes become
    grey or RGB, with alpha where the image has transparency. Of an animation the first frame is taken.
    Raises `ImageError` if the image cannot be read or has floating-point samples.
    """
    notes = []
    try:
        if (frames := getattr(image, "n_frames", 1)) > 1:
            notes.append(f"only the first of {frames} frames is coded")
        if any("16" in str(tile[3]) for tile in getattr(image, "tile", ())) and image.mode in _CODED_MODES:
            notes.append("16-bit colour was reduced to 8 bits by the image reader; a .npy file keeps it")
        image.load()
        # Orientation values outside 2..8 mean "as it is".
        if image.getexif().get(0x0112) in range(2, 9):
            image = ImageOps.exif_transpose(image)
            notes.append("turned upright as its EXIF orientation says")
        if image.mode.startswith("I"):
            return Picture(_grey16(image)[:, :, None], tuple(notes))
        image = _to_srgb(image, notes)
        image = _to_coded_mode(image, notes)
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        raise ImageError(f"cannot read the picture: {error}") from error
    return Picture(from_array(np.asarray(image)).samples, tuple(notes))


def load(source: str | BinaryIO) -> Picture:
    """Reads an image file, or an array saved by NumPy (.npy), from a path or a seekable binary file.

    Raises `ImageError` if it is neither, OSError if it cannot be opened.
    """
    if isinstance(source, str):
        with open(source, "rb") as file:
            return load(file)
    magic = source.read(6)
    source.seek(0)
    if magic == b"\x93NUMPY":
        try:
            return from_array(np.load(source, allow_pickle=False))
        except (ValueError, EOFError) as error:
            raise ImageError(f"cannot read the array: {error}") from error
    try:
        with Image.open(source) as image:
            return from_pillow(image)
    except UnidentifiedImageError as error:
        raise ImageError("not an image format that Pillow or NumPy reads") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"cannot read the picture: {error}") from error


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


def to_bytes(samples: Samples, format: str) -> bytes:
    """Samples, shape (H, W) or (H, W, C), as a file in one of `output_format`'s formats.

    Raises `ImageError` if the format cannot hold that number of channels or bits.
    """
    buffer = io.BytesIO()
    if format == "npy":
        np.save(buffer, samples, allow_pickle=False)
    elif samples.dtype == np.uint16 and format == "PNG":
        _write_png16(buffer, samples)
    elif samples.dtype == np.uint16 and samples.ndim == 3:
        raise ImageError(f"{format} files of 16-bit colour are not written; use .png or .npy")
    else:
        options = {"quality": 95} if format == "JPEG" else {}
        try:
            to_pillow(samples).save(buffer, format, **options)
        except (OSError, ValueError) as error:
            raise ImageError(f"cannot write {format}: {error}") from error
    return buffer.getvalue()


def to_pillow(samples: Samples) -> Image.Image:
    """Samples as a Pillow image: L, LA, RGB, RGBA or, for 16-bit grey, I;16. 16-bit colour has no mode."""
    return Image.fromarray(samples)


def _grey16(image: Image.Image) -> NDArray[np.uint16]:
    values = np.asarray(image)
    if values.dtype.itemsize > 2 and (values.min() < 0 or values.max() > 0xFFFF):
        raise ValueError("its samples have more than 16 bits")
    return values.astype(np.uint16)


def _to_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    """Converts an image with an ICC profile to sRGB grey or RGB, alpha kept apart."""
    data = image.info.get("icc_profile")
    if not data:
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        name = ImageCms.getProfileDescription(profile).strip()
        if image.mode in _CODED_MODES and "srgb" in name.lower():
            return image
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
        colour = image.convert(image.mode[:-1]) if alpha else image
        converted = ImageCms.profileToProfile(colour, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        assert converted is not None
        if colour.mode == "L":
            converted = converted.getchannel("G")
        if alpha is not None:
            converted.putalpha(alpha)
        notes.append(f"converted to sRGB from the ICC profile {name!r}")
        return converted
    except (ImageCms.PyCMSError, OSError):
        notes.append("an ICC profile that cannot be used was ignored")
        return image


def _to_coded_mode(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.mode == "F":
        raise ValueError("floating-point samples")
    if image.mode in _CODED_MODES and not image.has_transparency_data:
        return image
    if image.mode in ("LA", "RGBA"):
        return image
    source = image.mode
    if image.has_transparency_data:
        target = "LA" if source in ("1", "L", "La") else "RGBA"
    else:
        target = "L" if source in ("1", "L") else "RGB"
    if source in ("L", "RGB"):
        notes.append("its transparent colour became an alpha channel")
    else:
        notes.append(f"{_MODE_NAMES.get(source, source)} became {_NAMES[target]}")
    if source in ("1", "La", "LAB") and target not in ("L", "RGB"):
        image = image.convert("L" if source == "1" else "LA")
    return image.convert(target)


def _write_png16(file: BinaryIO, samples: Samples) -> None:
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
    file.write(chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)))
    file.write(chunk(b"IEND", b""))
