"""A `siren` stream to a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import metrics, native
from ..container import Header, Section
from ..limits import Limits
from ..preview import Preview
from ..report import Contents
from ..resample import resized_bands
from ..view import Bands, Region, Rendering, View, assembled, row_bands
from . import stream
from .model import Array32, SirenShape, pixel_axes, pixel_axis

# Pixels decoded per native call: enough to keep every core busy, few enough for Ctrl-C to be prompt.
_BAND = 2**20

# Samples along the longer side of the first preview, at least.
_COARSEST = 24

# Samples for each pixel of a smaller picture, along either side; more than the picture has are never taken. On
# photographs four leave 43 dB or more to all of them, two 31.
_OVERSAMPLING, _DRAFT = 4, 2


def accept(header: Header, view: View, limits: Limits) -> SirenShape:
    """The network of a stream, once the header alone shows that a view can be computed within the limits."""
    shape = stream.read_shape(header)
    limits.check_pixels(view.width, view.height)
    columns, rows = _sampled(view)
    limits.check_macs(columns * rows * shape.macs)
    return shape


def _sampled(view: View) -> tuple[int, int]:
    """Columns and rows at which the function is evaluated for a view."""
    most = _DRAFT if view.draft else _OVERSAMPLING

    def samples(shown: int, there: int) -> int:
        return min(most * shown, there) if shown < there else shown

    return samples(view.width, view.region.width), samples(view.height, view.region.height)


def read(header: Header, shape: SirenShape, sections: Sequence[Section], view: View, threads: int) -> Rendering:
    """A view: the function at the middles of its pixels, or made smaller from more samples. shape: from `accept`."""
    parameters = stream.read_weights(shape, sections)
    longer, part = max(header.height, header.width), view.region
    columns, rows = _sampled(view)
    down = pixel_axis(header.height, longer, part.top, part.bottom, rows)
    across = pixel_axis(header.width, longer, part.left, part.right, columns)
    if (columns, rows) == (view.width, view.height):
        return Rendering(bands(shape, parameters, [down, across], header.dtype, threads))

    def render(region: Region) -> NDArray[Any]:
        axes = [down[region.top : region.bottom], across[region.left : region.right]]
        return native.siren_forward(parameters, shape, axes, header.dtype, threads)

    box = (0, 0, columns, rows)
    return Rendering(resized_bands(render, (columns, rows), box, view.width, view.height))


def previews(
    header: Header, shape: SirenShape, sections: Sequence[Section], total: int, threads: int
) -> Iterator[Preview]:
    """The picture from coarse to fine, every pixel computed once. total: bytes of the stream."""
    parameters = stream.read_weights(shape, sections)
    down, across = pixel_axes(header.height, header.width)

    def at(rows: Array32, columns: Array32) -> NDArray[Any]:
        axes = [np.ascontiguousarray(axis) for axis in (rows, columns)]
        computed = bands(shape, parameters, axes, header.dtype, threads)
        return assembled(computed, len(rows), len(columns), header.channels, header.dtype)

    step = 2 ** max(0, (max(header.height, header.width) // _COARSEST).bit_length() - 1)
    known = at(down[::step], across[::step])
    while True:
        rows, columns, channels = known.shape
        share = rows * columns / (header.height * header.width)
        yield Preview(known, step, (header.width, header.height), 0.5, total, share)
        if step == 1:
            return
        step //= 2
        finer = np.empty((len(down[::step]), len(across[::step]), channels), header.dtype)
        finer[::2, ::2] = known
        # Where a side has one sample there is none between.
        if finer.shape[1] > 1:
            finer[::2, 1::2] = at(down[:: 2 * step], across[step :: 2 * step])
        if finer.shape[0] > 1:
            finer[1::2] = at(down[step :: 2 * step], across[::step])
        known = finer


def inspect(header: Header, sections: Sequence[Section], limits: Limits) -> Contents:
    """What is in a stream, its weights having been read, which the format bounds. Raises `FormatError`."""
    shape = stream.read_shape(header)
    stream.read_weights(shape, sections)
    weights = stream.weights_section(sections)
    return Contents(
        model=stream.NAME,
        parts={"weights": len(weights.payload)},
        network=str(shape),
        parameters=shape.parameters,
        macs_per_pixel=shape.macs,
        weights="fp16" if weights.type == stream.WEIGHTS_FP16 else "coded",
        layers=shape.layers,
        width=shape.width,
    )


def bands(shape: SirenShape, parameters: Array32, axes: Sequence[Array32], dtype: Any, threads: int) -> Bands:
    """The picture at the coordinates of rows and columns, in bands of whole rows."""
    down, across = axes
    for where in row_bands(len(down), len(across), _BAND):
        yield where, native.siren_forward(parameters, shape, [down[where], across], dtype, threads)


def decoded_psnr(samples: NDArray[Any], shape: SirenShape, parameters: Array32, threads: int) -> float:
    """PSNR in dB of what a decoder puts out, over what is seen of `samples`: (height, width, channels), uint8 or
    uint16."""
    rows, columns, _ = samples.shape
    decoded = bands(shape, parameters, pixel_axes(rows, columns), samples.dtype, threads)
    errors, counts = zip(*(metrics.seen_error(band, samples[where]) for where, band in decoded), strict=True)
    return metrics.psnr(sum(errors) / sum(counts), 8 * samples.dtype.itemsize)
