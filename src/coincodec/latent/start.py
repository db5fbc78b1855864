"""Where fits begin: networks fitted to other pictures (tools/fit_starts.py makes them), adapted to the one at hand.

Streams may hold their networks as differences from these (docs/format.md), so a start that has shipped never changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from .model import SIZES, Array32, LatentShape, Size, initial_parameters, parts, rescale

# The pictures that starts were fitted to were RGB and had so many grids.
CHANNELS, LEVELS = 3, 7

# Parameters of starts are integers in units of 2^-PRECISION.
PRECISION = 14

# How many directions there are from starts that have them.
CODES = 32

# Stands for a parameter that a start has nothing for.
UNKNOWN = np.iinfo(np.int64).min


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
    folder = resources.files(__package__)
    with folder.joinpath("starts.npz").open("rb") as file:
        arrays = np.load(file)
        for name in arrays.files:
            number, size, price = name.split()
            values = arrays[name]
            none = np.empty((0, values.size), np.int16)
            found[int(number)] = Start(int(number), SIZES[size], float(price), values, none)
    with folder.joinpath("directions.npz").open("rb") as file:
        arrays = np.load(file)
        for name in arrays.files:
            number, part, *rest = name.split()
            if part == "values":
                size, price, tune = rest
                directions, scales, bits = (arrays[f"{number} {name}"] for name in ("directions", "scales", "bits"))
                found[int(number)] = Start(
                    int(number),
                    SIZES[size],
                    float(price),
                    arrays[name],
                    directions,
                    tuple(map(int, scales)),
                    tuple(map(int, bits)),
                    tune,
                )
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


def adapted(start: Start, shape: LatentShape, codes: Sequence[int] = ()) -> NDArray[np.int64]:
    """What a start has for the parameters of a shape, in units of 2^-PRECISION; UNKNOWN where it has nothing.

    codes: how far to go along each of its directions, if not 0.
    Of fewer grids the coarser ones are left out. Grey is the mean of the colours; for alpha there is nothing.
    """
    known = start.values.astype(np.int64)
    if any(codes):
        known += np.array(codes, np.int64) @ start.directions.astype(np.int64)
    return placed(start, shape, known)


def placed(start: Start, shape: LatentShape, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same of any parameters laid out as those of the start: linear in them but for rounding."""
    values = np.full(shape.parameters, UNKNOWN, np.int64)
    ours, theirs = parts(shape, values), parts(start_shape(start.size), known)
    levels = min(shape.levels, LEVELS)
    ours.context1[:], ours.context2[:], ours.output[:] = theirs.context1, theirs.context2, theirs.output
    for features, those in zip(ours.features, theirs.features, strict=False):
        shared = min(features.shape[1], those.shape[1])
        features[:, :shared] = those[:, :shared]
    ours.filters[: levels - 1] = theirs.filters[: levels - 1]
    ours.first[:, :levels], ours.first[:, -1] = theirs.first[:, :levels], theirs.first[:, -1]
    ours.first[:, levels : shape.levels] = 0

    colours = shape.channels - (shape.channels + 1) % 2  # without alpha
    second, mix, block = theirs.second, theirs.mix, theirs.block[:, :-1].reshape(-1, CHANNELS, 9)
    if colours != CHANNELS:
        second, mix = (m.sum(0, keepdims=True) // CHANNELS for m in (second, mix))
        block = block.sum(1, keepdims=True)
    reach = start.size.hidden + levels
    ours.second[:colours, :reach], ours.second[:colours, -1] = second[:, :reach], second[:, -1]
    taps = np.zeros((len(block), shape.channels, 9), np.int64)
    taps[:, :colours] = block
    ours.block[:, :-1], ours.block[:, -1] = taps.reshape(len(block), -1), theirs.block[:, -1]
    ours.mix[:colours] = mix
    return values
