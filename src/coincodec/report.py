"""What encoding and inspecting a stream tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .siren.model import SirenShape


@dataclass(frozen=True)
class Encoded:
    """A stream and what it took.

    data: the whole .coin file.
    psnr: in dB, of what a decoder puts out, over all samples of the picture.
    shape: of the fitted network.
    steps, seconds: of the whole encode, every fit and refinement.
    """

    data: bytes
    psnr: float
    shape: SirenShape
    steps: int
    seconds: float


@dataclass(frozen=True)
class Info:
    """What a stream says of itself.

    size: (width, height) in pixels. bytes: of the whole file. bpp: bits per pixel, header included.
    header_bytes: everything that is not weights. weights: "coded" integers or "fp16".
    parameters: weights and biases of the network. bits_per_parameter: of the stored weights.
    macs_per_pixel: multiply-accumulates to decode a pixel.
    """

    version: int
    model: str
    size: tuple[int, int]
    channels: int
    bit_depth: int
    bytes: int
    bpp: float
    header_bytes: int
    weights: str
    layers: int
    width: int
    parameters: int
    bits_per_parameter: float
    macs_per_pixel: int
