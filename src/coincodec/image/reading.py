"""Files and Pillow's images to samples, with a note of everything that is done to them."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ..errors import CoincodecError, ImageError
from ..files import EXTENSION
from ..limits import DEFAULT_LIMITS
from ..metadata import ORIENTATION, orientation
from . import codepoints, deep
from .colour import CODED_MODES, told
from .extras import of_image
from .picture import Picture, from_array

_MODE_NAMES = {
    "1": "black and white",
    "P": "palette",
    "PA": "palette",
    "La": "premultiplied alpha",
    "RGBa": "premultiplied alpha",
    "RGBX": "padded RGB",
    "LAB": "L*a*b*",
}
_PILLOW = logging.getLogger("PIL")

# What is set for the time of reading, in Pillow and in warnings, the whole process has one of.
_READING = threading.Lock()

_NAMES = {"L": "grey", "LA": "grey with alpha", "RGB": "RGB", "RGBA": "RGB with alpha"}

# By EXIF's orientation, whose values outside 2..8 mean "as it is".
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def from_pillow(image: Image.Image) -> Picture:
    """A Pillow image as a picture.

    EXIF orientation is applied; palettes, CMYK and other modes become grey or RGB, with alpha where the image has
    transparency. What the numbers mean as colours is kept, or is sRGB where they were inks. Of an animation the first
    frame is taken.
    Raises `ImageError` if the image cannot be read or has floating-point samples.
    """
    # What a damaged file makes Pillow raise can be anything.
    try:
        return _from_pillow(image, [])
    except CoincodecError:
        raise
    except Exception as error:
        raise _unreadable(error) from error


def load(source: str | BinaryIO, max_pixels: int = DEFAULT_LIMITS.pixels) -> Picture:
    """Reads an image file, or an array saved by NumPy (.npy), from a path or a binary file.

    max_pixels: pictures of more are refused. What libraries warn of becomes notes. Raises `ImageError` for what is no
    picture or not sound, OSError if a path cannot be opened.
    """
    if isinstance(source, str):
        with open(source, "rb") as file:
            return load(file, max_pixels)
    if not source.seekable():
        source = io.BytesIO(source.read())
    logged = _Logged(logging.WARNING)
    with _READING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _PILLOW.addHandler(logged)
        try:
            picture = _load(source, max_pixels)
        finally:
            _PILLOW.removeHandler(logged)
    said = [str(warning.message) for warning in caught if _worth_saying(warning.category)]
    one_line = (" ".join(text.split()) for text in (*said, *logged.messages))
    return replace(picture, notes=(*picture.notes, *dict.fromkeys(one_line)))


def size_of(source: BinaryIO) -> tuple[int, int]:
    """Width and height of a picture in a file that can be sought in, from its header; the file is rewound.

    Raises `ImageError` for what is no picture.
    """
    try:
        with _in_our_terms(), _READING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if _is_array(source):
                height, width = (*_shape_of_array(source), 1, 1)[:2]
                return width, height
            with Image.open(source) as image:
                return image.size
    finally:
        source.seek(0)


class _Logged(logging.Handler):
    """Keeps what is logged, which would else go to the standard error stream."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps one message."""
        self.messages.append(record.getMessage())


def is_picture(name: str) -> bool:
    """Whether a file of that name may be one that `load` reads, by its suffix."""
    suffix = os.path.splitext(name)[1].lower()
    Image.init()
    known = Image.registered_extensions().get(suffix)
    return suffix == ".npy" or (known in Image.OPEN and suffix != EXTENSION)


def _load(source: BinaryIO, max_pixels: int) -> Picture:
    with _in_our_terms():
        if _is_array(source):
            _check(_shape_of_array(source)[:2], max_pixels)
            return from_array(np.load(source, allow_pickle=False))
        points = codepoints.of_file(source)
        with Image.open(source) as image:
            _check(image.size, max_pixels)
            image.info.update(points)
            notes: list[str] = []
            return _from_pillow(image, notes, deep.read(source, image, notes))


def _is_array(source: BinaryIO) -> bool:
    """Whether a file is one of NumPy's; it is rewound."""
    magic = source.read(6)
    source.seek(0)
    return magic == b"\x93NUMPY"


