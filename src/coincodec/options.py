"""What a caller can ask of an encode."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EncodeOptions:
    """The options of `coincodec.encode`, which says what each means."""

    model: str = "siren"
    preset: str = "default"
    bpp: float | None = None
    layers: int | None = None
    width: int | None = None
    steps: int | None = None
    time: float | None = None
    seed: int = 0
    threads: int | None = None
