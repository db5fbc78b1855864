"""The native core as Python sees it: instruction set, number of threads, typed calls.

`COINCODEC_ISA` (baseline, avx2, avx512; native elsewhere than on x86-64) forces an instruction set that
the machine has; `COINCODEC_THREADS` is the number of threads where a call does not give one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _native, cores
from .errors import UsageError

MAX_LAYERS: int = _native.MAX_LAYERS
MAX_WIDTH: int = _native.MAX_WIDTH
MAX_THREADS: int = _native.MAX_THREADS

supported_isas = _native.supported_isas
selected_isa = _native.selected_isa
fma_peak = _native.fma_peak

Samples = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
ShapeTuple = tuple[int, int, int, int]


def select_isa(name: str) -> None:
    """Use this instruction set from now on, in the whole process.

    Raises `UsageError` if the machine or the build does not have it.
    """
    if name not in supported_isas():
        raise UsageError(f"instruction set {name!r} is not one of {', '.join(supported_isas())}")
    _native.select_isa(name)


def resolve_threads(threads: int | None) -> int:
    """`threads` itself if given, else `COINCODEC_THREADS`, else one for each core that is ours."""
    if threads is None:
        text = os.environ.get("COINCODEC_THREADS", "")
        if not text:
            return min(cores.available(), MAX_THREADS)
        if not text.isdecimal():
            raise UsageError(f"COINCODEC_THREADS is {text!r}, not a number")
        threads = int(text)
    if not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"threads must be between 1 and {MAX_THREADS}, not {threads}")
    return threads


def siren_forward(
    parameters: NDArray[np.float32],
    shape: ShapeTuple,
    axes: Sequence[NDArray[np.float32]],
    dtype: Any,
    threads: int,
) -> NDArray[Any]:
    """Evaluates a SIREN on the separable grid of `axes`.

    parameters: flat, layer by layer, row by row, each row [W | b] of h = sin(W h + b).
    shape: (inputs, outputs, sine layers, width): 1 to 8, 1 to 16, 1 to MAX_LAYERS, 1 to MAX_WIDTH.
    axes: one array of coordinates per input.
    dtype: float32 for the raw values; uint8 or uint16 for value * maximum, clamped, rounded half up.

    Returns an array of shape (*axis lengths, outputs). Raises ValueError if sizes disagree.
    """
    extents = [len(axis) for axis in axes]
    out = np.empty((int(np.prod(extents)), shape[1]), dtype)
    _native.siren_forward(parameters, shape, list(axes), out, threads)
    return out.reshape(*extents, shape[1])


def siren_loss_and_gradient(
    parameters: NDArray[np.float32],
    shape: ShapeTuple,
    axes: Sequence[NDArray[np.float32]],
    targets: Samples,
    index: NDArray[np.int64] | None,
    threads: int,
) -> tuple[float, NDArray[np.float32]]:
    """Mean squared error of a SIREN and its gradient with respect to the parameters.

    targets: (grid samples, outputs); integers stand for value / maximum.
    index: numbers of the samples to use, in C order of the grid; None for all of them.

    The result does not depend on `threads`, bit for bit. Raises ValueError if sizes disagree or an
    index lies outside the grid.
    """
    gradient = np.empty_like(parameters)
    loss = _native.siren_loss_and_gradient(parameters, shape, list(axes), targets, index, gradient, threads)
    return loss, gradient


if _forced := os.environ.get("COINCODEC_ISA"):
    select_isa(_forced)
