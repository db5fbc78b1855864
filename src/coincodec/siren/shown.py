"""What a decoder shows of a network, band by band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from .. import metrics, native
from ..view import row_bands
from .model import Array32, SirenShape, pixel_axes

# Pixels computed per native call: enough to keep every core busy, few enough for Ctrl-C to be prompt.
_BAND = 2**20


def bands(
    shape: SirenShape, parameters: Array32, axes: Sequence[Array32], dtype: Any, threads: int
) -> Iterator[tuple[slice, NDArray[Any]]]:
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
