"""A SIREN in the container: its sizes in the header, its weights in one section (docs/format.md)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..container import ANCILLARY, Header, Section
from ..errors import CorruptError, FitError, UnsupportedError
from ..native import MAX_LAYERS, MAX_WIDTH
from .model import Array32, SirenShape

FAMILY = 1
NAME = "siren"
WEIGHTS_FP16 = 1

# Bound on |W| |x| + |b| of any feature, in radians. Fitted networks stay below a tenth of it; an angle much
# beyond it has too few bits left below the point for decoders to agree on its sine.
MAX_ANGLE = 2.0**12


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


def to_half(parameters: Array32) -> Array32:
    """The parameters rounded to half precision, as float32; infinite where they are too large for it."""
    with np.errstate(over="ignore"):
        return parameters.astype(np.float16).astype(np.float32)


def write_weights(shape: SirenShape, parameters: Array32) -> list[Section]:
    """The sections of a network: its parameters as half-precision floats, little-endian.

    parameters: already rounded by `to_half`. Raises `FitError` if they are not finite or too large.
    """
    if not _bounded(shape, parameters):
        raise FitError("the fitted weights are too large for the format")
    return [Section(WEIGHTS_FP16, parameters.astype("<f2").tobytes())]


def read_weights(shape: SirenShape, sections: Sequence[Section]) -> Array32:
    """The parameters of a network as flat float32. Raises `CorruptError` or `UnsupportedError`."""
    weights = None
    for section in sections:
        if section.type == WEIGHTS_FP16:
            if weights is not None:
                raise CorruptError("the stream has two sections of weights")
            weights = section
        elif not section.type & ANCILLARY:
            raise UnsupportedError(f"unknown section type {section.type}")
    if weights is None:
        raise CorruptError("the stream has no weights")
    if len(weights.payload) != 2 * shape.parameters:
        raise CorruptError(f"a {shape} network has {shape.parameters} weights, not {len(weights.payload) / 2:g}")
    parameters = np.frombuffer(weights.payload, "<f2").astype(np.float32)
    if not _bounded(shape, parameters):
        raise CorruptError("a weight is not finite or too large")
    return parameters


def weights_bytes(shape: SirenShape) -> int:
    """Length of the weights section."""
    return 2 * shape.parameters


def _bounded(shape: SirenShape, parameters: Array32) -> bool:
    # Coordinates and sines lie in [-1, 1], so a feature is at most the sum of its row's magnitudes.
    return all(bool((np.abs(m).sum(1) <= MAX_ANGLE).all()) for m in shape.matrices(parameters))
