"""What a picture's file says of its colours, and samples in other colours than sRGB for whoever wants that."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from ..colour import SRGB, Colour, to_srgb
from ..colour.icc import code_points, of_chromaticities
from ..colour.points import PRIMARIES, TRANSFERS
from ..container import length_of
from ..errors import UnsupportedError
from .codepoints import CICP
from .picture import Picture, Samples, to_8_bits

# Modes that are coded as they are.
CODED_MODES = ("L", "LA", "RGB", "RGBA")

# Modes whose numbers become others on the way to a coded one, which a profile then says nothing about.
_INKS = ("CMYK", "LAB", "YCbCr", "HSV")

# Code points that a profile is compared with, by its numbers: the usual ones of displays.
_USUAL = [Colour(p, t) for t in (13, 1, 4, 8) for p in (1, 12, 9, 11) if (p, t) != (1, 13)]
_USUAL_GREY = [Colour(1, t) for t in (1, 4, 8, 16, 18)]

# What PNG calls sRGB's curve and primaries (gAMA, cHRM), and how far off still counts as those.
_GAMMA, _GAMMA_OFF, _CHROMATICITY_OFF = 1 / 2.2, 0.005, 0.002

# Bytes of a profile that are worth a word. Those of primaries and curves take 300 to 500.
_LARGE = 4096

# Levels by which a conversion may move a colour that is in no need of one.
_SAME = 2

# Curves that a file may tell: of larger exponents little would be left to see.
_LEAST_GAMMA, _MOST_GAMMA = 0.1, 4.0


def told(image: Image.Image, notes: list[str]) -> tuple[Image.Image, Colour]:
    """What the numbers of a Pillow image mean; the image in other numbers where they have no colour space of ours."""
    points = image.info.get(CICP)
    if points is not None and image.mode not in _INKS:
        if points[0] in PRIMARIES and points[1] in TRANSFERS:
            return image, _plain(*points)
        notes.append("its colour space (primaries {}, transfer {}) is unknown and was ignored".format(*points))
    if data := image.info.get("icc_profile"):
        try:
            return _by_profile(image, data, notes)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes.append("an ICC profile that cannot be used was ignored")
            return image, SRGB
    return image, SRGB if "srgb" in image.info else _by_gamma(image, notes)


def as_srgb(samples: Samples, colour: Colour, notes: list[str]) -> Samples:
    """Samples of shape (H, W, C) as sRGB; those of a profile with the precision of 8 bits, which a note says.

    Raises `UnsupportedError` for colours that cannot be converted.
    """
    if colour == SRGB:
        return samples
    notes.append(f"converted to sRGB from {colour.name}")
    if colour.icc is None:
        return cast(Samples, to_srgb(samples, colour))
    deep = samples.dtype == np.uint16
    if deep:
        notes.append("with the precision of 8 bits")
    eight = to_8_bits(samples)
    colours = eight.shape[2] - (eight.shape[2] % 2 == 0)
    image = Image.fromarray(np.ascontiguousarray(eight[:, :, 0] if colours == 1 else eight[:, :, :3]))
    out = eight.copy()
    try:
        converted = np.asarray(_through(image, ImageCms.ImageCmsProfile(io.BytesIO(colour.icc)), _srgb()))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        raise UnsupportedError(f"the {colour.name} cannot be converted to sRGB: {error}") from None
    out[:, :, :colours] = converted[:, :, 1:2] if colours == 1 else converted
    if not deep:
        return out
    wide = out.astype(np.uint16) * np.uint16(257)
    wide[:, :, colours:] = samples[:, :, colours:]
    return wide


def in_srgb(picture: Picture) -> Picture:
    """The same picture in the colours of sRGB, its notes telling of that."""
    notes = list(picture.notes)
    samples = as_srgb(picture.samples, picture.colour, notes)
    return replace(picture, samples=samples, colour=SRGB, notes=tuple(notes))


def _plain(primaries: int, transfer: int) -> Colour:
    """Code points, of which some that differ mean the same."""
    return Colour(primaries, 1 if transfer in (6, 14, 15) else transfer)


def _by_profile(image: Image.Image, data: bytes, notes: list[str]) -> tuple[Image.Image, Colour]:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
    kind = profile.profile.xcolor_space.strip()
    if image.mode in _INKS:
        return _from_inks(image, profile, notes), SRGB
    grey = image.mode in ("L", "LA", "La", "1") or image.mode.startswith("I")
    if kind not in ("RGB", "GRAY") or (kind == "GRAY" and not grey):
        raise ValueError("a profile of another kind of picture")
    seen = _seen(profile, kind, grey)
    if _same(seen, _usual_seen(SRGB, "RGB", grey)):
        return image, SRGB
    points = code_points(data)
    if points is not None and points[0] in PRIMARIES and points[1] in TRANSFERS:
        return image, _plain(*points)
    for usual in _USUAL_GREY if grey else _USUAL:
        if _same(seen, _usual_seen(usual, kind, grey)):
            return image, usual
    if grey and kind == "RGB":
        notes.append("grey became RGB, whose profile it has")
        image = image.convert("RGBA" if image.mode in ("LA", "La") else "RGB")
    colour = Colour.of_profile(data)
    if (taken := length_of(colour.sections())) > _LARGE:
        notes.append(f"its ICC profile takes {taken:,} bytes of the file; converted to sRGB it would take none")
    return image, colour


def _from_inks(image: Image.Image, profile: ImageCms.ImageCmsProfile, notes: list[str]) -> Image.Image:
    """CMYK and the like as sRGB."""
    converted = ImageCms.profileToProfile(image, profile, _srgb(), outputMode="RGB")
    assert converted is not None
    notes.append(f"converted to sRGB from the ICC profile {ImageCms.getProfileDescription(profile).strip()!r}")
    return converted


def _by_gamma(image: Image.Image, notes: list[str]) -> Colour:
    """What PNG's gAMA and cHRM say, where there is nothing better."""
    gamma: float | None = image.info.get("gamma")
    corners = image.info.get("chromaticity")
    srgb = PRIMARIES[1]
    if corners is not None:
        corners = [tuple(corners[i : i + 2]) for i in (2, 4, 6, 0)]
        usual = (srgb.red, srgb.green, srgb.blue, srgb.white)
        if image.mode in ("1", "L", "LA") or np.abs(np.subtract(corners, usual)).max() <= _CHROMATICITY_OFF:
            corners = None
    if gamma is not None and not _LEAST_GAMMA <= gamma <= _MOST_GAMMA:
        notes.append(f"its gamma of {gamma:.3g} (gAMA) is impossible and was ignored")
        gamma = None
    if gamma is None or abs(gamma - _GAMMA) <= _GAMMA_OFF:
        if corners is None:
            return SRGB
        gamma = _GAMMA
    if corners is None and abs(gamma - 1) <= _GAMMA_OFF:
        return Colour(1, 8)
    try:
        primaries = corners or (srgb.red, srgb.green, srgb.blue, srgb.white)
        profile = of_chromaticities(*primaries, gamma=1 / gamma, grey=image.mode in ("1", "L", "LA"))
        found, colour = _by_profile(image, profile, [])
        return colour if found.mode == image.mode else SRGB
    except (ImageCms.PyCMSError, ArithmeticError, np.linalg.LinAlgError, OSError, ValueError):
        notes.append("its primaries (cHRM) are impossible and were ignored")
        return SRGB


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.createProfile("sRGB")  # type: ignore[return-value]  # it is a core profile, which does as well


