"""A `latent` stream to a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _native
from ..container import Header, Section
from ..limits import Limits
from ..preview import Preview
from ..report import Contents
from ..resample import resized_bands
from ..view import Bands, Region, Rendering, View, assembled, row_bands
from . import stream
from .model import Array32, LatentShape, coarser, coarser_shape
from .stream import LatentReader

# Pixels rendered per native call: enough for every core, few enough for Ctrl-C to be prompt.
_BAND = 2**20


def accept(header: Header, view: View, limits: Limits) -> LatentShape:
    """The model of a stream, once the header alone shows that a view can be computed within the limits."""
    shape = stream.read_shape(header)
    seen = coarser_shape(shape, finest_grid(shape, view))
    limits.check_pixels(view.width, view.height)
    limits.check_pixels(seen.width, seen.height)
    limits.check_macs(int(sum(seen.macs_per_pixel().values()) * seen.width * seen.height))
    return shape


def finest_grid(shape: LatentShape, view: View) -> int:
    """The finest grid that a view needs: all of them, or for a draft those that have up to twice its resolution.

    A picture from these grids alone loses more than resolution, since a fit spreads everything over all of them; one
    that is twice too fine loses less.
    """
    level = 0
    while view.draft and level < shape.levels - 2:
        step = 2 ** (level + 2)
        if -(-view.region.width // step) < view.width or -(-view.region.height // step) < view.height:
            break
        level += 1
    return level


def read(header: Header, shape: LatentShape, sections: Sequence[Section], view: View, threads: int) -> Rendering:
    """A view, the latents being read first: each of them helps to decode the next one. shape: from `accept`."""
    networks = stream.read_networks(shape, sections)
    finest = finest_grid(shape, view)
    reader = LatentReader(networks, sections, finest)
    latents = reader.read()
    missing = ""
    if reader.level >= finest:
        finer = f" and {reader.level} finer grids" if reader.level else ""
        missing = f"grid 1:{2**reader.level} from row {reader.rows} of {shape.grid(reader.level)[0]} on{finer}"
    picture = Picture(*coarser(shape, networks.parameters(), finest), latents, header.dtype, threads)
    if finest == 0 and not view.scaled:
        return Rendering(picture.bands(view.region), missing)
    step, part = 2**finest, view.region
    box = (part.left / step, part.top / step, part.right / step, part.bottom / step)
    size = (picture.shape.width, picture.shape.height)
    return Rendering(resized_bands(picture.region, size, box, view.width, view.height), missing)


def previews(
    header: Header, shape: LatentShape, sections: Sequence[Section], total: int, threads: int
) -> Iterator[Preview]:
    """The picture from coarse to fine, a grid more each time. total: bytes of the stream."""
    networks = stream.read_networks(shape, sections)
    parameters = networks.parameters()
    reader = LatentReader(networks, sections)
    # What stands before the latents, or after them but is needed to know them sound.
    before = total - reader.length
    whole = _rendering_macs(shape) + sum(map(shape.context_macs, range(shape.levels)))
    done = 0.0
    for level in reversed(range(shape.levels)):
        reader.next_grid()
        small, values = coarser(shape, parameters, level)
        done += shape.context_macs(level) + _rendering_macs(small)
        latents = reader.latents[shape.layout["planes"][level][0] - small.layout["planes"][0][0] :]
        picture = Picture(small, values, latents, header.dtype, threads)
        samples = picture.region(Region(0, 0, small.width, small.height))
        needed = total if level == 0 else before + min(reader.ends[-1], reader.length)
        yield Preview(samples, 2**level, (header.width, header.height), 2**level / 2, needed, done / whole)


def _rendering_macs(shape: LatentShape) -> float:
    per_pixel = shape.macs_per_pixel()
    return (per_pixel["upsampling"] + per_pixel["synthesis"]) * shape.height * shape.width


def inspect(header: Header, sections: Sequence[Section]) -> Contents:
    """What is in a stream, all of it having been decoded to integers. Raises `CorruptError` or `UnsupportedError`."""
    shape = stream.read_shape(header)
    networks = stream.read_networks(shape, sections)
    reader = LatentReader(networks, sections)
    reader.read()
    parts = {"networks": len(stream.networks_section(sections).payload)}
    parts |= {f"grid 1:{2**level}": size for level, size in reversed(list(enumerate(reader.sizes())))}
    return Contents(
        model=stream.NAME,
        parts=parts,
        network=str(shape),
        parameters=shape.parameters,
        macs_per_pixel=round(sum(shape.macs_per_pixel().values())),
        weights="coded",
    )


class Picture:
    """What integer latents show. dtype: of the samples, uint8 or uint16."""

    def __init__(self, shape: LatentShape, parameters: Array32, latents: Array32, dtype: Any, threads: int) -> None:
        self.shape, self.dtype, self.threads = shape, dtype, threads
        self.native = _native.LatentPicture(shape.native, parameters, latents)

    def bands(self, region: Region) -> Bands:
        """Rows of a region with their samples; whole rows of the picture are computed."""
        for where in row_bands(region.height, self.shape.width, _BAND):
            rows = np.empty((where.stop - where.start, self.shape.width, self.shape.channels), self.dtype)
            self.native.rows(region.top + where.start, rows, self.threads)
            yield where, rows[:, region.left : region.right]

    def region(self, region: Region) -> NDArray[Any]:
        """The samples of a region."""
        return assembled(self.bands(region), region.height, region.width, self.shape.channels, self.dtype)


def render(shape: LatentShape, parameters: Array32, latents: Array32, dtype: Any, threads: int) -> NDArray[Any]:
    """The whole picture."""
    return Picture(shape, parameters, latents, dtype, threads).region(Region(0, 0, shape.width, shape.height))
