"""What the numbers of a picture mean as colours, and how they become sRGB."""

from __future__ import annotations

import io
from functools import cache
from itertools import product
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageCms

# Modes that are coded as they are.
CODED_MODES = ("L", "LA", "RGB", "RGBA")

# What PNG calls sRGB's curve and primaries (gAMA, cHRM), and how far off still counts as those.
_GAMMA, _GAMMA_OFF = 0.45455, 0.005
_CHROMATICITIES, _CHROMATICITY_OFF = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06), 0.002

# Where the code points of a PNG's colour space are put among a Pillow image's `info`: (primaries, transfer).
CICP = "cicp"

# Levels by which a conversion may move a colour that is in no need of one.
_SAME = 2


def to_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    """Converts an image with an ICC profile to sRGB grey or RGB, alpha kept apart.

    Profiles whose numbers are those of sRGB change nothing, whatever they are called. Colours that a PNG tells
    without a profile are not converted, which a note says.
    """
    data = image.info.get("icc_profile")
    if not data:
        _say_what_is_ignored(image, notes)
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        name = ImageCms.getProfileDescription(profile).strip()
        if image.mode in CODED_MODES and is_srgb(profile, image.mode[:1] == "L"):
            return image
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
        colour = image.convert(image.mode[:-1]) if alpha else image
        converted = ImageCms.profileToProfile(colour, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        assert converted is not None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append("an ICC profile that cannot be used was ignored")
        return image
    if colour.mode == "L":
        converted = converted.getchannel("G")
    if alpha is not None:
        converted.putalpha(alpha)
    notes.append(f"converted to sRGB from the ICC profile {name!r}")
    return converted


def is_srgb(profile: ImageCms.ImageCmsProfile, grey: bool) -> bool:
    """Whether the numbers of a profile are sRGB's: a chart of colours stays as it is when it is converted.

    Raises `ImageCms.PyCMSError` for a profile of another kind of picture.
    """
    chart = _chart(grey)
    converted = ImageCms.profileToProfile(chart, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted is not None
    off = np.asarray(converted, np.int16) - np.asarray(chart.convert("RGB"), np.int16)
    return bool(np.abs(off).max() <= _SAME)


@cache
def _chart(grey: bool) -> Image.Image:
    """All levels of grey, or colours throughout the cube and all levels of its axes."""
    levels = np.arange(256, dtype=np.uint8)
    if grey:
        return Image.fromarray(levels[None])
    cube = np.array(list(product(range(0, 256, 51), repeat=3)), np.uint8)
    axes = [levels[:, None] * np.array(axis, np.uint8) for axis in ((1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))]
    return Image.fromarray(np.concatenate([cube, *axes])[None])


def _say_what_is_ignored(image: Image.Image, notes: list[str]) -> None:
    gamma, chromaticities = image.info.get("gamma"), image.info.get("chromaticity")
    if "srgb" in image.info:  # PNG's own word for it, which comes before the others
        return
    if gamma is not None and abs(gamma - _GAMMA) > _GAMMA_OFF:
        notes.append(f"its gamma of {gamma:.3g} (gAMA) was ignored; it counts as sRGB")
    if (code_points := image.info.get(CICP)) not in (None, (1, 13)):
        notes.append("its colour space (cICP, primaries {}, transfer {}) was ignored".format(*code_points))
    if chromaticities is not None and np.abs(np.subtract(chromaticities, _CHROMATICITIES)).max() > _CHROMATICITY_OFF:
        notes.append("its primaries (cHRM) were ignored; it counts as sRGB")


def png_colour(file: BinaryIO) -> dict[str, Any]:
    """What Pillow does not tell of a PNG's colours, as part of its `info`; nothing for other files."""
    file.seek(0)
    if file.read(8) != b"\x89PNG\r\n\x1a\n":
        return {}
    while len(head := file.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
        length = int.from_bytes(head[:4], "big")
        if head[4:] == b"cICP" and length == 4:
            return {CICP: tuple(file.read(2))}
        file.seek(length + 4, 1)
    return {}
