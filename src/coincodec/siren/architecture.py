"""Which depth and width for how many bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from ..errors import TargetError, UsageError
from ..native import MAX_LAYERS, MAX_WIDTH
from .model import SirenShape

# Share of a budget that a network of the table must use to be preferred to a better filling one.
TABLE_SHARE = 0.95

# Share of the most parameters that fit below which a pair is not considered. A more usual depth is worth a few
# per cent of the weights (kodim15 at 0.3 bits per pixel, 2,000 steps: 9x29 29.0 dB, 11x26 28.7 dB), and more
# where fewer weights get more bits each (2,000 bytes: 6x22 of 2,643 weights 0.25 dB over 5x25 of 2,753).
NEARLY_FULL, NEARLY_FULL_CODED = 0.97, 0.92

# Factors on the preset's learning rate that are searched. Twice the rate can be best for one picture and make fits of
# another diverge, so it is not.
RATES = (0.6, 1.6)

# Depth for so many parameters, beyond both ends of every table.
_SMALL, _LARGE = ((60, 2), (500, 4)), ((500_000, 16),)

_FILE_KIND = "coincodec architectures"


@dataclass(frozen=True)
class Architecture:
    """A network that is known to be good at its size.

    rate: factor on the preset's learning rate.
    """

    layers: int
    width: int
    rate: float = 1.0

    def __str__(self) -> str:
        return f"{self.layers}x{self.width}"

    @property
    def parameters(self) -> int:
        """Weights and biases for an RGB picture."""
        return SirenShape(2, 3, self.layers, self.width).parameters


def widest_fitting(inputs: int, outputs: int, layers: int, max_bytes: int, size: Callable[[SirenShape], int]) -> int:
    """The greatest width at that depth whose stream, of `size` bytes, takes at most `max_bytes`; 0 if none."""
    low, high = 0, MAX_WIDTH
    while low < high:
        middle = (low + high + 1) // 2
        fits = size(SirenShape(inputs, outputs, layers, middle)) <= max_bytes
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


class ArchitectureTable:
    """Good networks, from small to large; what lies between them is interpolated."""

    def __init__(self, entries: Iterable[Architecture], fullness: float = NEARLY_FULL) -> None:
        """fullness: share of the most parameters that fit below which a pair is not considered."""
        self.entries = tuple(sorted(entries, key=lambda entry: entry.parameters))
        self.fullness = fullness

    def rate(self, parameters: int) -> float:
        """Factor on the learning rate for a network of so many parameters."""
        points = [math.log(entry.parameters) for entry in self.entries]
        return float(np.interp(math.log(parameters), points, [entry.rate for entry in self.entries]))

    def largest_fitting(
        self, inputs: int, outputs: int, max_bytes: int, size: Callable[[SirenShape], int]
    ) -> SirenShape:
        """The network to fit when a stream may have `max_bytes`.

        One of the table if it fits and uses at least `TABLE_SHARE` of the bytes. Else, of the pairs
        that nearly fill the budget, the one whose depth is nearest to what the table suggests.

        size: bytes of the whole stream with a network of that shape.

        Raises `TargetError` if not even the smallest network fits.
        """

        def fits(layers: int, width: int) -> bool:
            return size(SirenShape(inputs, outputs, layers, width)) <= max_bytes

        for entry in reversed(self.entries):
            shape = SirenShape(inputs, outputs, entry.layers, entry.width)
            if TABLE_SHARE * max_bytes <= size(shape) <= max_bytes:
                return shape
        if not fits(1, 1):
            least = size(SirenShape(inputs, outputs, 1, 1))
            raise TargetError(f"no network fits in {max_bytes} bytes; the smallest takes {least}")

        def widest(layers: int) -> int:
            return widest_fitting(inputs, outputs, layers, max_bytes, size)

        usual = self._depth(SirenShape(inputs, outputs, 1, 1), max_bytes, size)
        near = range(max(1, round(usual) - 2), min(MAX_LAYERS, round(usual) + 2) + 1)
        shapes = [SirenShape(inputs, outputs, layers, widest(layers)) for layers in near]
        shapes = [shape for shape in shapes if shape.width] or [SirenShape(inputs, outputs, 1, widest(1))]
        enough = self.fullness * max(shape.parameters for shape in shapes)
        full = [shape for shape in shapes if shape.parameters >= enough]
        return min(full, key=lambda shape: (abs(shape.layers - usual), -shape.parameters))

    def _depth(self, least: SirenShape, max_bytes: int, size: Callable[[SirenShape], int]) -> float:
        """The usual depth for about so many bytes, between those of the table."""
        known = [(entry.parameters, entry.layers) for entry in self.entries]
        small = [point for point in _SMALL if point[0] < known[0][0]]
        large = [point for point in _LARGE if point[0] > known[-1][0]]
        points, depths = zip(*small, *known, *large, strict=True)
        largest = self.entries[-1]
        reference = SirenShape(least.inputs, least.outputs, largest.layers, largest.width)
        bytes_per_parameter = (size(reference) - size(least)) / (reference.parameters - least.parameters)
        parameters = max(max_bytes / bytes_per_parameter, 1)
        return float(np.interp(math.log(parameters), np.log(points), depths))


# The paper's networks (Dupont et al. 2021, section 4.1), for about 0.07, 0.15, 0.3, 0.6 and 1.2 bits
# per pixel of a Kodak image at 16 bits per weight.
PAPER_TABLE = ArchitectureTable(Architecture(*pair) for pair in ((5, 20), (5, 30), (10, 28), (10, 40), (13, 49)))


def shipped_table() -> ArchitectureTable:
    """The table for integer weights, found by `coin search` (docs/siren.md says on what)."""
    text = resources.files(__package__).joinpath("architectures.json").read_text(encoding="utf-8")
    return _parse(text, "the shipped architectures")


def read_table(path: Path) -> ArchitectureTable:
    """A table that `coin search` wrote. Raises `UsageError` if the file is something else."""
    return _parse(path.read_text(encoding="utf-8", errors="replace"), str(path))


def write_table(entries: Iterable[Architecture], facts: dict[str, object]) -> str:
    """The text of a file for `read_table`. facts: how the entries were found, for people."""
    rows = [
        {"layers": entry.layers, "width": entry.width, "rate": round(entry.rate, 4)}
        for entry in sorted(entries, key=lambda entry: entry.parameters)
    ]
    return json.dumps({"kind": _FILE_KIND, "found": facts, "architectures": rows}, indent=1) + "\n"


def _parse(text: str, name: str) -> ArchitectureTable:
    try:
        content = json.loads(text)
        if content["kind"] != _FILE_KIND:
            raise ValueError
        rows = content["architectures"]
        entries = [Architecture(int(row["layers"]), int(row["width"]), float(row["rate"])) for row in rows]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{name}: not a file of architectures") from None
    sound = all(
        1 <= entry.layers <= MAX_LAYERS and 1 <= entry.width <= MAX_WIDTH and 0 < entry.rate < 100 for entry in entries
    )
    if not (entries and sound):
        raise UsageError(f"{name}: an architecture is out of range, or there is none")
    return ArchitectureTable(entries, NEARLY_FULL_CODED)
