"""Chapter "Family 2: `latent`", sections 1 and 3: the networks, and the starts that they may be differences from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from second.integers import floor_scaled, logistic
from second.range_code import RangeCode
from second.refusal import require
from second.siren import MANTISSAS

DATA = Path(__file__).parents[2] / "src" / "coincodec" / "latent"
STARTS, DIRECTIONS = DATA / "starts.npz", DATA / "directions.npz"
FILTER = np.array([-0.0234375, 0.2265625, 0.8671875, -0.0703125])


@dataclass(frozen=True)
class Shape:
    """The header and the parameters of the family."""

    width: int
    height: int
    channels: int
    levels: int  # L
    neighbours: int  # n
    features: int  # F
    hidden: int  # S
    block: int  # K
    magnitudes: bool

    @property
    def context(self) -> int:
        return self.neighbours + self.features

    @property
    def with_features(self) -> int:
        """How many of the finest grids have features."""
        return min(self.levels - 1, 3)

    def grid(self, level: int) -> tuple[int, int]:
        return -(-self.height // 2**level), -(-self.width // 2**level)

    def tensors(self) -> dict[str, tuple[int, int]]:
        """Rows and columns of every tensor, in the order of the file."""
        c, levels = self.context, self.levels
        return {
            "context 1 weights": (c, c),
            "context 1 biases": (c, 1),
            "context 2 weights": (c, c),
            "context 2 biases": (c, 1),
            "output weights": (2, 2 * c),
            "output biases": (2, 1),
            "features": (1, self.features * sum(levels - 1 - level for level in range(self.with_features))),
            "filters": (levels - 1, 4),
            "first weights": (self.hidden, levels),
            "first biases": (self.hidden, 1),
            "second weights": (self.channels, self.hidden + levels),
            "second biases": (self.channels, 1),
            "block weights": (self.block, 9 * self.channels),
            "block biases": (self.block, 1),
            "mix": (self.channels, self.block),
        }


class Networks:
    """Integers of every tensor, and how many of their bits are after the point."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.integers = {name: np.zeros(size, np.int64) for name, size in shape.tensors().items()}
        self.bits = dict.fromkeys(self.integers, 0)

    def real(self, name: str) -> np.ndarray:
        """The parameters themselves; biases as a vector."""
        values = self.integers[name] * 2.0 ** -self.bits[name]
        if name == "filters":
            values = values + FILTER
        return values[:, 0] if name.endswith("biases") else values


def read(payload: bytes, shape: Shape, differences: bool) -> Networks:
    """The payload of section 1 or 3."""
    start = None
    if differences:
        require(len(payload) >= 2, "networks without the number of their start")
        require(payload[1] < 128, "e of a start that is not from -64 to 63")
        start = start_of(payload[0], payload[1] - 64, shape)
        payload = payload[2:]
    source = RangeCode(payload)
    networks = Networks(shape)
    for name, integers in networks.integers.items():
        if not integers.size:
            continue
        p = logistic(source, 30) + 6
        s = logistic(source, 30) + 32
        require(1 <= p <= 14, "bits after the point that are not from 1 to 14")
        require(0 <= s <= 159, "a scale code that is not from 0 to 159")
        networks.bits[name] = p
        for at in np.ndindex(integers.shape):
            value = logistic(source, s)
            if start is not None:
                value += (start[name][at] + 2 ** (36 - p)) >> (37 - p)
            integers[at] = value
    source.end()
    check(networks)
    return networks


def check(networks: Networks) -> None:
    """Refuses networks whose sums could leave 32 bits or whose precision does not suit."""
    require(bool((np.abs(networks.integers["features"]) <= 2**20).all()), "a weight of features beyond 2^20")
    for layer in ("context 1", "context 2", "output"):
        weights, biases = with_identity(networks, layer)
        p, q = networks.bits[f"{layer} weights"], networks.bits[f"{layer} biases"]
        require(q <= 7 + p, "biases finer than sums")
        require(bool((np.abs(biases) <= 2**24).all()), "a bias of the context model beyond 2^24")
        require(bool((np.abs(weights) <= 32767).all()), "a weight of the context model beyond 32767")
        sums = np.abs(weights).sum(1) * 32767 + np.abs(biases) * 2 ** (7 + p - q) + 2 ** (6 + p)
        require(bool((sums < 2**31).all()), "sums of the context model that could leave 32 bits")


