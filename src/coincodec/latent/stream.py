"""A latent model in the container: its sizes in the header, networks and latents in a section each (docs/format.md)."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _native
from ..container import ANCILLARY, Header, Section
from ..errors import CorruptError, TruncatedError, UnsupportedError
from ..image import Samples
from . import networks
from .model import Array32, LatentShape, Size, coarser_shape
from .networks import Quantised
from .origin import Origin

FAMILY = 2
NAME = "latent"
NETWORKS = 1
LATENTS = 2
DIFFERENCES = 3

MAX_LEVELS = 12
_LARGEST = Size(neighbours=14, features=8, hidden=64, block=16)


# Parameters that every stream has; a sixth says that the context model's layers take magnitudes.
_SIZES, _MAGNITUDES = 5, b"\x01"


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
    sizes, more = header.parameters[:_SIZES], header.parameters[_SIZES:]
    if more not in (b"", _MAGNITUDES):
        raise UnsupportedError("a latent stream with parameters this version does not know")
    if len(sizes) != _SIZES:
        raise CorruptError("a latent stream must give its five sizes")
    levels, *size = sizes
    given = Size(*size)
    if not (
        1 <= levels <= MAX_LEVELS
        and 1 <= given.neighbours <= _LARGEST.neighbours
        and given.features <= _LARGEST.features
        and 1 <= given.hidden <= _LARGEST.hidden
        and given.block <= _LARGEST.block
    ):
        raise CorruptError(f"impossible model of {levels} grids and sizes {', '.join(map(str, size))}")
    return LatentShape.of(header.height, header.width, header.channels, levels, given, more == _MAGNITUDES)


def write(quantised: Quantised, latents: Array32, origin: Origin | None = None) -> tuple[Section, Section]:
    """The sections of a model. latents: integers with margins. Raises `FitError`.

    origin: what the networks may be written as differences from, where that is shorter.
    """
    if origin is not None and networks.length(quantised, origin) < networks.length(quantised):
        first = Section(DIFFERENCES, networks.write(quantised, origin))
    else:
        first = Section(NETWORKS, networks.write(quantised))
    data, _ = _native.latent_encode(quantised.shape.native, quantised.levels, quantised.integer_bits, latents)
    return first, Section(LATENTS, data)


def read_networks(shape: LatentShape, sections: Sequence[Section]) -> Quantised:
    """The networks of a stream. Raises `CorruptError`, `TruncatedError` or `UnsupportedError`."""
    section = networks_section(sections)
    if section.missing:
        raise TruncatedError("the stream ends within the networks, without which there is no picture")
    return networks.read(shape, section.payload, section.type == DIFFERENCES)


def networks_section(sections: Sequence[Section]) -> Section:
    """The section with the networks. Raises `CorruptError` or `UnsupportedError`."""
    return _section(sections, NETWORKS, DIFFERENCES)


class LatentReader:
    """Reads the latents of a stream grid by grid, coarsest first.

    latents: those of grids from `finest` on, with margins; 0 until they are read. level: the grid that comes next,
    finest - 1 when all have been read. rows: whole rows of it that a cut stream has. ends: bytes of the section that
    were read by the end of each grid, a few more than it needed.
    """

    def __init__(self, networks: Quantised, sections: Sequence[Section], finest: int = 0) -> None:
        section = _section(sections, LATENTS)
        shape = networks.shape
        self.finest, self.level, self.rows, self.ends = finest, shape.levels - 1, 0, list[int]()
        self.length, self.cut = len(section.payload), section.missing > 0
        self.latents = coarser_shape(shape, finest).empty_latents()
        integers = (networks.levels, networks.integer_bits)
        self._decoder = _native.LatentDecoder(shape.native, *integers, bytes(section.payload), self.cut)
        self._rows = [shape.grid(level)[0] for level in range(shape.levels)]

    def next_grid(self) -> bool:
        """Reads a grid; False where a cut stream ends before it does. Raises `CorruptError`."""
        self.rows = self._decoder.next_grid(self.latents)
        if self.rows < 0 or (self.level == 0 and not self.cut and not self._decoder.complete):
            raise CorruptError("the latents are not what an encoder writes")
        if self.rows < self._rows[self.level]:
            return False
        self.ends.append(self._decoder.position)
        self.level -= 1
        return True

    def read(self) -> Array32:
        """Reads all that there is and returns the latents."""
        while self.level >= self.finest and self.next_grid():
            pass
        return self.latents

    def sizes(self) -> tuple[int, ...]:
        """About how many bytes each grid took, finest first, all having been read."""
        capped = [min(end, self.length) for end in self.ends[:-1]] + [self.length]
        return tuple(after - before for before, after in zip([0, *capped], capped, strict=False))[::-1]


def _section(sections: Sequence[Section], *kinds: int) -> Section:
    found = [section for section in sections if section.type in kinds]
    known = (NETWORKS, LATENTS, DIFFERENCES)
    unknown = [s.type for s in sections if s.type not in known and not s.type & ANCILLARY]
    if unknown:
        raise UnsupportedError(f"unknown section type {unknown[0]}")
    if len(found) != 1:
        raise CorruptError(f"a latent stream has one section of type {' or '.join(map(str, kinds))}, not {len(found)}")
    return found[0]
