"""Codecs that Pillow carries."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from PIL import Image, features
from PIL import __version__ as pillow_version

from .base import Codec, MissingCodecError, Rgb


class PillowCodec(Codec):
    """A codec reached through `Image.save`."""

    format: ClassVar[str]
    feature: ClassVar[str]

    @abstractmethod
    def options(self, point: str) -> dict[str, Any]:
        """Arguments of `Image.save` for a point."""

    def versions(self) -> dict[str, str]:
        if not features.check(self.feature):
            raise MissingCodecError(f"{self.name}: this Pillow was built without {self.feature}")
        return {"Pillow": pillow_version, self.feature: features.version(self.feature) or "unknown"}

    def encode(self, picture: Rgb, point: str) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, self.format, **self.options(point))
        return buffer.getvalue()

    def decode(self, data: bytes) -> Rgb:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


class Jpeg(PillowCodec):
    name, title = "jpeg", "JPEG"
    settings = "4:2:0, optimised Huffman tables (Pillow, quality = point)"
    points = ("3", "5", "8", "12", "20", "35", "55", "75", "88", "95")
    format, feature = "JPEG", "libjpeg_turbo"

    def options(self, point: str) -> dict[str, Any]:
        return {"quality": int(point), "subsampling": "4:2:0", "optimize": True}


class JpegDefault(Jpeg):
    name, title = "jpeg-default", "JPEG, default tables"
    settings = "4:2:0, default Huffman tables, as COIN's paper plots it (Pillow, quality = point)"

    def options(self, point: str) -> dict[str, Any]:
        return {"quality": int(point), "subsampling": "4:2:0"}


class Jpeg2000(PillowCodec):
    name, title = "jpeg2000", "JPEG 2000"
    settings = "9/7 wavelet, colour transform, one quality layer (Pillow's OpenJPEG, compression ratio = point)"
    points = ("400", "250", "160", "100", "64", "40", "25", "16", "10")
    format, feature = "JPEG2000", "jpg_2000"

    def options(self, point: str) -> dict[str, Any]:
        return {"irreversible": True, "mct": 1, "quality_mode": "rates", "quality_layers": [float(point)]}


class WebP(PillowCodec):
    name, title = "webp", "WebP"
    settings = "method 4, libwebp's default (Pillow, quality = point)"
    points = ("1", "5", "12", "25", "45", "65", "80", "90", "96")
    format, feature = "WEBP", "webp"

    def options(self, point: str) -> dict[str, Any]:
        return {"quality": int(point), "method": 4}


class Avif(PillowCodec):
    name, title = "avif", "AVIF"
    settings = "4:4:4, speed 6, tune=psnr, one thread (Pillow's libavif with aom, quality = point)"
    points = ("10", "20", "30", "40", "50", "60", "70", "80", "90")
    format, feature = "AVIF", "avif"
    tune: ClassVar[str] = "psnr"

    def options(self, point: str) -> dict[str, Any]:
        return {
            "quality": int(point),
            "subsampling": "4:4:4",
            "speed": 6,
            "max_threads": 1,
            "codec": "aom",
            "advanced": {"tune": self.tune},
        }


class AvifEye(Avif):
    name, title = "avif-eye", "AVIF for the eye"
    settings = "4:4:4, speed 6, tune=ssimulacra2, one thread (Pillow's libavif with aom, quality = point)"
    points = ("1", "10", "20", "30", "40", "50", "60", "70", "80")
    tune = "ssimulacra2"
