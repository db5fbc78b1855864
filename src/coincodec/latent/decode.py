"""A `latent` stream to a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _native
from ..container import Header, Section
from ..limits import Limits
from ..report import Contents
from . import stream
from .model import Array32, LatentShape


def accept(header: Header, limits: Limits) -> LatentShape:
    """The model of a stream, once the header alone shows that it can be decoded within the limits."""
    limits.check_pixels(header.width, header.height)
    shape = stream.read_shape(header)
    limits.check_macs(int(sum(shape.macs_per_pixel().values()) * header.width * header.height))
    return shape


def decode(header: Header, shape: LatentShape, sections: Sequence[Section], threads: int) -> NDArray[Any]:
    """The samples, shape (height, width, channels), uint8 or uint16. shape: from `accept`."""
    quantised = stream.read_networks(shape, sections)
    latents, _ = stream.read_latents(quantised, sections)
    return render(shape, quantised.parameters(), latents, np.dtype(f"u{header.bit_depth // 8}"), threads)


def inspect(header: Header, sections: Sequence[Section]) -> Contents:
    """What is in a stream, all of it having been decoded to integers. Raises `CorruptError` or `UnsupportedError`."""
    shape = stream.read_shape(header)
    networks = stream.read_networks(shape, sections)
    _, grids = stream.read_latents(networks, sections)
    parts = {"networks": sum(len(s.payload) for s in sections if s.type == stream.NETWORKS)}
    parts |= {f"grid 1:{2**level}": size for level, size in reversed(list(enumerate(grids)))}
    return Contents(
        model=stream.NAME,
        parts=parts,
        network=str(shape),
        parameters=shape.parameters,
        macs_per_pixel=round(sum(shape.macs_per_pixel().values())),
        weights="coded",
    )


def render(shape: LatentShape, parameters: Array32, latents: Array32, dtype: Any, threads: int) -> NDArray[Any]:
    """What integer latents show. dtype: uint8 or uint16."""
    samples = np.empty((shape.height, shape.width, shape.channels), dtype)
    _native.latent_render(shape.native, parameters, latents, samples, threads)
    return samples
