"""What encoding and inspecting a stream tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .colour import Colour

_METADATA = {"exif": "EXIF", "xmp": "XMP"}
_CHANNELS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}


@dataclass(frozen=True)
class Encoded:
    """A stream and what it took.

    data: the whole .coin file.
    psnr: in dB, of what a decoder puts out, over all samples of the picture but colour where alpha is 0.
    network: what was fitted, in a word or two.
    steps, seconds: of the whole encode, every fit and refinement, at the picture's size or a part of it.
    notes: what whoever asked for it should know.
    ssimulacra2: how it looks, of what was fitted for eyes.
    """

    data: bytes
    psnr: float
    network: str
    steps: int
    seconds: float
    notes: tuple[str, ...] = ()
    ssimulacra2: float | None = None


@dataclass(frozen=True)
class Decoded:
    """A picture and what there is to say of it.

    samples: as `coincodec.decode` returns them. missing: what a cut stream does not say of them, or nothing. colour:
    what they mean. notes: what was done to them.
    """

    samples: NDArray[Any]
    missing: str
    colour: Colour
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Info:
    """What a stream says of itself.

    size: (width, height) in pixels. bytes: of the whole file. bpp: bits per pixel, header included.
    colour: what the samples mean.
    header_bytes: everything that is neither model nor metadata. metadata: bytes of "colour", "exif", "xmp" and
    "resolution", as far as they are there. parts: bytes of each part of the model, in the order of the file; those
    of the grids of "latent" to within a few bytes, since one code runs through all of them.
    parameters: weights and biases of all networks. macs_per_pixel: multiply-accumulates to decode a pixel.
    network: "10x28" for 10 sine layers of 28 features; for "latent" its sizes.
    weights: "coded" integers or "fp16". layers, width: of a "siren", else None.
    """

    version: int
    model: str
    size: tuple[int, int]
    channels: int
    bit_depth: int
    bytes: int
    bpp: float
    header_bytes: int
    parts: Mapping[str, int]
    network: str
    parameters: int
    macs_per_pixel: int
    weights: str
    layers: int | None
    width: int | None
    colour: Colour
    metadata: Mapping[str, int] = field(default_factory=dict)

    @property
    def bits_per_parameter(self) -> float:
        """Of the stored weights."""
        stored = self.parts.get("weights", self.parts.get("networks", 0))
        return 8 * stored / self.parameters

    def in_words(self) -> dict[str, str]:
        """All of it for a reader, a line for each name."""
        columns, lines = self.size
        rows = {
            "format": f"version {self.version}, model {self.model}",
            "picture": f"{columns}x{lines}, {_CHANNELS[self.channels]}, {self.bit_depth} bits per sample",
            "colour": self.colour.name,
            "size": f"{self.bytes:,} bytes, {self.bpp:.4f} bpp, {self.header_bytes} of them header and checksums",
            "network": f"{self.network}, {self.parameters:,} weights, {self.weights}, "
            f"{self.bits_per_parameter:.4g} bits each",
            "decoding": f"{self.macs_per_pixel:,} multiply-accumulates per pixel",
        }
        if len(self.parts) > 1:
            rows |= {name: f"{size:,} bytes, {size / self.bytes:.1%}" for name, size in self.parts.items()}
        for name, size in self.metadata.items():
            if name == "colour":
                rows["colour"] += f", {size:,} bytes"
                continue
            rows[_METADATA.get(name, name)] = f"{size:,} bytes, {size / self.bytes:.1%}"
        return rows