@contextlib.contextmanager
def _in_our_terms() -> Iterator[None]:
    """While a file is read: the limit of pixels is ours, and whatever a reader raises becomes one `ImageError`."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # Pillow has no way to say it for one file
    try:
        yield
    except CoincodecError:
        raise
    except UnidentifiedImageError as error:
        raise _unknown() from error
    except Exception as error:
        raise _unreadable(error) from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _shape_of_array(source: BinaryIO) -> tuple[int, ...]:
    """What the header of a .npy file says, before anything is allocated for it; nothing for one of a later version."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    reader = readers.get(np.lib.format.read_magic(source))
    shape = reader(source)[0] if reader else ()
    source.seek(0)
    return shape


def _check(sides: tuple[int, ...], most: int) -> None:
    pixels = 1
    for side in sides:
        pixels *= side
    if pixels > most:
        raise ImageError(f"the picture has {pixels:,} pixels, more than the {most:,} that are allowed (max_pixels)")


def _unknown() -> ImageError:
    return ImageError("not an image format that Pillow or NumPy reads")


def _unreadable(error: Exception) -> ImageError:
    text = " ".join(str(error).split()) or type(error).__name__
    return ImageError(f"cannot read the picture: {text}")


def _worth_saying(category: type[Warning]) -> bool:
    """Not what only programmers can mend."""
    return not issubclass(category, (DeprecationWarning, PendingDeprecationWarning, ResourceWarning))


def _from_pillow(image: Image.Image, notes: list[str], wide: NDArray[np.uint16] | None = None) -> Picture:
    """wide: the samples with 16 bits, of which the image has 8."""
    if (frames := getattr(image, "n_frames", 1)) > 1:
        notes.append(f"only the first of {frames} frames is coded")
    image.load()
    metadata = of_image(image, notes)
    if (turned := _orientation(image, notes)) in _UPRIGHT:
        image = image.transpose(_UPRIGHT[turned])
        wide = None if wide is None else _turned(wide, turned)
        notes.append("turned upright as its EXIF orientation says")
    if image.mode in ("P", "PA"):  # profiles are of colours, not of places in a palette
        image = _to_coded_mode(image, notes)
    if wide is not None:
        if wide.shape[2] == 2:
            image = image.convert("LA")
        elif wide.shape[2] != len(image.getbands()):
            image = _to_coded_mode(image, notes)
    before, (image, colour) = image, told(image, notes)
    if wide is not None and image is before:
        return Picture(np.ascontiguousarray(wide), tuple(dict.fromkeys(notes)), metadata, colour)
    if image.mode.startswith("I"):
        return Picture(_grey16(image, notes), tuple(dict.fromkeys(notes)), metadata, colour)
    image = _to_coded_mode(image, notes)
    return Picture(from_array(np.asarray(image)).samples, tuple(dict.fromkeys(notes)), metadata, colour)


def _turned(samples: NDArray[np.uint16], orientation: int) -> NDArray[np.uint16]:
    """Upright, by EXIF's orientation of 2 to 8."""
    if orientation >= 5:
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples


def _orientation(image: Image.Image, notes: list[str]) -> int:
    if exif := image.info.get("exif"):
        return orientation(exif)
    try:  # files that have it otherwise, such as TIFF
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # whatever a damaged directory makes Pillow raise; the pixels are sound
        notes.append("its EXIF data cannot be read and was ignored")
        return 1


def _grey16(image: Image.Image, notes: list[str]) -> NDArray[np.uint16]:
    """Shape (H, W, 1), or 2 where one level is transparent."""
    values = np.asarray(image)
    if values.dtype.itemsize > 2 and (values.min() < 0 or values.max() > 0xFFFF):
        raise ValueError("its samples have more than 16 bits")
    grey = values.astype(np.uint16)
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return grey[:, :, None]
    notes.append("its transparent colour became an alpha channel")
    return np.stack([grey, np.where(grey == transparent, 0, 0xFFFF).astype(np.uint16)], axis=2)


def _to_coded_mode(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.mode == "F":
        raise ValueError("floating-point samples")
    if image.mode in CODED_MODES and not image.has_transparency_data:
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
