"""What a study is made of: units, each one measurement on one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import codec, metrics, native
from ...options import EncodeOptions
from ...progress import Progress
from ...siren.recipe import RECIPES
from ..codecs.coin import CoinSiren
from .data import Values

Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Source:
    """The picture of a study. samples: uint8, shape (height, width, 3)."""

    name: str
    samples: NDArray[np.uint8]

    @property
    def pixels(self) -> int:
        """Width times height."""
        return int(np.prod(self.samples.shape[:2]))

    def bpp(self, size: int) -> float:
        """Bits per pixel of so many bytes."""
        height, width, _ = self.samples.shape
        return metrics.bits_per_pixel(size, width, height)


@dataclass(frozen=True)
class Unit:
    """One measurement to be made.

    settings, versions: as in `Measurement`; a line with the same ones is this unit's. cost: work, in weights
    times pixels over all steps, which is about proportional to time. measure: does it, and tells its progress.
    files: what it leaves beside its values.
    """

    study: str
    name: str
    picture: str
    settings: dict[str, Any]
    versions: dict[str, str]
    cost: float
    measure: Callable[[Watch], Values]
    files: tuple[Path, ...] = ()

    @property
    def key(self) -> str:
        """As on the command line: study/name."""
        return f"{self.study}/{self.name}"


def settings(options: EncodeOptions) -> dict[str, Any]:
    """What an encode was asked for. Not its threads, which decide no result."""
    return {name: value for name, value in asdict(options).items() if value is not None and name != "threads"}


def versions() -> dict[str, str]:
    """Of what decides a fit, as the bench states them."""
    return CoinSiren().versions()


def cost(source: Source, options: EncodeOptions, parameters: int) -> float:
    """Of fitting so many weights, the refinement of integers left aside."""
    recipe = RECIPES[options.preset_or_default]
    return float(min(recipe.batch or source.pixels, source.pixels) * (options.steps or recipe.steps) * parameters)


def encode(source: Source, options: EncodeOptions, watch: Watch) -> tuple[bytes, Values]:
    """A stream, and what there is to say of it.

    bytes, bpp: of the whole file. weights_bytes: of its weights. psnr: in dB, of the decoded picture. parameters,
    layers, width: of the network. steps, seconds, threads: of the encode.
    """
    encoded = codec.encode_samples(source.samples, options, watch)
    found = codec.info(encoded.data)
    return encoded.data, {
        "bytes": found.bytes,
        "bpp": found.bpp,
        "weights_bytes": found.bytes - found.header_bytes,
        "psnr": encoded.psnr,
        "parameters": found.parameters,
        "layers": found.layers,
        "width": found.width,
        "steps": encoded.steps,
        "seconds": encoded.seconds,
        "threads": native.resolve_threads(options.threads),
    }


def measure(source: Source, options: EncodeOptions, watch: Watch) -> Values:
    """`encode` without the stream."""
    _, values = encode(source, options, watch)
    return values
