"""HEIC, through pillow-heif."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from .base import Codec, MissingCodecError, Rgb


class Heic(Codec):
    name, title = "heic", "HEIC"
    settings = "4:4:4, preset slow, tune=psnr (pillow-heif's libheif with x265, quality = point)"
    points = ("5", "12", "20", "28", "36", "44", "52", "60", "70")

    def versions(self) -> dict[str, str]:
        try:
            import pillow_heif
        except ImportError:
            raise MissingCodecError("heic: pip install pillow-heif") from None
        found = pillow_heif.libheif_info()
        return {
            "pillow-heif": pillow_heif.__version__,
            "libheif": str(found["libheif"]),
            "x265": str(found["encoders"].get("x265", "unknown")),
        }

    def encode(self, picture: Rgb, point: str) -> bytes:
        import pillow_heif

        buffer = io.BytesIO()
        file = pillow_heif.from_pillow(Image.fromarray(picture))
        file.save(buffer, quality=int(point), chroma=444, enc_params={"preset": "slow", "tune": "psnr"})
        return buffer.getvalue()

    def decode(self, data: bytes) -> Rgb:
        import pillow_heif

        return np.asarray(pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True))[:, :, :3]
