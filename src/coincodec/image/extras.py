"""EXIF, XMP and resolution between Pillow's images and a stream's metadata."""

from __future__ import annotations

import math
from typing import Any

from PIL import Image, PngImagePlugin

from ..colour import SRGB, Colour
from ..metadata import BEFORE_EXIF, Metadata, upright

_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _INCHES = 0x011A, 0x011B, 0x0128, 2

# What readers say of files that say nothing.
_USUAL_DPI = (72, 72)

# What formats' writers take.
_HOLDS = {
    "AVIF": ("exif", "xmp", "icc_profile"),
    "JPEG": ("exif", "xmp", "dpi", "icc_profile"),
    "PNG": ("exif", "xmp", "dpi", "icc_profile"),
    "TIFF": ("exif", "dpi", "icc_profile"),
    "WEBP": ("exif", "xmp", "icc_profile"),
}

# Of the text in a PNG that is XMP.
XMP_KEYWORD = "XML:com.adobe.xmp"


def of_image(image: Image.Image, notes: list[str]) -> Metadata:
    """What a Pillow image says besides its pixels; its orientation counts as applied. Notes tell what is not sound."""
    exif = image.info.get("exif") or None
    if exif is not None:
        try:
            exif = upright(exif)
        except ValueError:
            notes.append("its EXIF data cannot be read and was ignored")
            exif = None
    xmp = image.info.get("xmp") or None
    dpi = _dots(image.info.get("dpi"))
    if dpi == _USUAL_DPI or (exif is not None and dpi == _dots(_of_exif(exif))):
        dpi = None
    return Metadata(exif, xmp.encode() if isinstance(xmp, str) else xmp, dpi)


def info(metadata: Metadata, colour: Colour, grey: bool) -> dict[str, Any]:
    """Both as part of the `info` of a Pillow image, where Pillow's own formats have it. grey: without colours."""
    found: dict[str, Any] = {}
    if (profile := colour.profile(grey)) is not None:
        found["icc_profile"] = profile
    if metadata.exif is not None:
        found["exif"] = BEFORE_EXIF + metadata.exif
    if metadata.xmp is not None:
        found["xmp"] = metadata.xmp
    dpi = metadata.dpi if metadata.exif is None else metadata.dpi or _of_exif(metadata.exif)
    if dpi is not None:
        found["dpi"] = dpi
    return found


def saving(metadata: Metadata, colour: Colour, grey: bool, format: str) -> dict[str, Any]:
    """Arguments of Pillow's `save` for them; nothing for formats that hold none."""
    options = {name: value for name, value in info(metadata, colour, grey).items() if name in _HOLDS.get(format, ())}
    if format == "PNG":
        options["pnginfo"] = chunks = PngImagePlugin.PngInfo()
        if (points := code_points(colour)) is not None:
            chunks.add(b"cICP", points)
        if metadata.xmp is not None:
            chunks.add_itxt(XMP_KEYWORD, metadata.xmp.decode("utf-8", "replace"))
    return options


def code_points(colour: Colour) -> bytes | None:
    """The contents of PNG's cICP chunk: RGB at full range. sRGB needs none."""
    return None if colour == SRGB or colour.icc is not None else bytes((colour.primaries, colour.transfer, 0, 1))


def lost(metadata: Metadata, colour: Colour, format: str) -> list[str]:
    """What files of a format cannot hold of them."""
    holds = _HOLDS.get(format, ())
    names = [name.upper() for name in ("exif", "xmp") if getattr(metadata, name) and name not in holds]
    notes = [f"{format} files are written without {' and '.join(names)}"] if names else []
    if colour != SRGB and "icc_profile" not in holds:
        notes.append(
            f"{format} files do not say that their colours are {colour.name}; converted to sRGB they would look right"
        )
    return notes


def _dots(dpi: Any) -> tuple[float, float] | None:
    """A resolution to a hundredth, if it is one."""
    try:
        x, y = (round(float(value), 2) for value in dpi)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
    return (x, y) if x > 0 and y > 0 and math.isfinite(x + y) else None


def _of_exif(exif: bytes) -> tuple[float, float] | None:
    tags = Image.Exif()
    try:
        tags.load(BEFORE_EXIF + exif)
        if tags.get(_RESOLUTION_UNIT, _INCHES) != _INCHES:
            return None
        return float(tags[_X_RESOLUTION]), float(tags[_Y_RESOLUTION])
    except Exception:  # whatever a damaged directory makes Pillow raise
        return None
