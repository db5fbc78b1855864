"""The codecs the bench can run, by name."""

from __future__ import annotations

from ...errors import UsageError
from .base import Codec, MissingCodecError, Rgb
from .coin import (
    CoinLatent,
    CoinLatentBest,
    CoinLatentBestEye,
    CoinLatentEye,
    CoinLatentFast,
    CoinLatentFastEye,
    CoinLatentInstant,
    CoinLatentInstantEye,
    CoinSiren,
    CoinSirenBest,
    CoinSirenFast,
    CoinSirenHalf,
)
from .compressai import Bms, Cst, Mbt
from .external import Bpg, Vtm
from .ffmpeg import Hevc, Vvc, VvcEye
from .heic import Heic
from .jxl import JpegXl
from .pillow import Avif, AvifEye, Jpeg, Jpeg2000, JpegDefault, WebP

REGISTRY: dict[str, type[Codec]] = {
    codec.name: codec
    for codec in (
        *(CoinSiren, CoinSirenFast, CoinSirenBest, CoinSirenHalf),
        *(CoinLatent, CoinLatentFast, CoinLatentInstant, CoinLatentBest),
        *(CoinLatentEye, CoinLatentFastEye, CoinLatentInstantEye, CoinLatentBestEye),
        *(Jpeg, JpegDefault, Jpeg2000, WebP, Avif, AvifEye, JpegXl, Heic, Hevc, Bpg, Vvc, VvcEye, Vtm),
        *(Bms, Mbt, Cst),
    )
}


def make(name: str) -> Codec:
    """The codec of that name. Raises `UsageError` if there is none."""
    if name not in REGISTRY:
        raise UsageError(f"unknown codec {name!r}; there are {', '.join(REGISTRY)}")
    return REGISTRY[name]()


__all__ = ["REGISTRY", "Codec", "MissingCodecError", "Rgb", "make"]
