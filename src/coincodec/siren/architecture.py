"""Which depth and width for how many bytes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..errors import TargetError
from ..native import MAX_LAYERS, MAX_WIDTH
from .model import SirenShape

# The paper's networks (Dupont et al. 2021, section 4.1), for about 0.07, 0.15, 0.3, 0.6 and 1.2 bits
# per pixel of a Kodak image at 16 bits per weight.
PAPER_TABLE = ((5, 20), (5, 30), (10, 28), (10, 40), (13, 49))

# Share of a budget that a network of the table must use to be preferred to a better filling one.
TABLE_SHARE = 0.95

# Share of the most parameters that fit below which a pair is not considered: a more usual depth is worth
# a few per cent of the weights (kodim15 at 0.3 bits per pixel, 2,000 steps: 9x29 29.0 dB, 11x26 28.7 dB).
NEARLY_FULL = 0.97

# Depth against the number of parameters: the paper's table, continued at both ends.
_DEPTHS = ((60, 2), (500, 4), (1803, 5), (3903, 5), (7479, 10), (15003, 10), (29697, 13), (500_000, 16))


def largest_fitting(inputs: int, outputs: int, max_bytes: int, size: Callable[[SirenShape], int]) -> SirenShape:
    """The network to fit when a stream may have `max_bytes`.

    One of the paper's table if it fits and uses at least `TABLE_SHARE` of the bytes. Else, of the pairs
    that nearly fill the budget, the one whose depth is nearest to what the table suggests.

    size: bytes of the whole stream with a network of that shape.

    Raises `TargetError` if not even the smallest network fits.
    """

    def fits(layers: int, width: int) -> bool:
        return size(SirenShape(inputs, outputs, layers, width)) <= max_bytes

    for layers, width in reversed(PAPER_TABLE):
        shape = SirenShape(inputs, outputs, layers, width)
        if TABLE_SHARE * max_bytes <= size(shape) <= max_bytes:
            return shape
    if not fits(1, 1):
        least = size(SirenShape(inputs, outputs, 1, 1))
        raise TargetError(f"no network fits in {max_bytes} bytes; the smallest takes {least}")

    def widest(layers: int) -> int:
        low, high = 0, MAX_WIDTH
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(layers, middle) else (low, middle - 1)
        return low

    points, depths = zip(*_DEPTHS, strict=True)
    usual = float(np.interp(math.log(max(max_bytes / 2, 1)), np.log(points), depths))
    near = range(max(1, round(usual) - 2), min(MAX_LAYERS, round(usual) + 2) + 1)
    shapes = [SirenShape(inputs, outputs, layers, widest(layers)) for layers in near]
    shapes = [shape for shape in shapes if shape.width] or [SirenShape(inputs, outputs, 1, widest(1))]
    enough = NEARLY_FULL * max(shape.parameters for shape in shapes)
    full = [shape for shape in shapes if shape.parameters >= enough]
    return min(full, key=lambda shape: (abs(shape.layers - usual), -shape.parameters))
