"""Chapter "Family 2: `latent`": parameters and sections."""

from __future__ import annotations

import numpy as np

from second import context_model, networks, synthesis
from second.layout import Layout
from second.limits import Limits
from second.refusal import require


def shape_of(layout: Layout) -> networks.Shape:
    """The header's part of the model."""
    given = layout.parameters
    require(len(given) in (5, 6), "parameters of latent are 5 or 6 bytes")
    for value, low, high, name in zip(given, (1, 1, 0, 1, 0), (12, 14, 8, 64, 16), "LnFSK", strict=False):
        require(low <= value <= high, f"{name} that is not from {low} to {high}")
    require(given[5:] in (b"", b"\1"), "a sixth parameter that is not 1")
    return networks.Shape(layout.width, layout.height, layout.channels, *given[:5], len(given) == 6)


def decode(layout: Layout, limits: Limits) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """v of every pixel, how exact it must be, and the integers of networks and latents."""
    shape = shape_of(layout)
    sizes = {name: rows * columns for name, (rows, columns) in shape.tensors().items()}
    limits.check(shape.width * shape.height, 2 * sum(sizes.values()))
    of_model = [section.type for section in layout.sections if section.type in (1, 2, 3, 4, 5)]
    require(
        of_model in ([1, 2], [1, 4], [3, 2], [3, 4], [5, 2], [5, 4]), "not one section of networks, then one of latents"
    )
    of_networks = [section for section in layout.sections if section.type in (1, 3, 5)]
    of_latents = [section for section in layout.sections if section.type in (2, 4)]
    payload, kind = of_networks[0].payload, of_networks[0].type
    read = networks.read_codes(payload, shape) if kind == 5 else networks.read(payload, shape, kind == 3)
    model = context_model.ContextModel(read)
    grids = (context_model.whole if of_latents[0].type == 2 else context_model.in_tiles)(of_latents[0].payload, model)
    exact = synthesis.picture(read, grids, lambda values: values)
    magnitudes = synthesis.picture(read, grids, np.abs)
    tolerance = 2.0**-10 + 2.0**-18 * magnitudes
    return exact, tolerance, {**read.integers, **{f"grid {level}": grid for level, grid in grids.items()}}


def conditioned(exact: np.ndarray, tolerance: np.ndarray, integers: dict[str, np.ndarray]) -> bool:
    """Whether binary32 can tell what is shown: what it cannot hold may be any sample."""
    return bool((tolerance < 1).all())
