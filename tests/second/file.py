"""From a file to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from second import latent, siren
from second.layout import take_apart
from second.limits import Limits
from second.refusal import require
from second.unpack import colour, metadata

OF_FAMILY = {1: {1, 2}, 2: {1, 2, 3, 4}}


@dataclass
class Picture:
    """What a file says."""

    family: int
    samples: np.ndarray  # height x width x channels, of 8 or 16 bits
    exact: np.ndarray  # v, of which the samples are rounded, without bounds
    tolerance: float  # how far v may lie from that in another decoder
    integers: dict[str, np.ndarray]  # what all decoders agree on: weights, or networks and latents
    colour: tuple[int, int] | bytes
    metadata: dict[int, bytes]


def decode(data: bytes, limits: Limits | None = None) -> Picture:
    """The picture of a whole file, or Refused."""
    limits = limits or Limits()
    layout = take_apart(data)
    for section in layout.sections:
        known = section.type in OF_FAMILY[layout.family] | {112, 113}
        require(known or section.type >= 128, f"an unknown section {section.type}")
    colours, said = colour(layout, limits), metadata(layout, limits)
    family = siren if layout.family == 1 else latent
    exact, tolerance, integers = family.decode(layout, limits)
    most = 2**layout.depth - 1
    samples = np.floor(np.clip(exact, 0, 1) * most + 0.5).astype(np.uint8 if layout.depth == 8 else np.uint16)
    return Picture(layout.family, samples, exact, tolerance, integers, colours, said)
