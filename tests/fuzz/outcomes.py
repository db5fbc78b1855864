"""What becomes of a file: a picture, one clear error of ours, or a finding."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

import coincodec
import coincodec.plugins.pillow
import second
from coincodec import CoincodecError, FormatError, Limits, PartialWarning, codec
from coincodec.errors import LimitError, UsageError
from conformance import first
from second.limits import Limits as SecondLimits
from second.refusal import TooLarge

# What is looked at is as small as it is common.
LIMITS = Limits(pixels=2**14, macs=2**27, metadata=2**16)

# Latents and weights that the second decoder reads in no time.
SECOND = SecondLimits(pixels=2**11, multiply_accumulates=2**23, unpacked=2**16)


# Pixels of a band.
SMALL_BAND = 100


class Finding(Exception):
    """Neither a picture nor an error of ours."""


def _rows(data: bytes) -> None:
    """In bands of a few rows, as pictures larger than memory are decoded."""
    with coincodec.open(io.BytesIO(data)) as file:
        whole = file.decode(limits=LIMITS)
        usual, codec._BAND = codec._BAND, SMALL_BAND
        try:
            rows = np.concatenate(list(file.rows(limits=LIMITS)))
        finally:
            codec._BAND = usual
    if not np.array_equal(rows, whole):
        raise Finding("bands of rows are not what the whole picture has there")


def _about(data: bytes) -> None:
    with coincodec.open(io.BytesIO(data)) as file:
        name = file.colour.name
        assert name
        file.colour.profile(file.channels <= 2)
        file.metadata(limits=LIMITS)
    coincodec.info(data, limits=LIMITS)


def _pillow(data: bytes) -> None:
    with Image.open(io.BytesIO(data), formats=["COIN"]) as image:
        if image.width * image.height <= LIMITS.pixels:
            image.load()


def _previews(data: bytes) -> None:
    for preview in coincodec.progressive(data, limits=LIMITS):
        assert preview.samples.size


def _partial(data: bytes) -> None:
    coincodec.decode(data[: len(data) * 3 // 4], partial=True, limits=LIMITS)


def _region(data: bytes) -> None:
    file = coincodec.open(io.BytesIO(data))
    width, height = file.size
    box = (width // 3, height // 2, width // 3 + 1 + width // 2, height // 2 + 1)
    part = coincodec.decode(data, region=box, limits=LIMITS)
    whole = coincodec.decode(data, limits=LIMITS)
    if not np.array_equal(part, whole[box[1] : box[3], box[0] : box[2]]):
        raise Finding("a region is not what the whole picture has there")


REQUESTS: dict[str, Callable[[bytes], Any]] = {
    "decode": lambda data: coincodec.decode(data, limits=LIMITS),
    "srgb": lambda data: coincodec.decode(data, srgb=True, limits=LIMITS),
    "region": _region,
    "draft": lambda data: coincodec.decode(data, scale=0.3, draft=True, limits=LIMITS),
    "larger": lambda data: coincodec.decode(data, scale=1.7, limits=LIMITS),
    "partial": _partial,
    "previews": _previews,
    "rows": _rows,
    "about": _about,
    "pillow": _pillow,
}


def outcome(request: str, data: bytes) -> str:
    """ "a picture", or the error without its numbers. Raises `Finding`."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", PartialWarning)
        try:
            REQUESTS[request](data)
        except (FormatError, UsageError) as error:
            return _named(request, error)
        except Image.UnidentifiedImageError:
            return "pillow: unidentified"
        except Finding:
            raise
        except Exception as error:
            if request == "pillow" and isinstance(error, OSError | Image.DecompressionBombError):
                return f"pillow: {type(error).__name__}"
            raise Finding(f"{request}: {type(error).__name__}: {error}") from error
    return f"{request}: a picture"


def _named(request: str, error: CoincodecError) -> str:
    text = str(error)
    if not text or "\n" in text:
        raise Finding(f"{request}: an error of no line or of several: {text!r}")
    return (
        f"{request}: {type(error).__name__}: {re.sub(r'[0-9][0-9,.e+]*', '#', re.sub(r'damaged: .*', 'damaged', text))}"
    )


def compare(data: bytes) -> str:
    """Both decoders on one file. Raises `Finding` where they do not agree."""
    try:
        picture = second.decode(data, SECOND)
    except TooLarge:
        return "differential: too large"
    except second.Refused as refused:
        try:
            coincodec.decode(data, limits=LIMITS)
        except FormatError:
            return "differential: both refuse"
        raise Finding(f"the second decoder alone refuses it: {refused}") from None
    try:
        samples = coincodec.decode(data, limits=LIMITS)
        integers = first.digest(first.integers(data))
    except LimitError:
        return "differential: too large"
    except FormatError as error:
        raise Finding(f"coincodec alone refuses it: {error}") from None
    if integers != first.digest(list(picture.integers.values())):
        raise Finding("both decoders read it, but not the same integers")
    if not picture.within(samples.reshape(picture.samples.shape)):
        raise Finding("both decoders read it, but other samples")
    return "differential: the same"
