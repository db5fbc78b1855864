"""Sizes of a latent model, where its parameters and latents lie, and how they begin."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _native

Array32 = NDArray[np.float32]

KERNEL_TAPS = 4
FEATURE_LEVELS = 3

# (row, column) of the causal neighbours, nearest first: those of native/latent/shape.h.
NEIGHBOURS = (
    (0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-1, -2), (-1, 2), (-2, -1), (-2, 1), (-2, -2), (-3, 0),
    (0, -3), (-1, -3),
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How large the networks are, whatever the picture.

    neighbours, features: of a context, 1 to 14 causal neighbours and 0 to 8 features of coarser grids.
    hidden: width of the synthesis, 1 to 64. block: hidden channels of its 3x3 block, 0 to 16, 0 for none.
    """

    neighbours: int
    features: int
    hidden: int
    block: int


SIZES = {
    "small": Size(8, 2, 8, 0),
    "middle": Size(12, 4, 16, 4),
    "large": Size(14, 6, 32, 8),
}


@dataclass(frozen=True)
class LatentShape:
    """A model for a picture of one size.

    height, width: in pixels. channels: 1 to 4. levels: number of grids, 1 to 12; grid l has the picture's size
    divided by 2^l, rounded up. neighbours, features, hidden, block: see `Size`.
    magnitudes: whether layers of the context model take magnitudes or, as in the first streams, max(., 0), which only
    coders know.
    """

    height: int
    width: int
    channels: int
    levels: int
    neighbours: int
    features: int
    hidden: int
    block: int
    magnitudes: bool = True

    @classmethod
    def of(
        cls, height: int, width: int, channels: int, levels: int, size: Size, magnitudes: bool = True
    ) -> LatentShape:
        """A model of that size."""
        return cls(height, width, channels, levels, size.neighbours, size.features, size.hidden, size.block, magnitudes)

    def __str__(self) -> str:
        return (
            f"{self.levels} grids, contexts of {self.neighbours}+{self.features}, synthesis {self.hidden}+{self.block}"
        )

    @cached_property
    def native(self) -> tuple[int, ...]:
        """The fields, as the native core takes them."""
        return astuple(self)

    @cached_property
    def layout(self) -> dict[str, Any]:
        """Offsets of the native arrays: see `latent_layout` in native/bindings_latent.cpp."""
        return dict(_native.latent_layout(self.native))

    @property
    def size(self) -> Size:
        """The sizes of the networks."""
        return Size(self.neighbours, self.features, self.hidden, self.block)

    @property
    def context(self) -> int:
        """Inputs of the context model."""
        return self.neighbours + self.features

    @property
    def feature_levels(self) -> int:
        """Grids, the finest ones, whose contexts have features."""
        return min(self.levels - 1, FEATURE_LEVELS) if self.features else 0

    @property
    def parameters(self) -> int:
        """Parameters of all networks."""
        return int(self.layout["parameters"])

    @property
    def latents(self) -> int:
        """Latents of all grids."""
        return sum(rows * columns for rows, columns in map(self.grid, range(self.levels)))

    def grid(self, level: int) -> tuple[int, int]:
        """(rows, columns) of a grid."""
        return -(-self.height >> level), -(-self.width >> level)

    def plane(self, latents: NDArray[Any], level: int) -> NDArray[Any]:
        """Grid `level` of an array of latents, without its margins: a view of shape (rows, columns)."""
        rows, columns = self.grid(level)
        at, stride = self.layout["planes"][level]
        return np.lib.stride_tricks.as_strided(
            latents[at:], (rows, columns), (stride * latents.itemsize, latents.itemsize)
        )

    def empty_latents(self) -> Array32:
        """Zeros for all grids, with margins, on a cache line."""
        size = self.layout["latents"]
        memory = np.zeros(size + 16, np.float32)
        start = (-memory.ctypes.data % 64) // 4
        return memory[start : start + size]


@dataclass(frozen=True)
class Parts:
    """Views of the parameters by meaning.

    context1, context2: (context, context + 1), [W | b], without the residual. output: (2, 2 context + 1), mean and log2
    of the scale from [second layer | context | b]. features: for each level (features, coarser grids). filters:
    (levels - 1, 4). first: (hidden, levels + 1). second: (channels, hidden + levels + 1), [first layer | grids | b].
    block: (block, 9 channels + 1), channel, row, column. mix: (channels, block).
    """

    context1: NDArray[Any]
    context2: NDArray[Any]
    output: NDArray[Any]
    features: tuple[NDArray[Any], ...]
    filters: NDArray[Any]
    first: NDArray[Any]
    second: NDArray[Any]
    block: NDArray[Any]
    mix: NDArray[Any]


def parts(shape: LatentShape, parameters: NDArray[Any]) -> Parts:
    """Views of `parameters`, which may be of any type. Raises ValueError if they do not fit the shape."""
    if parameters.shape != (shape.parameters,):
        raise ValueError("parameters do not fit the shape")
    at, n, c = shape.layout, shape.context, shape.channels

    def view(start: int, rows: int, columns: int) -> NDArray[Any]:
        return parameters[start : start + rows * columns].reshape(rows, columns)

    return Parts(
        view(at["context"][0], n, n + 1),
        view(at["context"][1], n, n + 1),
        view(at["context"][2], 2, 2 * n + 1),
        tuple(view(start, shape.features, shape.levels - 1 - level) for level, start in enumerate(at["features"])),
        view(at["filters"][0], shape.levels - 1, KERNEL_TAPS) if shape.levels > 1 else parameters[:0].reshape(0, 4),
        view(at["first"], shape.hidden, shape.levels + 1),
        view(at["second"], c, shape.hidden + shape.levels + 1),
        view(at["block"], shape.block, 9 * c + 1),
        view(at["mix"], c, shape.block),
    )


