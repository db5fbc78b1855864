"""A SIREN in the container: its sizes in the header, its weights in one section (docs/format.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import _native, entropy
from ..container import Header, Section, as_native
from ..errors import FitError
from ..steps import falling
from .model import Array32, SirenShape

FAMILY = 1
NAME = "siren"
WEIGHTS_FP16 = 1
WEIGHTS_CODED = 2


def header_parameters(shape: SirenShape) -> bytes:
    """Depth and width, as the header carries them."""
    return bytes([shape.layers, shape.width - 1])


def read_shape(header: Header) -> SirenShape:
    """Depth and width from a header. Raises `CorruptError` or `UnsupportedError`."""
    return SirenShape(2, header.channels, *_native.read_siren_shape(header.parameters, header.channels))


# Step code c stands for 2^(4 - c / 8), c from 0 to 255.
STEP_CODES = 256

# Step and scales of a layer are coded as differences from the layer before, of which these take the place
# for the first one, under this scale code.
_FIRST_CODES = (64, 84, 84)
_DIFFERENCE_SCALE = 40


def step_of(code: int) -> float:
    """The quantisation step that a step code stands for, as the decoder computes it."""
    mantissa, exponent = falling(code)
    return float(np.ldexp(float(mantissa), 4 + exponent))


@dataclass(frozen=True)
class QuantisedWeights:
    """Integer weights of a network.

    levels: one int32 array of shape (fan out, fan in + 1) per layer, [W | b] as in `SirenShape.matrices`.
    steps: the step code of each layer; a weight is its level times `step_of` that.
    """

    levels: tuple[NDArray[np.int32], ...]
    steps: tuple[int, ...]

    def parameters(self) -> Array32:
        """The flat float32 parameters a decoder reconstructs: the exact product, rounded once."""
        parts = []
        for levels, code in zip(self.levels, self.steps, strict=True):
            mantissa, exponent = falling(code)
            exact = (levels * mantissa).astype(np.float64)
            parts.append(np.ldexp(exact, 4 + exponent).astype(np.float32).ravel())
        return np.concatenate(parts)


def to_half(parameters: Array32) -> Array32:
    """The parameters rounded to half precision, as float32; infinite where they are too large for it."""
    with np.errstate(over="ignore"):
        return parameters.astype(np.float16).astype(np.float32)


def write_half(shape: SirenShape, parameters: Array32) -> Section:
    """The section of a network as half-precision floats, little-endian.

    parameters: already rounded by `to_half`. Raises `FitError` if they are not finite or too large.
    """
    _check_bounds(shape, parameters)
    return Section(WEIGHTS_FP16, parameters.astype("<f2").tobytes())


def half_bytes(shape: SirenShape) -> int:
    """Length of the section of half-precision floats."""
    return 2 * shape.parameters


def write_coded(shape: SirenShape, weights: QuantisedWeights) -> Section:
    """The section of a network as range-coded integers. Raises `FitError` if a weight is too large."""
    _check_bounds(shape, weights.parameters())
    if any(np.abs(levels).max() > entropy.LIMIT for levels in weights.levels):
        raise FitError("a weight has too many steps for the format")
    coder = entropy.RangeEncoder()
    before = _FIRST_CODES
    for levels, step in zip(weights.levels, weights.steps, strict=True):
        matrix, bias = levels[:, :-1], levels[:, -1]
        codes = (step, entropy.best_scale(matrix), entropy.best_scale(bias))
        coder.logistic(np.subtract(codes, before).astype(np.int32), _DIFFERENCE_SCALE)
        coder.logistic(matrix, codes[1])
        coder.logistic(bias, codes[2])
        before = codes
    return Section(WEIGHTS_CODED, coder.finish())


def read_weights(shape: SirenShape, sections: Sequence[Section]) -> Array32:
    """The parameters of a network as flat float32. Raises `CorruptError`, `TruncatedError` or `UnsupportedError`."""
    return _native.siren_weights(shape, as_native(sections))


def _check_bounds(shape: SirenShape, parameters: Array32) -> None:
    if not _native.siren_bounded(parameters, shape):
        raise FitError("the fitted weights are too large for the format")