def with_identity(networks: Networks, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a layer of the context model, 2^p added where its input is added to its sums, and its biases."""
    weights = networks.integers[f"{layer} weights"]
    if layer != "output":
        weights = weights + 2 ** networks.bits[f"{layer} weights"] * np.eye(len(weights), dtype=np.int64)
    return weights, networks.integers[f"{layer} biases"][:, 0]


def start_of(number: int, e: int, shape: Shape) -> dict[str, list]:
    """What a start has for every parameter, in units of 2^-37, as integers of Python."""
    require(1 <= number <= 6, "a start that there is not")
    with np.load(STARTS) as file:
        (name,) = (name for name in file.files if name.startswith(f"{number} "))
        flat = file[name].astype(np.int64)
    suits(shape, name.split()[1])
    return in_units(flat, e, shape)


def suits(shape: Shape, size: str) -> None:
    """Refuses a start for other networks."""
    require(shape.magnitudes, "a start for a context model that does not take magnitudes")
    sizes = (shape.neighbours, shape.features, shape.hidden, shape.block)
    of_start = {"middle": (12, 4, 16, 4), "large": (14, 6, 32, 8)}[size]
    require(sizes == of_start, "a start for networks of another size")


def read_codes(payload: bytes, shape: Shape) -> Networks:
    """Section 5."""
    require(len(payload) >= 2, "networks without the number of their start")
    require(payload[1] < 128, "e of a start that is not from -64 to 63")
    number, e = payload[0], payload[1] - 64
    require(7 <= number <= 12, "a start with directions that there is not")
    with np.load(DIRECTIONS) as file:
        (name,) = (name for name in file.files if name.startswith(f"{number} values "))
        values, directions = file[name].astype(np.int64), file[f"{number} directions"].astype(np.int64)
        scales, bits = (file[f"{number} {part}"].tolist() for part in ("scales", "bits"))
    suits(shape, name.split()[2])
    if len(payload) > 2:
        source = RangeCode(payload[2:])
        codes = [logistic(source, scale) for scale in scales]
        source.end()
        require(any(codes), "codes that are all 0")
        require(max(map(abs, codes)) <= 255, "a code beyond 255")
        values = values + np.array(codes) @ directions
    start, networks = in_units(values, e, shape), Networks(shape)
    for (name, integers), p in zip(networks.integers.items(), bits, strict=True):
        if integers.size:
            networks.bits[name] = p
        for at in np.ndindex(integers.shape):
            integers[at] = (start[name][at] + 2 ** (36 - p)) >> (37 - p)
    check(networks)
    return networks


def in_units(flat: np.ndarray, e: int, shape: Shape) -> dict[str, list]:
    """An array of a start's, for every parameter of a picture's networks, in units of 2^-37."""
    sizes = (shape.neighbours, shape.features, shape.hidden, shape.block)
    theirs = Shape(1, 1, 3, 7, *sizes, True)
    there = array_to_tensors(flat, theirs)
    there["filters"] = there["filters"] - (FILTER * 2**14).astype(np.int64)
    there["output biases"][1] -= e * 2**11
    here = {}
    for tensor, size in shape.tensors().items():
        if tensor == "features":
            integers = np.zeros(size, np.int64)
            for ours, known in zip(features_of(integers, shape), features_of(there[tensor], theirs), strict=False):
                ours[:] = cut(known, ours.shape)
        else:
            integers = cut(to_channels(tensor, there[tensor], shape.channels), size)
        gains = np.full(size, gain(0)).astype(object)
        if tensor == "first weights":
            gains[:] = gain(e)
        elif tensor == "second weights":
            gains[:, shape.hidden :] = gain(e)
        elif tensor == "output weights":
            gains[1] = gain(e)
        elif tensor in ("context 1 biases", "context 2 biases"):
            gains[:] = gain(-e)
        elif tensor == "output biases":
            gains[0] = gain(-e)
        here[tensor] = integers.astype(object) * gains
    return here


def gain(x: int) -> int:
    """G(x) in units of 2^-23."""
    return floor_scaled(MANTISSAS[-x % 8], -(-x // 8))


def to_channels(tensor: str, values: np.ndarray, channels: int) -> np.ndarray:
    """Rows or columns for red, green and blue, as those of this many channels."""
    grey = channels < 3
    if tensor.startswith("second") or tensor == "mix":
        colours = values.sum(0, keepdims=True) // 3 if grey else values
        return np.concatenate([colours, np.zeros((1 - channels % 2, values.shape[1]), np.int64)])
    if tensor == "block weights":
        nine = values.reshape(len(values), 3, 9)
        colours = nine.sum(1, keepdims=True) if grey else nine
        return colours.reshape(len(values), -1)
    return values


def features_of(tensor: np.ndarray, shape: Shape) -> list[np.ndarray]:
    """Views of the matrices, features x coarser grids, in the tensor "features"."""
    columns = [shape.levels - 1 - level for level in range(shape.with_features)]
    ends = np.cumsum(columns) * shape.features
    return [flat.reshape(shape.features, -1) for flat in np.split(tensor[0], ends[:-1])] if shape.features else []


def cut(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """What values have of a tensor of this size, and 0 elsewhere."""
    integers = np.zeros(size, np.int64)
    rows, columns = min(size[0], values.shape[0]), min(size[1], values.shape[1])
    integers[:rows, :columns] = values[:rows, :columns]
    return integers


def array_to_tensors(flat: np.ndarray, shape: Shape) -> dict[str, np.ndarray]:
    """An array of starts.npz: layer by layer, each row of weights followed by its bias."""
    tensors = {}
    sizes = shape.tensors()
    for name, (rows, columns) in sizes.items():
        if name.endswith("biases"):
            continue
        biases = name.replace("weights", "biases")
        width = columns + (biases != name)
        block, flat = flat[: rows * width].reshape(rows, width), flat[rows * width :]
        tensors[name] = block[:, :columns].copy()
        if biases != name:
            tensors[biases] = block[:, columns:].copy()
    require(not flat.size, "an array of starts.npz that is longer than a start")
    return tensors
