"""What a caller can ask of an encode or a decode."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from .errors import UsageError
from .limits import DEFAULT_LIMITS, Limits

SIREN_OPTIONS = ("weights", "bits", "layers", "width", "architectures")
LATENT_OPTIONS = ("ssimulacra2", "quality")
SIREN_PRESET = "paper"
DEFAULT_PRESET = "default"
TUNES = ("eye", "psnr")


@dataclass(frozen=True)
class EncodeOptions:
    """The options of `coincodec.encode`, which says what each means."""

    model: str | None = None
    preset: str | None = None
    tune: str | None = None
    bytes: int | None = None
    bpp: float | None = None
    psnr: float | None = None
    ssimulacra2: float | None = None
    quality: float | None = None
    lambda_: float | None = None
    weights: str | None = None
    bits: float | None = None
    layers: int | None = None
    width: int | None = None
    architectures: str | None = None
    steps: int | None = None
    time: float | None = None
    seed: int = 0
    threads: int | None = None
    strip: bool = False
    best_effort: bool = False
    progressive: bool = False
    memory: float | None = None

    @property
    def target(self) -> str | None:
        """Name of the one target that was given, if any. Raises `UsageError` for two, or one out of range."""
        given = {
            "bytes": self.bytes,
            "bpp": self.bpp,
            "psnr": self.psnr,
            "ssimulacra2": self.ssimulacra2,
            "quality": self.quality,
            "lambda": self.lambda_,
        }
        names = [name for name, value in given.items() if value is not None]
        if len(names) > 1:
            raise UsageError(f"give one target, not {' and '.join(names)}")
        for name in names:
            value = given[name]
            if value is None or not 0 < value < math.inf:
                raise UsageError(f"{name} must be a positive number, not {value}")
        return names[0] if names else None

    @property
    def led(self) -> bool:
        """Whether results are measured to come nearer to a target; a price, or a quality, takes what a fit gives."""
        return self.target not in (None, "quality", "lambda")

    @property
    def preset_or_default(self) -> str:
        """The preset, if it is not for the time to choose one."""
        return DEFAULT_PRESET if self.preset is None else self.preset

    @property
    def tune_or_default(self) -> str:
        """What the picture is to be good for: eyes, unless a PSNR was asked for."""
        if self.tune is not None:
            return self.tune
        return "eye" if self.psnr is None else "psnr"

    @property
    def siren_only(self) -> str | None:
        """What was given that only the siren model has, if anything."""
        if self.preset == SIREN_PRESET:
            return f"preset {SIREN_PRESET}"
        return next((name for name in SIREN_OPTIONS if getattr(self, name) is not None), None)

    @property
    def latent_only(self) -> str | None:
        """What was given that only the latent model has, if anything."""
        if self.tune == "eye":
            return "tune eye"
        if self.progressive:
            return "progressive"
        if self.memory is not None:
            return "memory"
        return next((name for name in LATENT_OPTIONS if getattr(self, name) is not None), None)

    def check(self, presets: Iterable[str]) -> None:
        """Raises `UsageError` for what every model refuses. presets: that the model has."""
        if self.preset_or_default not in presets:
            raise UsageError(f"preset must be one of {', '.join(presets)}, not {self.preset!r}")
        if self.tune_or_default not in TUNES:
            raise UsageError(f"tune must be one of {', '.join(TUNES)}, not {self.tune!r}")
        if self.tune == "eye" and self.psnr is not None:
            raise UsageError("a PSNR is reached with tune psnr, not eye")
        if self.tune == "psnr" and self.ssimulacra2 is not None:
            raise UsageError("a SSIMULACRA 2 is reached with tune eye, not psnr")
        if self.ssimulacra2 is not None and self.ssimulacra2 >= 100:
            raise UsageError(f"ssimulacra2 must be less than 100, which is the original, not {self.ssimulacra2}")
        if self.seed < 0:
            raise UsageError(f"seed must not be negative, not {self.seed}")
        if self.steps is not None and self.steps < 1:
            raise UsageError(f"steps must be at least 1, not {self.steps}")
        if self.time is not None and not self.time > 0:
            raise UsageError(f"time must be more than 0 seconds, not {self.time}")
        if self.memory is not None and not self.memory > 0:
            raise UsageError(f"memory must be more than 0 bytes, not {self.memory}")
        self.target  # noqa: B018 (raises)

    def budget(self, pixels: int) -> int | None:
        """Most bytes of the whole file, if the target says so. pixels: of the picture."""
        if self.bytes is not None:
            return self.bytes
        return None if self.bpp is None else int(self.bpp * pixels / 8)


@dataclass(frozen=True)
class DecodeOptions:
    """The options of `coincodec.decode`, which says what each means."""

    region: Sequence[int] | None = None
    size: tuple[int, int] | None = None
    scale: float | None = None
    draft: bool = False
    partial: bool = False
    srgb: bool = False
    threads: int | None = None
    limits: Limits = DEFAULT_LIMITS


class DecodeArguments(TypedDict, total=False):
    """The same by name, for what hands them on."""

    region: Sequence[int] | None
    size: tuple[int, int] | None
    scale: float | None
    draft: bool
    partial: bool
    srgb: bool
    threads: int | None
    limits: Limits
