"""A `latent` stream to a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _native, native
from ..container import Header, Section
from ..limits import Limits
from ..options import DecodeOptions
from ..preview import Preview
from ..report import Contents
from ..resample import resized_bands
from ..view import Bands, Region, Rendering, View, assembled, row_bands
from . import stream
from .model import Array32, LatentShape, coarser, coarser_shape
from .stream import LatentReader
from .window import Window

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
    """A view. Latents are read as they are needed; of a cut stream at once, to say what is missing.

    shape: from `accept`.
    """
    networks = stream.read_networks(shape, sections)
    finest = finest_grid(shape, view)
    reader = LatentReader(networks, sections, threads)
    small, parameters = coarser(shape, networks.parameters(), finest)
    picture = Coded(small, parameters, reader, finest, header.dtype, threads)
    part, step = view.region, 2**finest
    plain = finest == 0 and not view.scaled
    if any(section.missing for section in sections):
        whole = Region(0, 0, small.width, small.height)
        reader.read(Window.of(small, part if plain else whole).needed, finest)
    if plain:
        return Rendering(picture.bands(part), reader.missing)
    box = (part.left / step, part.top / step, part.right / step, part.bottom / step)
    bands = resized_bands(picture.region, (small.width, small.height), box, view.width, view.height)
    return Rendering(bands, reader.missing)


def previews(
    header: Header, shape: LatentShape, sections: Sequence[Section], total: int, threads: int
) -> Iterator[Preview]:
    """The picture from coarse to fine, a grid more each time. total: bytes of the stream."""
    networks = stream.read_networks(shape, sections)
    parameters = networks.parameters()
    reader = LatentReader(networks, sections, threads)
    # What stands before the latents, or after them but is needed to know them sound.
    before = total - reader.length
    whole = _rendering_macs(shape) + sum(map(shape.context_macs, range(shape.levels)))
    done = 0.0
    for level in reversed(range(shape.levels)):
        reader.read_grid(level)
        small, values = coarser(shape, parameters, level)
        done += shape.context_macs(level) + _rendering_macs(small)
        picture = Coded(small, values, reader, level, header.dtype, threads, again=True)
        samples = picture.region(Region(0, 0, small.width, small.height))
        needed = total if level == 0 else before + reader.ends()[shape.levels - 1 - level]
        yield Preview(samples, 2**level, (header.width, header.height), 2**level / 2, needed, done / whole)


def _rendering_macs(shape: LatentShape) -> float:
    per_pixel = shape.macs_per_pixel()
    return (per_pixel["upsampling"] + per_pixel["synthesis"]) * shape.height * shape.width


def inspect(header: Header, sections: Sequence[Section], limits: Limits) -> Contents:
    """What is in a stream, all of it having been decoded to integers. Raises `FormatError`."""
    shape = accept(header, View.of(header, DecodeOptions()), limits)
    networks = stream.read_networks(shape, sections)
    reader = LatentReader(networks, sections, native.resolve_threads(None))
    reader.read([(0, 0, *shape.grid(level)) for level in range(shape.levels)])
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


class Coded:
    """What the latents of a stream show, read as they are needed.

    finest: the grid that is as large as the picture. dtype: of the samples, uint8 or uint16. again: whether what lies
    above a band may be asked for again.
    """

    def __init__(
        self,
        shape: LatentShape,
        parameters: Array32,
        reader: LatentReader,
        finest: int,
        dtype: Any,
        threads: int,
        again: bool = False,
    ) -> None:
        self.shape, self.parameters, self.dtype, self.threads = shape, parameters, dtype, threads
        self._reader, self._finest, self._again = reader, finest, again

    def bands(self, region: Region) -> Bands:
        """Rows of a region with their samples, from top to bottom."""
        for where in row_bands(region.height, region.width, _BAND):
            part = Region(region.left, region.top + where.start, region.right, region.top + where.stop)
            window = Window.of(self.shape, part)
            if not self._again:
                self._reader.forget_above(window, self._finest)
            self._reader.read(window.needed, self._finest)
            picture = _native.LatentPicture(
                window.shape.native, self.parameters, self._reader.window(window, self._finest)
            )
            rows = np.empty((part.height, window.shape.width, self.shape.channels), self.dtype)
            picture.rows(window.region.top, rows, self.threads)
            yield where, rows[:, window.region.left : window.region.right]

    def region(self, region: Region) -> NDArray[Any]:
        """The samples of a region."""
        return assembled(self.bands(region), region.height, region.width, self.shape.channels, self.dtype)


def render(shape: LatentShape, parameters: Array32, latents: Array32, dtype: Any, threads: int) -> NDArray[Any]:
    """The whole picture that integer latents show."""
    picture = _native.LatentPicture(shape.native, parameters, latents)
    samples = np.empty((shape.height, shape.width, shape.channels), dtype)
    for where in row_bands(shape.height, shape.width, _BAND):
        picture.rows(where.start, samples[where], threads)
    return samples
