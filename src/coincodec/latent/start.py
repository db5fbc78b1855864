"""Where fits begin: networks fitted to other pictures (tools/fit_starts.py makes them), adapted to the one at hand."""

from __future__ import annotations

import math
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from .model import SIZES, Array32, LatentShape, Size, initial_parameters, parts, rescale

# The pictures that starts were fitted to were RGB and had so many grids.
CHANNELS, LEVELS = 3, 7


def start_shape(size: Size) -> LatentShape:
    """A shape whose parameters are laid out as those of a start; its picture's size is of no account."""
    return LatentShape.of(512, 512, CHANNELS, LEVELS, size)


@cache
def starts() -> dict[tuple[str, float], NDArray[np.float16]]:
    """The starts that ship: parameters by name of size and price of a bit."""
    with resources.files(__package__).joinpath("starts.npz").open("rb") as file:
        arrays = np.load(file)
        return {(name.split("@")[0], float(name.split("@")[1])): arrays[name] for name in arrays.files}


def start_for(shape: LatentShape, size: Size, price: float, seed: int) -> Array32:
    """The networks a fit begins with: of the start with the nearest price, at random if there is none of that size."""
    parameters = initial_parameters(shape, seed)
    names = [name for name, known in SIZES.items() if known == size]
    near = sorted((_distance(p, price), p) for name, p in starts() if name in names)
    if near:
        known = near[0][1]
        _adapt(starts()[names[0], known].astype(np.float32), size, shape, parameters)
        # The best quantisation step grows as the root of the price.
        rescale(shape, parameters, math.sqrt(price / known))
    return parameters


def _distance(known: float, price: float) -> float:
    """How little a start of price `known` suits another: networks fitted to a higher price know less."""
    octaves = math.log2(price / known)
    return octaves if octaves > 0 else -2 * octaves


def _adapt(start: Array32, size: Size, shape: LatentShape, parameters: Array32) -> None:
    """Takes over what fits. Fewer grids: the finest. Grey is the mean of the colours; alpha begins as it is."""
    ours, theirs = parts(shape, parameters), parts(start_shape(size), start)
    levels = min(shape.levels, LEVELS)
    ours.context1[:], ours.context2[:], ours.output[:] = theirs.context1, theirs.context2, theirs.output
    for features, known in zip(ours.features, theirs.features, strict=False):
        shared = min(features.shape[1], known.shape[1])
        features[:, :shared] = known[:, :shared]
    ours.filters[: levels - 1] = theirs.filters[: levels - 1]
    ours.first[:, :levels], ours.first[:, -1] = theirs.first[:, :levels], theirs.first[:, -1]
    ours.first[:, levels : shape.levels] = 0

    colours = shape.channels - (shape.channels + 1) % 2  # without alpha
    spread = np.eye(CHANNELS) if colours == CHANNELS else np.full((1, CHANNELS), 1 / CHANNELS)
    second, block = spread @ theirs.second, theirs.block[:, :-1].reshape(-1, CHANNELS, 9)
    columns = [*range(size.hidden), *range(size.hidden, size.hidden + levels)]
    ours.second[:colours, columns] = second[:, columns]
    ours.second[:colours, -1] = second[:, -1]
    if size.block:
        taps = np.zeros((size.block, shape.channels, 9), np.float32)
        taps[:, :colours] = block if colours == CHANNELS else block.sum(1, keepdims=True)
        ours.block[:, :-1], ours.block[:, -1] = taps.reshape(size.block, -1), theirs.block[:, -1]
        ours.mix[:colours] = spread @ theirs.mix
