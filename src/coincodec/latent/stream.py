"""A latent model in the container: its sizes in the header, networks and latents in a section each (docs/format.md)."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _native
from ..container import ANCILLARY, Header, Section
from ..errors import CorruptError, UnsupportedError
from . import networks
from .model import Array32, LatentShape, Size
from .networks import Quantised

FAMILY = 2
NAME = "latent"
NETWORKS = 1
LATENTS = 2

MAX_LEVELS = 12
_LARGEST = Size(neighbours=14, features=8, hidden=64, block=16)


def header_parameters(shape: LatentShape) -> bytes:
    """The sizes, as the header carries them."""
    return bytes([shape.levels, shape.neighbours, shape.features, shape.hidden, shape.block])


def read_shape(header: Header) -> LatentShape:
    """The sizes from a header. Raises `CorruptError` or `UnsupportedError`."""
    if len(header.parameters) > 5:
        raise UnsupportedError("a latent stream with parameters this version does not know")
    if len(header.parameters) != 5:
        raise CorruptError("a latent stream must give its five sizes")
    levels, *size = header.parameters
    given = Size(*size)
    if not (
        1 <= levels <= MAX_LEVELS
        and 1 <= given.neighbours <= _LARGEST.neighbours
        and given.features <= _LARGEST.features
        and 1 <= given.hidden <= _LARGEST.hidden
        and given.block <= _LARGEST.block
    ):
        raise CorruptError(f"impossible model of {levels} grids and sizes {', '.join(map(str, size))}")
    return LatentShape.of(header.height, header.width, header.channels, levels, given)


def write(quantised: Quantised, latents: Array32) -> tuple[Section, Section]:
    """The sections of a model. latents: integers with margins. Raises `FitError`."""
    first = Section(NETWORKS, networks.write(quantised))
    data, _ = _native.latent_encode(quantised.shape.native, quantised.levels, quantised.integer_bits, latents)
    return first, Section(LATENTS, data)


def read_networks(shape: LatentShape, sections: Sequence[Section]) -> Quantised:
    """The networks of a stream. Raises `CorruptError` or `UnsupportedError`."""
    return networks.read(shape, _section(sections, NETWORKS).payload)


def read_latents(quantised: Quantised, sections: Sequence[Section]) -> tuple[Array32, tuple[int, ...]]:
    """The latents of a stream, with margins, and about how many bytes each grid took. Raises `CorruptError`."""
    latents = quantised.shape.empty_latents()
    data = bytes(_section(sections, LATENTS).payload)
    ends = _native.latent_decode(quantised.shape.native, quantised.levels, quantised.integer_bits, data, latents)
    if ends is None:
        raise CorruptError("the latents are not what an encoder writes")
    return latents, _differences(ends, len(data))


def _differences(ends: Sequence[int], total: int) -> tuple[int, ...]:
    """From where each grid ended, coarsest first, to its length, finest first; coders run a few bytes ahead."""
    capped = [min(end, total) for end in ends[:-1]] + [total]
    return tuple(after - before for before, after in zip([0, *capped], capped, strict=False))[::-1]


def _section(sections: Sequence[Section], kind: int) -> Section:
    found = [section for section in sections if section.type == kind]
    unknown = [s.type for s in sections if s.type not in (NETWORKS, LATENTS) and not s.type & ANCILLARY]
    if unknown:
        raise UnsupportedError(f"unknown section type {unknown[0]}")
    if len(found) != 1:
        raise CorruptError(f"a latent stream has one section of type {kind}, not {len(found)}")
    return found[0]
