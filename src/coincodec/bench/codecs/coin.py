"""coincodec itself, through its public face."""

from __future__ import annotations

import platform
from typing import ClassVar

import numpy as np

import coincodec

from ... import native
from .base import Codec, Rgb


class CoinSiren(Codec):
    name, title = "coin:siren", "coincodec siren"
    settings = "preset default, half-float weights (depth x width = point, the paper's networks)"
    points: ClassVar[tuple[str, ...]] = ("5x20", "5x30", "10x28", "10x40", "13x49")

    def __init__(self) -> None:
        self.threads = native.resolve_threads(None)

    def versions(self) -> dict[str, str]:
        return {
            "coincodec": coincodec.__version__,
            "NumPy": np.__version__,
            "instruction set": native.selected_isa(),
            "machine": platform.machine(),
        }

    def encode(self, picture: Rgb, point: str) -> bytes:
        layers, width = map(int, point.split("x"))
        return coincodec.encode(picture, layers=layers, width=width)

    def decode(self, data: bytes) -> Rgb:
        return np.asarray(coincodec.decode(data))
