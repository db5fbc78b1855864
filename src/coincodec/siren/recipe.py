"""How networks are fitted: the presets."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from .model import SirenShape


@dataclass(frozen=True)
class Recipe:
    """How a network is fitted.

    w0: frequency factor of the sine layers during the fit (see `model`).
    steps: of the optimiser, unless the caller says otherwise; with Muon for a network of 8,000 weights, and
        more for others (`steps_for`).
    batch: pixels per step, about; None for all.
    paper_coordinates: fit on `paper_axes` rather than `pixel_axes`.
    muon: Muon for the hidden layers, Adam for the first and last, the rate rising for `warmup` steps
        and then falling to 0 as a cosine. Otherwise Adam at a constant rate, and the parameters with
        the lowest loss of the second half are kept.
    rate: learning rate for a network of that shape.
    half: the weights are stored as half-precision floats unless the caller says otherwise.
    refinement: steps after the weights were rounded to integers, as a share of `steps`.
    feedback: networks of at most so many weights are rounded with error feedback, whose time grows as the square
        of that number (4 seconds for 2,600 weights on two cores).
    """

    w0: float
    steps: int
    batch: int | None
    paper_coordinates: bool
    muon: bool
    rate: Callable[[SirenShape], float]
    warmup: int = 0
    half: bool = False
    refinement: float = 0.125
    feedback: int = 3000

    def steps_for(self, shape: SirenShape) -> int:
        """Steps for a network of that shape where the caller gives none.

        Smaller networks than usual get more because they are cheap, larger ones because they need them: as the
        root of how many times fewer or more weights they have, three times as many at most.
        """
        if not self.muon:
            return self.steps
        octaves = abs(math.log2(shape.parameters / _USUAL_PARAMETERS))
        return round(self.steps * min(2 ** (octaves / 2), 3.0))

    def refinement_steps(self, steps: int) -> int:
        """Steps of the refinement after a fit of so many steps."""
        return max(1, round(self.refinement * steps))

    def at_rate(self, factor: float) -> Recipe:
        """The same recipe with its learning rate multiplied."""
        return replace(self, rate=lambda shape: factor * self.rate(shape))


_USUAL_PARAMETERS = 8000


def _muon_rate(shape: SirenShape) -> float:
    """Fitted to the best rates of networks of 3 to 13 layers of 20 to 63 features on kodim05 and kodim15."""
    return float(min(8e-3, 1.6e-3 * (28 / shape.width) ** 1.15 * (10 / shape.layers) ** 1.3))


# Stratified minibatches and Muon reach the paper's quality in a twelfth of its steps, each on a fiftieth
# of the pixels; wider and deeper networks need smaller rates.
_DEFAULT = Recipe(
    w0=30,
    steps=4000,
    batch=8192,
    paper_coordinates=False,
    muon=True,
    rate=_muon_rate,
    warmup=100,
)

# `paper`: Dupont et al. 2021, section 4 and their code.
RECIPES = {
    "fast": replace(_DEFAULT, steps=1000, refinement=0.2, feedback=1500),
    "default": _DEFAULT,
    "best": replace(_DEFAULT, steps=16_000, refinement=0.1, feedback=6000),
    "paper": Recipe(
        w0=30, steps=50_000, batch=None, paper_coordinates=True, muon=False, rate=lambda shape: 2e-4, half=True,
        refinement=0.01,
    ),
}  # fmt: skip