def coarser_shape(shape: LatentShape, level: int) -> LatentShape:
    """The shape of the grids from `level` on, as those of a picture of the size of that grid."""
    rows, columns = shape.grid(level)
    return replace(shape, height=rows, width=columns, levels=shape.levels - level)


def coarser(shape: LatentShape, parameters: Array32, level: int) -> tuple[LatentShape, Array32]:
    """The model that shows what grids from `level` on say of the picture, at the size of that grid.

    Finer grids count as 0, and what their filters would do to a plain area is done to the weights. The context model
    is left out. Latents of these grids lie in memory as in a model of this shape.
    """
    return coarser_shape(shape, level), _native.latent_coarser(shape.native, parameters, level)


def finer(shape: LatentShape, parameters: Array32, coarse: Array32) -> None:
    """Puts what a model of the picture at half its size has learned into `parameters`, which keep what is finest.

    coarse: parameters of `coarser_shape(shape, 1)`. The opposite of `coarser`, contexts and features included: what a
    plain area of a grid shows stays the same.
    """
    shared = Shared.of(shape, parameters)
    known = shared.places >= 0
    parameters[known] = (coarse[shared.places] / shared.gains)[known]


@dataclass(frozen=True)
class Shared:
    """What a model has in common with that of the picture at half its size, contexts and features included.

    places: of its parameters in those of `coarser_shape(shape, 1)`, -1 for what that lacks. gains: by what the other's
    are multiplied, filters being what they were.
    """

    places: NDArray[np.int64]
    gains: Array32

    @classmethod
    def of(cls, shape: LatentShape, parameters: Array32) -> Shared:
        """At these parameters."""
        coarse = coarser_shape(shape, 1)
        places = np.full(shape.parameters, -1, np.int64)
        into, theirs = parts(shape, places), parts(coarse, np.arange(coarse.parameters))
        h = shape.hidden
        into.context1[:], into.context2[:], into.output[:] = theirs.context1, theirs.context2, theirs.output
        for features, known in zip(into.features[1:], theirs.features, strict=False):
            features[:] = known
        into.filters[1:] = theirs.filters
        into.first[:, 1:] = theirs.first
        into.second[:, :h], into.second[:, h + 1 :] = theirs.second[:, :h], theirs.second[:, h:]
        into.block[:], into.mix[:] = theirs.block, theirs.mix
        gains = np.ones(shape.parameters, np.float32)
        of, gain = parts(shape, gains), np.float32(parts(shape, parameters).filters[0].sum() ** 2)
        of.first[:, 1:-1] = of.second[:, h + 1 : -1] = gain
        return cls(places, gains)

    def give(self, parameters: Array32, coarse: Array32) -> None:
        """Sets what `coarse` parameters have in common with these."""
        known = self.places >= 0
        coarse[self.places[known]] = (self.gains * parameters)[known]

    def pull(self, gradient: Array32) -> Array32:
        """The gradient by the parameters of what has this one by the coarse ones."""
        return np.where(self.places >= 0, self.gains * gradient[self.places], np.float32(0))


# Bicubic interpolation (Keys 1981, a = -1/2) at a quarter of a pixel.
BICUBIC = (-0.0234375, 0.2265625, 0.8671875, -0.0703125)


def initial_parameters(shape: LatentShape, seed: int) -> Array32:
    """Parameters before a fit: contexts say nothing, upsampling is bicubic, the grids reach the picture linearly.

    A synthesis's hidden layers are drawn at random and not yet listened to.
    """
    rng = np.random.default_rng(seed)
    parameters = np.zeros(shape.parameters, np.float32)
    p = parts(shape, parameters)
    p.filters[:] = BICUBIC
    p.first[:, :-1] = rng.normal(0, 1 / np.sqrt(shape.levels), p.first[:, :-1].shape) / 16
    p.second[:, : shape.hidden] = rng.normal(0, 1 / np.sqrt(shape.hidden), (shape.channels, shape.hidden)) / 4
    p.second[:, -1] = 0.5
    p.block[:, :-1] = rng.normal(0, 1 / np.sqrt(9 * shape.channels), p.block[:, :-1].shape)
    return parameters


def unit_gains(shape: LatentShape, step: float) -> Array32:
    """By what each parameter is multiplied where latents are divided by `step`, for the same model."""
    return np.power(np.float32(step), unit_powers(shape)).astype(np.float32)


def unit_powers(shape: LatentShape) -> NDArray[np.int64]:
    """The powers, -1, 0 or 1, of the step in `unit_gains`."""
    return _native.latent_unit_powers(shape.native)


def rescale(shape: LatentShape, parameters: Array32, step: float) -> None:
    """Makes it the same model for latents divided by `step`."""
    parameters *= unit_gains(shape, step)
    parts(shape, parameters).output[1, -1] -= math.log2(step)
