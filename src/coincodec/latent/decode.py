"""A `latent` stream to a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _native
from ..container import Header, Section
from ..limits import Limits
from ..region import Region, row_bands
from ..report import Contents
from . import stream
from .model import Array32, LatentShape


def accept(header: Header, region: Region, limits: Limits) -> LatentShape:
    """The model of a stream, once the header alone shows that it can be decoded within the limits.

    Of a region only the rendering is less work: every latent is needed to decode the next one.
    """
    limits.check_pixels(header.width, header.height)
    shape = stream.read_shape(header)
    limits.check_macs(int(sum(shape.macs_per_pixel().values()) * header.width * header.height))
    return shape


def decode(
    header: Header, shape: LatentShape, sections: Sequence[Section], region: Region, threads: int
) -> NDArray[Any]:
    """The samples of a region, shape (height, width, channels), uint8 or uint16. shape: from `accept`."""
    quantised = stream.read_networks(shape, sections)
    latents, _ = stream.read_latents(quantised, sections)
    dtype = np.dtype(f"u{header.bit_depth // 8}")
    return render(shape, quantised.parameters(), latents, dtype, threads, region)


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


# Samples rendered per native call where not all columns are kept: enough for every core, little beside the latents.
_BAND = 2**20


def render(
    shape: LatentShape, parameters: Array32, latents: Array32, dtype: Any, threads: int, region: Region | None = None
) -> NDArray[Any]:
    """What integer latents show, in a region or everywhere. dtype: uint8 or uint16."""
    region = Region.within(region, shape.width, shape.height)
    picture = _native.LatentPicture(shape.native, parameters, latents, threads)
    samples = np.empty((region.height, region.width, shape.channels), dtype)
    if region.width == shape.width:
        picture.rows(region.top, samples, threads)
        return samples
    for where in row_bands(region.height, shape.width, _BAND):
        band = np.empty((where.stop - where.start, shape.width, shape.channels), dtype)
        picture.rows(region.top + where.start, band, threads)
        samples[where] = band[:, region.left : region.right]
    return samples
