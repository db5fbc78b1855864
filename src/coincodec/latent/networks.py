"""The networks' parameters as integers: which steps, how many bits, in which bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _native, entropy
from ..errors import FitError
from ..state import State, fill
from .model import BICUBIC, Array32, LatentShape, parts
from .origin import ORIGIN_BYTES, Origin, origin_levels
from .start import starts

Integers = NDArray[np.int32]

# A parameter is its integer times 2^-bits of its tensor. Bits are coded as differences from the usual ones, scale codes
# (entropy.scale_of) from the usual one, under DIFFERENCE_SCALE.
LEAST_BITS, MOST_BITS = 1, 14
_USUAL_BITS, _USUAL_SCALE, _DIFFERENCE_SCALE = 6, 32, 30

# In the order of the stream. The first seven are those the integer context model takes.
TENSORS = (
    "context1 weights", "context1 biases", "context2 weights", "context2 biases", "output weights", "output biases",
    "features", "filters", "first weights", "first biases", "second weights", "second biases", "block weights",
    "block biases", "mix",
)  # fmt: skip
_INTEGER_TENSORS = 7


def tensors(shape: LatentShape) -> tuple[NDArray[np.intp], ...]:
    """For each of TENSORS the places of its parameters; empty for what the shape lacks."""
    return tuple(_native.latent_tensors(shape.native))


@dataclass(frozen=True)
class Quantised:
    """Parameters as integers.

    levels: int32, in the order of the parameters. bits: of each tensor, LEAST_BITS to MOST_BITS.
    """

    shape: LatentShape
    levels: Integers
    bits: tuple[int, ...]

    def parameters(self) -> Array32:
        """The float32 parameters: level times 2^-bits, filters being differences from bicubic interpolation."""
        return _native.latent_parameters(self.shape.native, self.levels, self.bits)

    def state(self) -> State:
        """What tells it from others of the shape."""
        return {"levels": self.levels, "bits": self.bits}

    @staticmethod
    def of_state(shape: LatentShape, state: State) -> Quantised:
        """The one of that shape."""
        levels = np.empty(shape.parameters, np.int32)
        fill(levels, state["levels"])
        return Quantised(shape, levels, tuple(int(b) for b in state["bits"]))

    @property
    def integer_bits(self) -> list[int]:
        """The precisions that the native integer context model takes."""
        return list(self.bits[:_INTEGER_TENSORS])

    def error(self) -> str | None:
        """What keeps the integer context model from taking these, if anything."""
        return _native.latent_integer_error(self.shape.native, self.levels, self.integer_bits)


def offsets(shape: LatentShape) -> Array32:
    """What a parameter is where its level is 0."""
    values = np.zeros(shape.parameters, np.float32)
    parts(shape, values).filters[:] = BICUBIC
    return values


def quantise(shape: LatentShape, parameters: Array32, bits: tuple[int, ...]) -> Quantised:
    """The nearest levels."""
    levels = np.zeros(shape.parameters, np.int32)
    relative = parameters - offsets(shape)
    limit = entropy.LIMIT
    for places, b in zip(tensors(shape), bits, strict=True):
        levels[places] = np.clip(np.rint(np.ldexp(relative[places], b)), -limit, limit).astype(np.int32)
    return Quantised(shape, levels, bits)


def representable(shape: LatentShape, parameters: Array32, bits: tuple[int, ...]) -> tuple[int, ...]:
    """The same bits, or fewer for the finest tensors of the context model until the integer model can take it.

    Raises `FitError` if it can at no precision.
    """
    while (error := quantise(shape, parameters, bits).error()) is not None:
        finest = max(bits[:_INTEGER_TENSORS])
        if finest == LEAST_BITS:
            raise FitError(f"the fitted networks do not fit the format: {error}")
        bits = tuple(b - (b == finest and i < _INTEGER_TENSORS) for i, b in enumerate(bits))
    return bits


def tensor_bits(levels: Integers) -> float:
    """Length in bits of a tensor's levels under their best scale, and of the scale; infinite beyond what has a code."""
    if not levels.size:
        return 0.0
    if np.abs(levels).max() > entropy.LIMIT:
        return math.inf
    return float(entropy.code_bits(levels, entropy.best_scale(levels)).sum()) + 4


def length(networks: Quantised, origin: Origin | None = None) -> float:
    """Length in bits of all tensors, as differences from an origin if there is one."""
    own = 0 if origin is None else 8 * ORIGIN_BYTES
    return own + sum(tensor_bits(levels) for _, levels in _coded(networks, origin))


