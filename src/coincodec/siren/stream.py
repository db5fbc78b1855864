"""A SIREN in the container: its sizes in the header, its weights in one section (docs/format.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import entropy
from ..container import ANCILLARY, Header, Section
from ..errors import CorruptError, FitError, TruncatedError, UnsupportedError
from ..native import MAX_LAYERS, MAX_WIDTH
from ..steps import falling
from .model import Array32, SirenShape

FAMILY = 1
NAME = "siren"
WEIGHTS_FP16 = 1
WEIGHTS_CODED = 2

# Bound on |W| |x| + |b| of any feature, in radians. Fitted networks stay below a tenth of it; an angle much
# beyond it has too few bits left below the point for decoders to agree on its sine.
MAX_ANGLE = 2.0**12
# More than a sum in binary64 may be off, whatever its order.
_ANGLE_MARGIN = 2.0**-21


def header_parameters(shape: SirenShape) -> bytes:
    """Depth and width, as the header carries them."""
    return bytes([shape.layers, shape.width - 1])


def read_shape(header: Header) -> SirenShape:
    """Depth and width from a header. Raises `CorruptError` or `UnsupportedError`."""
    if len(header.parameters) > 2:
        raise UnsupportedError("a siren stream with parameters this version does not know")
    if len(header.parameters) != 2:
        raise CorruptError("a siren stream must give its depth and width")
    layers, width = header.parameters[0], header.parameters[1] + 1
    if not (1 <= layers <= MAX_LAYERS and width <= MAX_WIDTH):
        raise CorruptError(f"impossible network of {layers} layers of width {width}")
    return SirenShape(2, header.channels, layers, width)


# Step code c stands for 2^(4 - c / 8).
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


def weights_section(sections: Sequence[Section]) -> Section:
    """The one section of weights. Raises `CorruptError` or `UnsupportedError`."""
    weights = None
    for section in sections:
        if section.type in (WEIGHTS_FP16, WEIGHTS_CODED):
            if weights is not None:
                raise CorruptError("the stream has two sections of weights")
            weights = section
        elif not section.type & ANCILLARY:
            raise UnsupportedError(f"unknown section type {section.type}")
    if weights is None:
        raise CorruptError("the stream has no weights")
    return weights


def read_weights(shape: SirenShape, sections: Sequence[Section]) -> Array32:
    """The parameters of a network as flat float32. Raises `CorruptError`, `TruncatedError` or `UnsupportedError`."""
    weights = weights_section(sections)
    if weights.missing:
        raise TruncatedError(f"{weights.missing:,} bytes of the weights are missing; a siren needs all of them")
    read = _read_half if weights.type == WEIGHTS_FP16 else _read_coded
    parameters = read(shape, weights.payload)
    if not _bounded(shape, parameters):
        raise CorruptError("a weight is not finite or too large")
    return parameters


def _read_half(shape: SirenShape, payload: bytes | memoryview) -> Array32:
    if len(payload) != half_bytes(shape):
        raise CorruptError(f"a {shape} network has {shape.parameters} weights, not {len(payload) / 2:g}")
    with np.errstate(invalid="ignore"):  # signalling NaNs, which are refused like others
        return np.frombuffer(payload, "<f2").astype(np.float32)


def _read_coded(shape: SirenShape, payload: bytes | memoryview) -> Array32:
    coder = entropy.RangeDecoder(payload)
    before = np.array(_FIRST_CODES)
    levels, steps = [], []
    for fan_out, fan_in in shape.sizes:
        before = before + coder.logistic(3, _DIFFERENCE_SCALE)
        if (before < 0).any() or (before >= (STEP_CODES, entropy.SCALES, entropy.SCALES)).any():
            raise CorruptError("impossible step or scale of a layer")
        step, matrix_scale, bias_scale = before.tolist()
        matrix = coder.logistic(fan_out * fan_in, matrix_scale).reshape(fan_out, fan_in)
        bias = coder.logistic(fan_out, bias_scale)
        levels.append(np.column_stack([matrix, bias]))
        steps.append(step)
    coder.close()
    return QuantisedWeights(tuple(levels), tuple(steps)).parameters()


def _check_bounds(shape: SirenShape, parameters: Array32) -> None:
    if not _bounded(shape, parameters):
        raise FitError("the fitted weights are too large for the format")


def _bounded(shape: SirenShape, parameters: Array32) -> bool:
    # Coordinates and sines lie in [-1, 1], so a feature is at most the sum of its row's magnitudes.
    if not np.isfinite(parameters).all():
        return False
    largest = (np.abs(m).sum(1, dtype=np.float64).max() for m in shape.matrices(parameters))
    return all(bool(angle <= MAX_ANGLE + _ANGLE_MARGIN) for angle in largest)
