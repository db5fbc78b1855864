"""Where fits begin: networks fitted to other pictures (tools/fit_starts.py makes them), adapted to the one at hand.

Streams may hold their networks as differences from these (docs/format.md), so a start that has shipped never changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .. import _native
from .model import SIZES, Array32, LatentShape, Size, initial_parameters, rescale

# The pictures that starts were fitted to were RGB and had so many grids.
CHANNELS, LEVELS = 3, 7

# Parameters of starts are integers in units of 2^-PRECISION.
PRECISION: int = _native.LATENT_START_BITS

# How many directions there are from starts that have them.
CODES = 32

# Stands for a parameter that a start has nothing for.
UNKNOWN: int = _native.LATENT_UNKNOWN


@dataclass(frozen=True, eq=False)
class Start:
    """Networks that fits begin with.

    number: by which streams refer to it, from 1. size: of the networks. price: of a bit, that they were fitted for.
    values: int32, laid out as the parameters of `start_shape`.
    directions: int16, shape (codes, parameters), likewise: a stream may go from the values by an integer times each of
    them; none of the first six starts has any. scales: under which scale codes (entropy.scale_of) these integers are
    coded. bits: precision of the tensors of networks that are nothing but that (networks.TENSORS). tune: what pictures
    were fitted for.
    """

    number: int
    size: Size
    price: float
    values: NDArray[np.int32]
    directions: NDArray[np.int16]
    scales: tuple[int, ...] = ()
    bits: tuple[int, ...] = ()
    tune: str = "psnr"


def start_shape(size: Size) -> LatentShape:
    """A shape whose parameters are laid out as those of a start; its picture's size is of no account."""
    return LatentShape.of(512, 512, CHANNELS, LEVELS, size)


@cache
def starts() -> dict[int, Start]:
    """The starts that ship, by number."""
    found = {}
    for number, size, price, values, directions, scales, bits, tune in _native.latent_starts():
        rows = directions.reshape(-1, values.size)
        found[number] = Start(number, SIZES[size], price, values, rows, tuple(scales), tuple(bits), tune)
    return found


def nearest_start(size: Size, price: float) -> Start | None:
    """The start of that size with the nearest price, the latest if there are several, for networks that all move."""
    near = [start for start in starts().values() if start.size == size and not start.scales]
    return min(near, key=lambda start: (_distance(start.price, price), -start.number), default=None)


def nearest_with_directions(tune: str, price: float) -> Start:
    """The start with directions for that tune with the nearest price, the latest if there are several."""
    near = [start for start in starts().values() if start.tune == tune and start.scales]
    return min(near, key=lambda start: (_distance(start.price, price), -start.number))


def start_for(shape: LatentShape, price: float, seed: int, near: float | None = None) -> Array32:
    """The networks a fit begins with: of the nearest start, at random if there is none of that size.

    price: of the units. near: what the start is to be nearest to, if not to that.
    """
    parameters = initial_parameters(shape, seed)
    start = nearest_start(shape.size, price if near is None else near)
    if start is not None:
        values = adapted(start, shape)
        known = values != UNKNOWN
        parameters[known] = np.ldexp(values[known].astype(np.float32), -PRECISION)
        # The best quantisation step grows as the root of the price.
        rescale(shape, parameters, math.sqrt(price / start.price))
    return parameters


def _distance(known: float, price: float) -> float:
    """How little a start of price `known` suits another: networks fitted to a higher price know less."""
    octaves = math.log2(price / known)
    return octaves if octaves > 0 else -2 * octaves


def placed(start: Start, shape: LatentShape, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """What parameters laid out as those of a start are for a shape, UNKNOWN where a start has nothing.

    Of fewer grids the coarser ones are left out. Grey is the mean of the colours; for alpha there is nothing.
    """
    return _native.latent_placed(shape.native, start.number, known)


def adapted(start: Start, shape: LatentShape) -> NDArray[np.int64]:
    """What a start has for the parameters of a shape, in units of 2^-PRECISION; UNKNOWN where it has nothing."""
    return placed(start, shape, start.values.astype(np.int64))