def choose_bits(
    shape: LatentShape,
    parameters: Array32,
    origin: Origin | None,
    start: tuple[int, ...],
    price: float,
    cost: Callable[[Array32], float],
) -> tuple[int, ...]:
    """Bits per tensor that make cost(parameters) + price * length about least, one tensor after the other.

    origin: what they will be differences from. start: where the search begins, finer rather than coarser than the
    answer. cost: of dequantised parameters.
    """
    places = tensors(shape)
    bits = list(start)
    current = quantise(shape, parameters, start)
    levels, values = current.levels.copy(), current.parameters()
    base = offsets(shape)
    now = cost(values)
    for index in sorted(range(len(TENSORS)), key=lambda i: -places[i].size):
        where = places[index]
        if not where.size:
            continue
        length = tensor_bits(_relative(origin, shape, where, bits[index], levels[where]))
        for direction in (-1, 1):
            moved = False
            while LEAST_BITS <= bits[index] + direction <= MOST_BITS:
                b = bits[index] + direction
                trial = np.rint(np.ldexp(parameters[where] - base[where], b)).astype(np.int32)
                trial_length = tensor_bits(_relative(origin, shape, where, b, trial))
                if np.abs(trial).max() > entropy.LIMIT or trial_length == math.inf:
                    break
                kept = values[where]
                values[where] = np.ldexp(trial.astype(np.float32), -b) + base[where]
                then = cost(values)
                if then + price * trial_length >= now + price * length:
                    values[where] = kept
                    break
                bits[index], levels[where], now, length, moved = b, trial, then, trial_length, True
            if moved:
                break
    return tuple(bits)


def write(networks: Quantised, origin: Origin | None = None) -> bytes:
    """The bytes of a section, as differences from an origin if there is one.

    Raises `FitError` if a parameter is too large for the format.
    """
    error = networks.error()
    if error is not None:
        raise FitError(f"the fitted networks do not fit the format: {error}")
    coder = entropy.RangeEncoder()
    for bits, levels in _coded(networks, origin):
        if np.abs(levels).max() > entropy.LIMIT:
            raise FitError("a parameter has too many steps for the format")
        scale = entropy.best_scale(levels)
        coder.logistic(np.array([bits - _USUAL_BITS, scale - _USUAL_SCALE], np.int32), _DIFFERENCE_SCALE)
        coder.logistic(levels, scale)
    return (origin.write() if origin is not None else b"") + coder.finish()


def read(shape: LatentShape, payload: bytes | memoryview, relative: bool = False) -> Quantised:
    """The networks of a section, which are differences from an origin or are not.

    Raises `CorruptError`, or `UnsupportedError` for a start this version does not have.
    """
    return Quantised(shape, *_native.latent_networks(shape.native, payload, relative))


def of_origin(shape: LatentShape, origin: Origin) -> Quantised:
    """The networks that an origin with directions is by itself.

    Raises `FitError` if the integer context model cannot take them.
    """
    networks = _of_origin(shape, origin)
    error = networks.error()
    if error is not None:
        raise FitError(f"the fitted networks do not fit the format: {error}")
    return networks


def _of_origin(shape: LatentShape, origin: Origin) -> Quantised:
    bits = starts()[origin.start].bits
    levels = np.zeros(shape.parameters, np.int32)
    for places, b in zip(tensors(shape), bits, strict=True):
        if places.size:
            levels[places] = origin_levels(origin, shape, places, b)
    return Quantised(shape, levels, bits)


def write_codes(origin: Origin) -> bytes:
    """The bytes of a section that says nothing but where from a start its networks are."""
    if not any(origin.codes):
        return origin.write()
    coder = entropy.RangeEncoder()
    for code, scale in zip(origin.codes, starts()[origin.start].scales, strict=True):
        coder.logistic(np.array([code], np.int32), scale)
    return origin.write() + coder.finish()


def _coded(networks: Quantised, origin: Origin | None) -> Iterator[tuple[int, Integers]]:
    """Bits and what is written of every tensor that is not empty."""
    for places, bits in zip(tensors(networks.shape), networks.bits, strict=True):
        if places.size:
            yield bits, _relative(origin, networks.shape, places, bits, networks.levels[places])


def _relative(
    origin: Origin | None, shape: LatentShape, places: NDArray[np.intp], bits: int, levels: Integers
) -> Integers:
    return levels if origin is None else levels - origin_levels(origin, shape, places, bits)
