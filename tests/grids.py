"""Latents of streams, for tests."""

from __future__ import annotations

import numpy as np

from coincodec import _native, container
from coincodec.container import Section
from coincodec.latent import stream, tiles
from coincodec.latent.networks import Quantised
from coincodec.latent.stream import LatentReader
from coincodec.latent.window import Window
from coincodec.view import Region


def whole(reader: LatentReader) -> Window:
    """The window of the whole picture."""
    return Window.of(reader.shape, Region(0, 0, reader.shape.width, reader.shape.height))


def read_all(reader: LatentReader) -> np.ndarray:
    """All latents, with margins."""
    window = whole(reader)
    reader.read(window.needed)
    return reader.window(window)


def encoder_of(networks: Quantised, latents: np.ndarray) -> _native.LatentEncoder:
    """An encoder of latents with margins."""
    return _native.LatentEncoder(networks.shape.native, networks.levels, networks.integer_bits, latents)


def in_tiles(data: bytes, bits: list[int]) -> bytes:
    """A stream with its grids, finest first, in tiles of 2^bits."""
    header, sections = container.read(data)
    networks = stream.read_networks(stream.read_shape(header), sections)
    latents = read_all(LatentReader(networks, sections, 1))
    grids = [tiles.cut(encoder_of(networks, latents), level, b, 1) for level, b in enumerate(bits)]
    changed = Section(stream.TILES, tiles.write(grids))
    return container.write(header, [changed if s.type in (stream.LATENTS, stream.TILES) else s for s in sections])
