"""From a file to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from second import latent, siren, unpack
from second.layout import take_apart
from second.limits import Limits
from second.refusal import require

OF_FAMILY = {1: {1, 2}, 2: {1, 2, 3, 4, 5}}


@dataclass
class Picture:
    """What a file says."""

    family: int
    samples: np.ndarray  # height x width x channels, of 8 or 16 bits
    exact: np.ndarray  # v, of which the samples are rounded, without bounds
    tolerance: np.ndarray  # how far v may lie from that in another decoder
    integers: dict[str, np.ndarray]  # what all decoders agree on: weights, or networks and latents
    colour: tuple[int, int] | bytes
    conditioned: bool  # whether numbers of 32 bits are enough to come that near

    def within(self, samples: np.ndarray) -> bool:
        """Whether samples are what the format lets another decoder give."""
        if not self.conditioned:
            return True
        most = np.iinfo(self.samples.dtype).max
        low = rounded(self.exact - self.tolerance, most)
        high = rounded(self.exact + self.tolerance, most)
        return bool(((low <= samples) & (samples <= high)).all())


def rounded(exact: np.ndarray, most: int) -> np.ndarray:
    """v as samples."""
    return np.floor(np.clip(exact, 0, 1) * most + 0.5).astype(np.int64)


def metadata(data: bytes, limits: Limits | None = None) -> dict[int, bytes]:
    """EXIF, XMP and resolution of a whole file by the type of their section, or Refused."""
    return unpack.metadata(take_apart(data), limits or Limits())


def decode(data: bytes, limits: Limits | None = None) -> Picture:
    """The picture of a whole file, or Refused."""
    limits = limits or Limits()
    layout = take_apart(data)
    for section in layout.sections:
        known = section.type in OF_FAMILY[layout.family] | {112, 113}
        require(known or section.type >= 128, f"an unknown section {section.type}")
    colours = unpack.colour(layout, limits)
    family = siren if layout.family == 1 else latent
    exact, tolerance, integers = family.decode(layout, limits)
    conditioned = family.conditioned(exact, tolerance, integers)
    samples = rounded(exact, 2**layout.depth - 1).astype(f"uint{layout.depth}")
    return Picture(layout.family, samples, exact, tolerance, integers, colours, conditioned)
