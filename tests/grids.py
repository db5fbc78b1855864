"""Latents of streams, for tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coincodec import _native, container
from coincodec.container import Section
from coincodec.latent import stream, tiles
from coincodec.latent.networks import Quantised
from coincodec.latent.stream import LatentReader


class Table(NamedTuple):
    """How grids are cut, finest first; bytes of each code, coarse grids first; where the first begins."""

    bits: tuple[int, ...]
    lengths: tuple[int, ...]
    start: int


def table_of(levels: int, payload: bytes | memoryview) -> Table:
    """The table of a section of tiles, whose first varint too many is the first that does not add up."""
    data, at = bytes(payload), levels
    lengths: list[int] = []
    while at + sum(lengths) < len(data):
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        lengths.append(value)
    return Table(tuple(reversed(data[:levels])), tuple(lengths), at)


def encoder_of(networks: Quantised, latents: np.ndarray) -> _native.LatentEncoder:
    """An encoder of latents with margins."""
    return _native.LatentEncoder(networks.shape.native, networks.levels, networks.integer_bits, latents)


def in_tiles(data: bytes, bits: list[int]) -> bytes:
    """A stream with its grids, finest first, in tiles of 2^bits."""
    header, sections = container.read(data)
    networks = stream.read_networks(stream.read_shape(header), sections)
    latents = LatentReader(networks, sections, 1).read()
    grids = [tiles.cut(encoder_of(networks, latents), level, b, 1) for level, b in enumerate(bits)]
    changed = Section(stream.TILES, tiles.write(grids))
    return container.write(header, [changed if s.type in (stream.LATENTS, stream.TILES) else s for s in sections])
