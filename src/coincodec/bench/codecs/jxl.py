"""JPEG XL, through imagecodecs."""

from __future__ import annotations

import numpy as np

from .base import Codec, MissingCodecError, Rgb


class JpegXl(Codec):
    name, title = "jxl", "JPEG XL"
    settings = "VarDCT, effort 7, one thread (imagecodecs' libjxl, Butteraugli distance = point)"
    points = ("15", "10", "7", "4.5", "3", "2", "1.2", "0.7")

    def versions(self) -> dict[str, str]:
        try:
            import imagecodecs
        except ImportError:
            raise MissingCodecError("jxl: pip install imagecodecs") from None
        if not imagecodecs.JPEGXL.available:
            raise MissingCodecError("jxl: this imagecodecs was built without libjxl")
        return {"imagecodecs": imagecodecs.__version__, "libjxl": imagecodecs.jpegxl_version().removeprefix("libjxl ")}

    def encode(self, picture: Rgb, point: str) -> bytes:
        import imagecodecs

        return bytes(imagecodecs.jpegxl_encode(picture, distance=float(point), effort=7, numthreads=1))

    def decode(self, data: bytes) -> Rgb:
        import imagecodecs

        return np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1))
