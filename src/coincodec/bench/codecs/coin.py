"""coincodec itself, through its public face."""

from __future__ import annotations

import platform
from typing import Any, ClassVar

import numpy as np

import coincodec

from ... import native
from .base import Codec, Rgb


class CoinSiren(Codec):
    """The `siren` family at a preset; points are bits per pixel."""

    name, title = "coin:siren", "coincodec siren"
    preset = "default"
    settings = "preset default, model siren, integer weights, bpp = point"
    points: ClassVar[tuple[str, ...]] = ("0.02", "0.04", "0.08", "0.16", "0.32")

    def __init__(self) -> None:
        self.threads = native.resolve_threads(None)

    def versions(self) -> dict[str, str]:
        return {
            "coincodec": coincodec.__version__,
            "NumPy": np.__version__,
            "instruction set": native.selected_isa(),
            "machine": platform.machine(),
        }

    def options(self, point: str) -> dict[str, Any]:
        """What `coincodec.encode` is asked for at a point."""
        return {"model": "siren", "preset": self.preset, "bpp": float(point)}

    def encode(self, picture: Rgb, point: str) -> bytes:
        return coincodec.encode(picture, **self.options(point))

    def encode_within(self, picture: Rgb, size: int) -> bytes:
        options = self.options(self.points[0])
        asked = {name: options[name] for name in ("model", "preset", "tune") if name in options}
        return coincodec.encode(picture, **asked, bytes=size)

    def decode(self, data: bytes) -> Rgb:
        return np.asarray(coincodec.decode(data))


class CoinSirenFast(CoinSiren):
    name, title = "coin:siren-fast", "coincodec siren, fast"
    preset = "fast"
    settings = "preset fast, model siren, integer weights, bpp = point"


class CoinSirenBest(CoinSiren):
    name, title = "coin:siren-best", "coincodec siren, best"
    preset = "best"
    settings = "preset best, model siren, integer weights, bpp = point"


class CoinSirenHalf(CoinSiren):
    """The paper's format and networks; points are depth x width."""

    name, title = "coin:siren-fp16", "coincodec siren, half floats"
    settings = (
        "preset default, 8,000 steps for 10x40 and 18,000 for 13x49, model siren, half-float weights "
        "(depth x width = point)"
    )
    points: ClassVar[tuple[str, ...]] = ("7x11", "5x20", "5x30", "10x28", "10x40", "13x49")
    steps: ClassVar[dict[str, int]] = {"10x40": 8000, "13x49": 18_000}

    def options(self, point: str) -> dict[str, Any]:
        layers, width = map(int, point.split("x"))
        steps = {"steps": self.steps[point]} if point in self.steps else {}
        return {"model": "siren", "preset": self.preset, "weights": "fp16", "layers": layers, "width": width, **steps}


class CoinLatent(CoinSiren):
    """The `latent` family at a preset; points are prices of a bit, as Cool-chic's published points are."""

    name, title = "coin:latent", "coincodec latent"
    settings = "preset default, model latent, lambda = point"
    points: ClassVar[tuple[str, ...]] = ("0.02", "0.006", "0.002", "0.0007", "0.00025")
    tune = "psnr"

    def options(self, point: str) -> dict[str, Any]:
        return {"model": "latent", "preset": self.preset, "tune": self.tune, "lambda_": float(point)}


class CoinLatentFast(CoinLatent):
    name, title = "coin:latent-fast", "coincodec latent, fast"
    preset = "fast"
    settings = "preset fast, model latent, lambda = point"


class CoinLatentInstant(CoinLatent):
    name, title = "coin:latent-instant", "coincodec latent, instant"
    preset = "instant"
    settings = "preset instant, model latent, lambda = point"


class CoinLatentBest(CoinLatent):
    name, title = "coin:latent-best", "coincodec latent, best"
    preset = "best"
    settings = "preset best, model latent, lambda = point"


class CoinLatentEye(CoinLatent):
    """The same, fitted for eyes; its points are prices too, of a weighted error."""

    name, title = "coin:latent-eye", "coincodec latent, eye"
    settings = "preset default, model latent, tune eye, lambda = point"
    points: ClassVar[tuple[str, ...]] = ("0.006", "0.002", "0.0007", "0.00025", "0.0001")
    tune = "eye"


class CoinLatentFastEye(CoinLatentEye):
    name, title = "coin:latent-fast-eye", "coincodec latent, fast, eye"
    preset = "fast"
    settings = "preset fast, model latent, tune eye, lambda = point"


class CoinLatentInstantEye(CoinLatentEye):
    name, title = "coin:latent-instant-eye", "coincodec latent, instant, eye"
    preset = "instant"
    settings = "preset instant, model latent, tune eye, lambda = point"


class CoinLatentBestEye(CoinLatentEye):
    name, title = "coin:latent-best-eye", "coincodec latent, best, eye"
    preset = "best"
    settings = "preset best, model latent, tune eye, lambda = point"
