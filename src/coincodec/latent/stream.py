"""A latent model in the container: its sizes in the header, networks and latents in a section each (docs/format.md)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from .. import _native
from ..container import ANCILLARY, Header, Section
from ..errors import CorruptError, TruncatedError, UnsupportedError
from ..image import Samples
from . import networks, tiles
from .model import Array32, LatentShape, Size
from .networks import Quantised
from .origin import Origin
from .window import NOTHING, Rectangle, Window

FAMILY = 2
NAME = "latent"
NETWORKS = 1
LATENTS = 2
DIFFERENCES = 3
TILES = 4
CODES = 5
_KNOWN = (NETWORKS, LATENTS, DIFFERENCES, TILES, CODES)

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
    section = networks_section(sections)
    if section.missing:
        raise TruncatedError("the stream ends within the networks, without which there is no picture")
    if section.type == CODES:
        return networks.read_codes(shape, section.payload)
    return networks.read(shape, section.payload, section.type == DIFFERENCES)


def networks_section(sections: Sequence[Section]) -> Section:
    """The section with the networks, which come before the latents. Raises `CorruptError` or `UnsupportedError`."""
    found = _section(sections, NETWORKS, DIFFERENCES, CODES)
    if next(s for s in sections if s.type in _KNOWN) is not found:
        raise CorruptError("the latents come before the networks")
    return found


class LatentReader:
    """Reads latents of a stream, those that are asked for and those that they depend on.

    length: bytes of their section. missing: what a cut stream lacks of what was asked for, in a few words.
    """

    def __init__(self, networks: Quantised, sections: Sequence[Section], threads: int) -> None:
        section = _section(sections, LATENTS, TILES)
        self.shape, self.threads, self.missing = networks.shape, threads, ""
        self.length = len(section.payload)
        self._tiles: tiles.Tiles | None = None
        integers = (self.shape.native, networks.levels, networks.integer_bits)
        if section.type == TILES:
            self._tiles = tiles.read(self.shape, section)
            payload = bytes(section.payload[self._tiles.start :])
            cut = (self._tiles.bits, self._tiles.lengths)
            self._decoder = _native.LatentDecoder.of_tiles(*integers, payload, *cut)
        else:
            self._decoder = _native.LatentDecoder(*integers, bytes(section.payload), section.missing > 0)

    def read(self, wanted: Sequence[Rectangle], finest: int = 0) -> None:
        """Reads rectangles of grids, the first of them being of grid `finest`. Raises `CorruptError`."""
        rectangles = [*[NOTHING] * finest, *wanted, *[NOTHING] * (self.shape.levels - finest - len(wanted))]
        sound, level, row = self._decoder.read(rectangles, self.threads)
        if not sound:
            raise CorruptError("the latents are not what an encoder writes")
        if level >= 0 and not self.missing:
            finer = f" and {level - finest} finer grids" if level > finest else ""
            self.missing = f"grid 1:{2**level} from row {row} of {self.shape.grid(level)[0]} on{finer}"

    def read_grid(self, level: int) -> None:
        """Reads all of a grid. Raises `CorruptError`."""
        self.read([(0, 0, *self.shape.grid(level))], level)

    def window(self, window: Window, finest: int = 0) -> Array32:
        """Latents of a window that was read, with margins, those that do not matter being 0.

        finest: the grid that is the window's finest.
        """
        latents = window.shape.empty_latents()
        for level, (top, left, bottom, right) in enumerate(window.needed):
            first, above = window.left >> level, window.top >> level
            part = window.shape.plane(latents, level)[top - above : bottom - above, left - first : right - first]
            self._decoder.copy(finest + level, top, left, part)
        return latents

    def forget_above(self, window: Window, finest: int = 0) -> None:
        """Gives back the memory of latents that neither a window nor one further down needs."""
        for level, (top, *_) in enumerate(window.needed):
            self._decoder.forget(finest + level, top)

    def ends(self) -> tuple[int, ...]:
        """About how many bytes of the section there are up to the end of each grid, coarsest first.

        In one code, of the grids that were read: a few more than they needed.
        """
        if self._tiles is not None:
            return tuple(accumulate(reversed(self._tiles.sizes(self.shape)), initial=self._tiles.start))[1:]
        return tuple(min(end, self.length) for end in self._decoder.ends)

    def sizes(self) -> tuple[int, ...]:
        """About how many bytes each grid took, finest first, all having been read. The coarsest has the table."""
        ends = [*self.ends()[:-1], self.length]
        return tuple(after - before for before, after in zip([0, *ends], ends, strict=False))[::-1]


def _section(sections: Sequence[Section], *kinds: int) -> Section:
    found = [section for section in sections if section.type in kinds]
    unknown = [s.type for s in sections if s.type not in _KNOWN and not s.type & ANCILLARY]
    if unknown:
        raise UnsupportedError(f"unknown section type {unknown[0]}")
    if len(found) != 1:
        raise CorruptError(f"a latent stream has one section of type {' or '.join(map(str, kinds))}, not {len(found)}")
    return found[0]
