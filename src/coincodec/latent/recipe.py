"""How latent models are fitted: the presets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .model import SIZES, Size


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted.

    size: of the networks. least_size: those for pictures that larger ones would not pay for. steps: of the whole fit,
    unless the caller says otherwise; those at a part of the picture's size count as what they cost.
    coarse: the share of that cost that goes into parts of the size, of plain and of detailed pictures. begin: the share
    of the schedule that is done before the picture's own size, if latents go over to that.
    temperature: of the soft rounding, from the first to the last soft step, on the way as the power `hardening` of the
    share done. noise: its standard deviation likewise, in a straight line.
    gap: the temperature falls faster where rounding the latents would add more than this to the logarithm of the cost.
    cooling: the share of the temperature that it then loses at a look, at most.
    latent_rate: of Adam on the latents, in quantisation steps; falls as a cosine to `latent_end` of it. quick: for that
    share of the soft steps Adam's betas are `quick_betas`, then `betas`. epsilon: Adam's, times the price of a bit,
    since gradients grow with that.
    rate: of SOAP on the networks; falls as a cosine to `end` of it, after `ramp` steps. momentum: its first beta.
    for_moving: rate and end instead of these, if others are better, for a goal that moves as that of fits for eyes
    does: in few steps networks that go on as fast end several points of SSIMULACRA 2 lower where quality is high.
    hard: the last share of the steps; latents are integers then and only the networks move, as integers too.
    hard_rate: of SOAP in these steps, falling to 0.
    every: the networks' gradient is taken from one row in so many.
    """

    size: Size
    least_size: Size
    steps: int
    coarse: tuple[float, float] = (0.2, 0.04)
    begin: float = 0.15
    temperature: tuple[float, float] = (1.05, 0.07)
    hardening: float = 0.43
    noise: tuple[float, float] = (0.24, 0.13)
    gap: float = 0.12
    cooling: float = 0.15
    latent_rate: float = 0.47
    latent_end: float = 0.002
    quick: float = 0.3
    quick_betas: tuple[float, float] = (0.54, 0.94)
    betas: tuple[float, float] = (0.7, 0.985)
    epsilon: float = 6.0
    rate: float = 0.015
    momentum: float = 0.9
    end: float = 0.15
    for_moving: tuple[float, float] | None = None
    ramp: int = 20
    hard: float = 0.05
    hard_rate: float = 1e-3
    every: int = 4

    def suiting(self, price: float, pixels: int) -> Recipe:
        """The recipe for a picture of so many pixels at a price of a bit, with the networks and steps it is worth."""
        # Larger networks save a share of what a picture costs, and take bytes that are the same for all pictures. On
        # Kodak both are about equal at this price; what a picture costs grows as the power 0.37 of it.
        if self.size == self.least_size or price <= _WORTH_WHILE * (pixels / KODAK_PIXELS) ** (1 / (1 - 0.37)):
            return self
        return replace(self, size=self.least_size, steps=round(QUICKER * self.steps))

    def for_eyes(self) -> Recipe:
        """The recipe where the goal moves with what is shown."""
        rate, end = self.for_moving or (self.rate, self.end)
        return replace(self, rate=rate, end=end)

    def hard_steps(self, steps: int) -> int:
        """How many of `steps` steps are hard."""
        return max(1, round(self.hard * steps)) if steps > 1 else 0

    def rate_at(self, step: int, share: float) -> float:
        """Of the networks at a soft step, after that share of the fit."""
        return self.rate * min(1.0, (step + 1) / self.ramp) * self.cosine(share, self.end)

    @staticmethod
    def between(ends: tuple[float, float], share: float) -> float:
        """A value on the way from the first to the second end."""
        return ends[0] + (ends[1] - ends[0]) * share

    @staticmethod
    def cosine(share: float, least: float) -> float:
        """From 1 to `least` as half a cosine."""
        return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * share))


_WORTH_WHILE, KODAK_PIXELS = 0.008, 768 * 512

# How many times as fast a step with the least networks is.
QUICKER = 1.4

_DEFAULT = Recipe(SIZES["large"], SIZES["middle"], 2200, rate=0.02)

_FAST = replace(
    _DEFAULT, size=SIZES["middle"], steps=560, coarse=(0.3, 0.08), rate=0.03, for_moving=(0.015, 0.04), gap=math.inf
)

RECIPES = {
    "instant": replace(_FAST, steps=160, coarse=(0.4, 0.12), for_moving=None),
    "fast": _FAST,
    "default": _DEFAULT,
    "best": replace(
        _DEFAULT,
        steps=10_000,
        coarse=(0.12, 0.02),
        rate=0.015,
        temperature=(0.6, 0.07),
        hardening=0.7,
        gap=0.06,
    ),
}
