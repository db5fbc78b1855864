"""The paper's network in PyTorch, for benchmarks that compare with it (pip install torch==2.13.0)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from coincodec.siren.model import SirenShape

W0 = 30


class TorchSiren(torch.nn.Module):
    """Sine layers, then a linear one, initialised as in the paper's code."""

    def __init__(self, shape: SirenShape) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(fan_in, fan_out) for fan_out, fan_in in shape.sizes)
        for number, (_, fan_in) in enumerate(shape.sizes):
            bound = 1 / fan_in if number == 0 else math.sqrt(6 / fan_in) / W0
            torch.nn.init.uniform_(self.layers[number].weight, -bound, bound)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: coordinates, (points, inputs)."""
        for layer in self.layers[:-1]:
            x = torch.sin(W0 * layer(x))
        values: torch.Tensor = self.layers[-1](x)
        return values


def coordinates(axes: Sequence[NDArray[np.float32]]) -> torch.Tensor:
    """The points of a grid in C order, (points, axes)."""
    return torch.stack(torch.meshgrid(*map(torch.from_numpy, axes), indexing="ij"), -1).reshape(-1, len(axes))