def _through(image: Image.Image, source: Any, target: Any) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, source, target, renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB"
    )
    assert converted is not None
    return converted


def _seen(profile: Any, kind: str, grey: bool) -> NDArray[np.int16]:
    """What a profile of RGB or GRAY makes of a chart. grey: of levels of grey."""
    chart = _chart(grey)
    return np.asarray(_through(chart.convert("RGB") if kind == "RGB" else chart, profile, _wide()), np.int16)


@cache
def _usual_seen(colour: Colour, kind: str, grey: bool) -> NDArray[np.int16]:
    """The same of code points."""
    profile = colour.profile(kind == "GRAY")
    return _seen(_srgb() if profile is None else ImageCms.ImageCmsProfile(io.BytesIO(profile)), kind, grey)


def _same(seen: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    return bool(np.abs(seen - other).max() <= _SAME)


@cache
def _wide() -> ImageCms.ImageCmsProfile:
    """A space in which nothing that is compared is clipped."""
    profile = Colour(9, 13).profile(False)
    assert profile is not None
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


@cache
def _chart(grey: bool) -> Image.Image:
    """All levels of grey, or colours throughout the cube and all levels of its axes."""
    levels = np.arange(256, dtype=np.uint8)
    if grey:
        return Image.fromarray(levels[None])
    cube = np.array(list(product(range(0, 256, 51), repeat=3)), np.uint8)
    axes = [levels[:, None] * np.array(axis, np.uint8) for axis in ((1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))]
    return Image.fromarray(np.concatenate([cube, *axes])[None])
