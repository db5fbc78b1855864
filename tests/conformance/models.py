"""Models of small pictures for the conformance set: numbers drawn at random, where a case does not say which."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from second.context_model import ContextModel
from second.networks import Networks, Shape, check, read_codes, start_of
from second.writing import (
    write_codes,
    write_file,
    write_networks,
    write_start_codes,
    write_tiles,
    write_weights,
    write_whole,
)

Integers = np.ndarray
Section = tuple[int, bytes]


@dataclass
class File:
    """What is around a model. format: of samples, as the header has it. before, after: other sections."""

    width: int = 7
    height: int = 5
    format: int = 0
    before: list[Section] = field(default_factory=list)
    after: list[Section] = field(default_factory=list)

    @property
    def channels(self) -> int:
        return 1 + self.format % 4

    def write(self, family: int, parameters: bytes, sections: list[Section]) -> bytes:
        every = [*self.before, *sections, *self.after]
        return write_file(family, (self.width, self.height), parameters, every, self.format)


def siren_sizes(layers: int, features: int, channels: int) -> list[tuple[int, int]]:
    """Rows and columns of [W | b] of every layer."""
    return [(features, 3), *[(features, features + 1)] * (layers - 1), (channels, features + 1)]


def _drawn(seed: int, layers: int, features: int, channels: int) -> list[np.ndarray]:
    """[W | b] of layers; deep ones hand on what they are given, nearly, so that something is left of it."""
    rng = np.random.default_rng(seed)
    drawn = []
    for number, size in enumerate(siren_sizes(layers, features, channels)):
        layer = rng.normal(0, 2 if number == 0 else 1 / np.sqrt(features), size)
        if number == layers:
            layer = layer / 4
            layer[:, -1] += 0.5
        elif layers > 10 and number > 0:
            layer = layer / 20 + np.eye(*size)
        drawn.append(layer)
    return drawn


def siren_half(seed: int, layers: int, features: int, file: File | None = None) -> bytes:
    """A siren in half floats."""
    file = file or File()
    return siren_of(_drawn(seed, layers, features, file.channels), file)


def siren_of(layers: list[np.ndarray], file: File) -> bytes:
    """A siren of these half floats."""
    parameters = bytes([len(layers) - 1, len(layers[0]) - 1])
    return file.write(1, parameters, [(1, b"".join(np.asarray(layer, "<f2").tobytes() for layer in layers))])


def siren_coded(
    seed: int,
    layers: int,
    features: int,
    file: File | None = None,
    step: int = 64,
    last: int | None = None,
    scales: tuple[int, int] | None = None,
    special: dict[tuple[int, int, int], int] | None = None,
) -> bytes:
    """A siren in integers, for scale codes that fit if there are none.

    step: code of the first layer's; of others 5 more each, and of the last one `last`, if there is one. special:
    integers by layer, row, column.
    """
    file = file or File()
    integers, codes = [], []
    for number, layer in enumerate(_drawn(seed, layers, features, file.channels)):
        t = min(step + 5 * number, 255) if last is None or number < layers else last
        unit = 2.0 ** (4 - t / 8)
        integers.append(np.rint(layer / unit).astype(np.int64))
        near = min(max(round(24 + 8 * np.log2(np.abs(layer).mean() / unit + 0.2)), 0), 159)
        codes.append((t, *(scales or (near, near))))
    for (number, row, column), value in (special or {}).items():
        integers[number][row, column] = value
    return file.write(1, bytes([layers, features - 1]), [(2, write_weights(integers, codes))])


BITS = {
    "context 1 weights": 8,
    "context 1 biases": 8,
    "context 2 weights": 8,
    "context 2 biases": 8,
    "output weights": 8,
    "output biases": 4,
    "features": 6,
    "filters": 7,
    "first weights": 6,
    "first biases": 6,
    "second weights": 8,
    "second biases": 8,
    "block weights": 6,
    "block biases": 6,
    "mix": 8,
}


@dataclass
class Latent:
    """A latent model.

    values: tensors, or entries of them by (tensor, row, column), that are not drawn at random. bits: after the point,
    where they are not the usual ones. scales: codes, where they are not those that fit. tiles: log2 of their sides,
    finest grid first. start: number and e. codes: that networks are of that start.
    spread: of latents. grids: latents that are not drawn at random.
    """

    seed: int
    file: File
    levels: int = 3
    neighbours: int = 4
    features: int = 2
    hidden: int = 4
    block: int = 2
    magnitudes: bool = True
    values: dict = field(default_factory=dict)
    bits: dict[str, int] = field(default_factory=dict)
    scales: dict[str, int] = field(default_factory=dict)
    tiles: list[int] | None = None
    start: tuple[int, int] | None = None
    codes: tuple[int, ...] | None = None
    spread: float = 2.0
    grids: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        f = self.file
        sizes = (self.levels, self.neighbours, self.features, self.hidden, self.block)
        return Shape(f.width, f.height, f.channels, *sizes, self.magnitudes)

    @property
    def parameters(self) -> bytes:
        s = self.shape
        sizes = bytes([s.levels, s.neighbours, s.features, s.hidden, s.block])
        return sizes + b"\1" if s.magnitudes else sizes

    def networks(self) -> Networks:
        if self.codes is not None:
            assert self.start is not None
            return read_codes(write_start_codes(*self.start, self.codes), self.shape)
        rng = np.random.default_rng(self.seed)
        networks = Networks(self.shape)
        networks.bits = {name: self.bits.get(name, usual) for name, usual in BITS.items()}
        if self.start is not None:
            for name, start in start_of(*self.start, self.shape).items():
                p = networks.bits[name]
                rounded = ((start + 2 ** (36 - p)) >> (37 - p)).astype(np.int64)
                networks.integers[name] = rounded + rng.integers(-1, 2, start.shape)
        else:
            self._draw(networks, rng)
        for where, value in self.values.items():
            if isinstance(where, str):
                networks.integers[where][:] = value
            else:
                networks.integers[where[0]][where[1:]] = value
        return networks

    def _draw(self, networks: Networks, rng: np.random.Generator) -> None:
        s = self.shape
        spread = {
            "context 1 weights": 128 / s.context,
            "context 1 biases": 10,
            "context 2 weights": 128 / s.context,
            "context 2 biases": 10,
            "output weights": 64 / s.context,
            "output biases": 3,
            "features": 10,
            "filters": 2,
            "first weights": 16 / np.sqrt(s.levels),
            "first biases": 10,
            "second weights": 24 / np.sqrt(s.hidden + s.levels),
            "second biases": 20,
            "block weights": 64 / (9 * s.channels),
            "block biases": 5,
            "mix": 20,
        }
        for name, integers in networks.integers.items():
            integers[:] = np.rint(rng.normal(0, spread[name], integers.shape))
        networks.integers["output biases"][1] += 80
        networks.integers["second biases"] += 128

    def latents(self) -> dict[int, np.ndarray]:
        rng = np.random.default_rng(self.seed + 1000)
        drawn = {
            level: np.rint(rng.laplace(0, self.spread, self.shape.grid(level))).astype(np.int64)
            for level in range(self.levels)
        }
        return {**drawn, **self.grids}

    def sections(self) -> list[Section]:
        networks, grids = self.networks(), self.latents()
        check(networks)
        model = ContextModel(networks)
        if self.codes is not None:
            assert self.start is not None
            first = (5, write_start_codes(*self.start, self.codes))
        elif self.start is None:
            first = (1, write_networks(networks, self.scales))
        else:
            number, e = self.start
            coded = write_networks(networks, self.scales, start_of(number, e, self.shape))
            first = (3, bytes([number, e + 64]) + coded)
        if self.tiles is None:
            return [first, (2, write_whole(model, grids))]
        bits = dict(enumerate(self.tiles))
        return [first, (4, write_tiles(bits, write_codes(model, grids, bits)))]

    def write(self) -> bytes:
        return self.file.write(2, self.parameters, self.sections())
