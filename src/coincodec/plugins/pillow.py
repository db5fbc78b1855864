"""Pillow reads and writes .coin files once this module is imported.

>>> import coincodec.plugins.pillow
>>> Image.open("photo.png").save("photo.coin", bpp=0.3)
>>> Image.open("photo.coin").size

`Image.open` reads the header and the metadata alone; `load` decodes, after `draft` or within `thumbnail` to a smaller
picture. Options of `save` are those of `coincodec.encode`, and `icc_profile`, `exif`, `xmp`, `dpi` and `srgb`. Pillow
has no mode for colour of 16 bits, so such files open with 8.
"""

from __future__ import annotations

import warnings
from dataclasses import fields
from typing import IO, Any

import numpy as np
from PIL import Image, ImageFile

from .. import codec, colour, container, image, metadata
from ..errors import CoincodecError, ConversionWarning, FormatError, ImageError, ShortfallWarning
from ..files import EXTENSION
from ..limits import DEFAULT_LIMITS
from ..options import DecodeOptions, EncodeOptions

FORMAT, MIME_TYPE = "COIN", "image/x-coin"

# What else than a profile tells of colours in a Pillow image's `info`.
_COLOUR = (image.CICP, "gamma", "chromaticity", "srgb")

_MODES = ("L", "LA", "RGB", "RGBA")


class CoinImageFile(ImageFile.ImageFile):
    """A .coin file as Pillow sees it."""

    format = FORMAT
    format_description = "COIN, a picture as a function"

    # What is not `_open`'s is decoded: copies and pickles hold pixels.
    _decoded = True

    def _open(self) -> None:
        assert self.fp is not None
        start = self.fp.read(container.MAX_HEADER_BYTES)
        try:
            layout = container.read_layout(start)
        except FormatError as error:
            # How a plugin says that a file is not one it can open.
            raise SyntaxError(str(error)) from error
        header = layout.header
        try:
            self.info.update(_info(self.fp, layout))
        except FormatError as error:
            raise SyntaxError(str(error)) from error
        self._size = (header.width, header.height)
        self._mode = "I;16" if (header.channels, header.bit_depth) == (1, 16) else _MODES[header.channels - 1]
        self._decoded = False
        self.tile = []

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> tuple[str, tuple[int, int, float, float]] | None:
        """Makes the picture smaller by the largest power of two that leaves both sides at least twice those of `size`.

        `thumbnail` calls it with twice its own, and reduces what comes in another way than decoding does: of four times
        as many pixels a side that makes no difference to see. mode: no other than the picture's own is offered.
        """
        if size is None or self._decoded or self.tile:
            return None
        scale, (width, height) = 1, self.size
        while (
            -(-width // (2 * scale)) >= 2 * size[0]
            and -(-height // (2 * scale)) >= 2 * size[1]
            and scale < max(self.size)
        ):
            scale *= 2
        if scale == 1:
            return None
        self._size = (-(-width // scale), -(-height // scale))
        width, height = self._size
        return self.mode, (0, 0, float(width), float(height))

    def verify(self) -> None:
        """Compares every checksum of the file, as far as its end. Raises OSError for a damaged one.

        The picture must be opened again after that, as with Pillow's own formats.
        """
        if self.fp is None:
            raise RuntimeError("verify must be called directly after open")
        self.fp.seek(0)
        try:
            container.read(self.fp.read())
        except CoincodecError as error:
            raise OSError(f"{error}") from error
        finally:
            if self._exclusive_fp:
                self.fp.close()
            self.fp = None

    def load(self) -> Any:
        """Decodes the picture, once. Raises OSError for a damaged file, as Pillow does."""
        if not self._decoded and self.fp is not None:
            self.fp.seek(0)
            try:
                samples = codec.decode(self.fp.read(), DecodeOptions(size=self.size))
            except CoincodecError as error:
                raise OSError(f"{error}") from error
            if samples.dtype == np.uint16 and self.mode != "I;16":
                samples = image.to_8_bits(samples)
            self.im = image.to_pillow(samples).im
            self._decoded = True
            if self._exclusive_fp:
                self.fp.close()
            self.fp = None
        return super().load()


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(container.SIGNATURE)


def _save(picture: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    known = {field.name for field in fields(EncodeOptions)}
    told: dict[str, Any] = picture.encoderinfo
    options = {name: value for name, value in told.items() if name in known}
    picture = _as_told(picture, told)
    try:
        coded = image.from_pillow(picture)
    except ImageError as error:
        raise OSError(f"cannot write this picture as {FORMAT}: {error}") from error
    if told.get("srgb"):
        coded = image.in_srgb(coded)
    for note in coded.notes:
        warnings.warn(note, ConversionWarning, stacklevel=3)
    encoded = codec.encode_samples(coded.samples, EncodeOptions(**options), None, coded.metadata, coded.colour)
    for note in encoded.notes:
        warnings.warn(note, ShortfallWarning, stacklevel=3)
    file.write(encoded.data)


def _as_told(picture: Image.Image, told: dict[str, Any]) -> Image.Image:
    """The same pixels with what arguments of `save` say of them; None for nothing, or sRGB."""
    given = {name: told[name] for name in ("icc_profile", "exif", "xmp", "dpi") if name in told}
    if not given:
        return picture
    other = picture.copy()
    if "icc_profile" in given:
        for name in _COLOUR:
            other.info.pop(name, None)
    for name, value in given.items():
        other.info.pop(name, None)
        if value is not None:
            other.info[name] = value.tobytes() if isinstance(value, Image.Exif) else value
    return other


def _info(file: IO[bytes], layout: container.Layout) -> dict[str, Any]:
    """What a stream says besides the picture, as Pillow's own formats have it; damaged metadata is left out.

    Raises `FormatError` for a damaged colour space.
    """
    sections = []
    for kind, offset, length in layout.sections:
        if kind in (*metadata.KINDS, *colour.KINDS):
            file.seek(offset)
            sections.append(container.Section(kind, file.read(min(length, DEFAULT_LIMITS.metadata))))
    space = colour.of_sections(sections, DEFAULT_LIMITS.metadata)
    try:
        extras = metadata.of_sections(sections, DEFAULT_LIMITS.metadata)
    except FormatError:
        extras = metadata.NOTHING
    return image.info(extras, space, layout.header.channels <= 2)


def register() -> None:
    """Makes the format known to Pillow. Importing the module has done it; again does no harm."""
    Image.register_open(FORMAT, CoinImageFile, _accept)
    Image.register_save(FORMAT, _save)
    Image.register_extension(FORMAT, EXTENSION)
    Image.register_mime(FORMAT, MIME_TYPE)


register()
