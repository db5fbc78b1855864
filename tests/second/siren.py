"""Chapter "Family 1: `siren`"."""

from __future__ import annotations

import numpy as np

from second.integers import logistic
from second.layout import Layout
from second.limits import Limits
from second.range_code import RangeCode
from second.refusal import require

MANTISSAS = [0x800000, 0x756063, 0x6BA27E, 0x62B395, 0x5A827A, 0x52FF6B, 0x4C1BF8, 0x45CAE1]


def decode(layout: Layout, limits: Limits) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """v of every pixel, how exact it must be, and the weights of every layer as binary32."""
    require(len(layout.parameters) == 2, "parameters of siren are 2 bytes")
    layers, features = layout.parameters[0], layout.parameters[1] + 1
    require(1 <= layers <= 64, "a number of layers that is not from 1 to 64")
    sizes = [(features, 2), *[(features, features)] * (layers - 1), (layout.channels, features)]
    limits.check(layout.width * layout.height, sum(o * i for o, i in sizes))
    of_model = [section for section in layout.sections if section.type in (1, 2)]
    require(len(of_model) == 1, "not one section of weights")
    weights = (halves if of_model[0].type == 1 else integers)(of_model[0].payload, sizes)
    for layer in weights:
        require(bool(np.isfinite(layer).all()), "a weight that is no number, or infinite")
        require(bool((np.abs(layer).sum(1, dtype=np.float64) <= 4096 + 2.0**-21).all()), "a row of weights above 4096")
    return picture(weights, layout), np.array(2.0**-10), {f"layer {i}": layer for i, layer in enumerate(weights)}


def halves(payload: bytes, sizes: list[tuple[int, int]]) -> list[np.ndarray]:
    """Section 1."""
    require(len(payload) == 2 * sum(o * (i + 1) for o, i in sizes), "another number of weights than the model has")
    with np.errstate(invalid="ignore"):
        flat = np.frombuffer(payload, "<f2").astype(np.float32)
    layers = []
    for outputs, inputs in sizes:
        layers.append(flat[: outputs * (inputs + 1)].reshape(outputs, inputs + 1))
        flat = flat[outputs * (inputs + 1) :]
    return layers


def integers(payload: bytes, sizes: list[tuple[int, int]]) -> list[np.ndarray]:
    """Section 2."""
    source = RangeCode(payload)
    step, of_weights, of_biases = 64, 84, 84
    layers = []
    for outputs, inputs in sizes:
        step += logistic(source, 40)
        of_weights += logistic(source, 40)
        of_biases += logistic(source, 40)
        require(0 <= step <= 255, "a step code that is not from 0 to 255")
        require(0 <= of_weights <= 159 and 0 <= of_biases <= 159, "a scale code that is not from 0 to 159")
        rows = [[logistic(source, of_weights) for _ in range(inputs)] for _ in range(outputs)]
        for row in rows:
            row.append(logistic(source, of_biases))
        mantissa, power = MANTISSAS[step % 8], 4 - 23 - step // 8
        layers.append(np.array([[to_binary32(v * mantissa, power) for v in row] for row in rows]))
    source.end()
    return layers


def to_binary32(value: int, power: int) -> np.float32:
    """value * 2^power, rounded once to the nearest, ties to even."""
    drop = max(0, abs(value).bit_length() - 24)
    if drop:
        kept, rest = abs(value) >> drop, abs(value) % 2**drop
        kept += rest > 2 ** (drop - 1) or (rest == 2 ** (drop - 1) and kept % 2 == 1)
        value = kept * 2**drop if value > 0 else -kept * 2**drop
    return np.float32(float(value) * 2.0**power)


def picture(weights: list[np.ndarray], layout: Layout) -> np.ndarray:
    """The function at the centre of every pixel, in binary64."""
    larger = max(layout.height, layout.width)
    v = np.empty((layout.height * layout.width, layout.channels))
    for first in range(0, len(v), 2**16):
        row, column = np.divmod(np.arange(first, min(first + 2**16, len(v))), layout.width)
        h = np.stack([(2 * row + 1 - layout.height) / larger, (2 * column + 1 - layout.width) / larger], 1)
        for i, layer in enumerate(weights):
            matrix = layer.astype(np.float64)
            h = h @ matrix[:, :-1].T + matrix[:, -1]
            if i < len(weights) - 1:
                h = np.sin(h)
        v[first : first + 2**16] = h
    return v.reshape(layout.height, layout.width, layout.channels)


def conditioned(exact: np.ndarray, tolerance: np.ndarray, integers: dict[str, np.ndarray]) -> bool:
    """Whether what binary32 rounds is sure to stay within the tolerance, however deep the network."""
    error = 2.0**-24
    for layer in integers.values():
        largest = float(np.abs(layer).sum(1, dtype=np.float64).max())
        error = largest * (error + 2.0**-22)
    return error < 2.0**-10
