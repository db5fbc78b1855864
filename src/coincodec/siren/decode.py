"""A `siren` stream to a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import metrics, native
from ..container import Header, Section
from ..limits import Limits
from ..region import Region, row_bands
from ..report import Contents
from . import stream
from .model import Array32, SirenShape, pixel_axes

# Pixels decoded per native call: enough to keep every core busy, few enough for Ctrl-C to be prompt.
_BAND = 2**20


def accept(header: Header, region: Region, limits: Limits) -> SirenShape:
    """The network of a stream, once the header alone shows that a region can be decoded within the limits."""
    shape = stream.read_shape(header)
    limits.check_pixels(region.width, region.height)
    limits.check_macs(region.width * region.height * shape.macs)
    return shape


def decode(
    header: Header, shape: SirenShape, sections: Sequence[Section], region: Region, threads: int
) -> NDArray[Any]:
    """The samples of a region, shape (height, width, channels), uint8 or uint16. shape: from `accept`."""
    parameters = stream.read_weights(shape, sections)
    samples = np.empty((region.height, region.width, header.channels), np.dtype(f"u{header.bit_depth // 8}"))
    down, across = pixel_axes(header.height, header.width)
    axes = [down[region.top : region.bottom], across[region.left : region.right]]
    for where, band in bands(shape, parameters, axes, samples.dtype, threads):
        samples[where] = band
    return samples


def inspect(header: Header, sections: Sequence[Section]) -> Contents:
    """What is in a stream, its weights having been read. Raises `CorruptError` or `UnsupportedError`."""
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


def bands(
    shape: SirenShape, parameters: Array32, axes: Sequence[Array32], dtype: Any, threads: int
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """The picture at the coordinates of rows and columns, in bands of whole rows."""
    down, across = axes
    for where in row_bands(len(down), len(across), _BAND):
        yield where, native.siren_forward(parameters, shape, [down[where], across], dtype, threads)


def decoded_psnr(samples: NDArray[Any], shape: SirenShape, parameters: Array32, threads: int) -> float:
    """PSNR in dB of what a decoder puts out, over all of `samples` (height, width, channels), uint8 or uint16."""
    rows, columns, _ = samples.shape
    decoded = bands(shape, parameters, pixel_axes(rows, columns), samples.dtype, threads)
    error = sum(metrics.squared_error(band, samples[where]) for where, band in decoded)
    return metrics.psnr(error / samples.size, 8 * samples.dtype.itemsize)
