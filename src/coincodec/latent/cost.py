"""What a model of a picture costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """error: what is to be small, mean over samples: squared, weighted, taken from the goal. bits: of the latents."""

    error: float
    bits: float
