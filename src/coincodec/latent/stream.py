"""A latent model in the container: its sizes in the header, networks and latents in a section each (docs/format.md)."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _native
from ..container import Header, Section, as_native
from ..image import Samples
from ..view import Region
from . import networks, tiles
from .model import Array32, LatentShape
from .networks import Quantised
from .origin import Origin

FAMILY = 2
NAME = "latent"
NETWORKS = 1
LATENTS = 2
DIFFERENCES = 3
TILES = 4
CODES = 5
_KNOWN = (NETWORKS, LATENTS, DIFFERENCES, TILES, CODES)

# After the sizes: the context model's layers take magnitudes.
_MAGNITUDES = b"\x01"


def header_parameters(shape: LatentShape) -> bytes:
    """The sizes, as the header carries them."""
    sizes = bytes([shape.levels, shape.neighbours, shape.features, shape.hidden, shape.block])
    return sizes + _MAGNITUDES if shape.magnitudes else sizes


def header_for(samples: Samples, shape: LatentShape) -> Header:
    """The header of the picture's stream."""
    rows, columns, channels = samples.shape
    return Header(FAMILY, columns, rows, channels, 8 * samples.dtype.itemsize, header_parameters(shape))


def read_shape(header: Header) -> LatentShape:
    """The sizes from a header. Raises `CorruptError` or `UnsupportedError`."""
    return LatentShape(*_native.read_latent_shape(header.parameters, header.height, header.width, header.channels))


def write(
    quantised: Quantised, latents: Array32, origin: Origin | None = None, threads: int = 1
) -> tuple[Section, Section]:
    """The sections of a model. latents: integers with margins. Raises `FitError`.

    origin: what the networks may be written as differences from, where that is shorter; or what they are by themselves,
    if it has codes.
    """
    if origin is not None and origin.codes:
        first = Section(CODES, networks.write_codes(origin))
    elif origin is not None and networks.length(quantised, origin) < networks.length(quantised):
        first = Section(DIFFERENCES, networks.write(quantised, origin))
    else:
        first = Section(NETWORKS, networks.write(quantised))
    shape = quantised.shape
    encoder = _native.LatentEncoder(shape.native, quantised.levels, quantised.integer_bits, latents)
    if shape.height * shape.width >= tiles.LEAST_PIXELS:
        return first, Section(TILES, tiles.write(tiles.choose(shape, encoder, threads)))
    return first, Section(LATENTS, encoder.code())


def read_networks(shape: LatentShape, sections: Sequence[Section]) -> Quantised:
    """The networks of a stream. Raises `CorruptError`, `TruncatedError` or `UnsupportedError`."""
    return Quantised(shape, *_native.latent_networks_of(shape.native, as_native(sections)))


class LatentReader:
    """Reads latents of a stream, those that are asked for and those that they depend on. Raises `CorruptError`.

    missing: what a cut stream lacks of what was asked for, in a few words.
    """

    def __init__(self, networks: Quantised, sections: Sequence[Section], threads: int) -> None:
        self.shape = networks.shape
        self._native = _native.LatentStream(
            self.shape.native, networks.levels, networks.bits, as_native(sections), threads
        )

    @property
    def missing(self) -> str:
        """See above."""
        return self._native.missing

    def read(self, region: Region | None = None) -> Array32:
        """All latents that were read, with margins, after what a region of the picture, or all of it, needs."""
        self._native.read(*(region or Region(0, 0, self.shape.width, self.shape.height)))
        latents = self.shape.empty_latents()
        self._native.copy(latents)
        return latents

    def sizes(self) -> tuple[int, ...]:
        """About how many bytes each grid took, finest first, all having been read. The coarsest has the table."""
        return tuple(self._native.sizes())
