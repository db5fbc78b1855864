"""From a target to a network: how many bytes, how many weights, how coarse.

The one place that decides it. What it knows of a picture comes from a probe, a small network fitted for a
moment, and from how PSNR usually grows with the number of weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .model import SirenShape

# Bits of the file per weight where none are asked for: between 5 and 6 the rate-distortion curves of
# larger networks of fewer bits and smaller ones of more meet (docs/siren.md).
BITS_PER_WEIGHT = 5.6

# The network of the probe, its steps, and what a whole fit of it gains over that, in dB.
PROBE = (5, 20)
PROBE_STEPS = 300
PROBE_GAIN = 0.9

# dB that twice the weights gain; 1.2 to 2.4 on Kodak, less for small networks and rough pictures.
SLOPE = 1.75

# Networks that bound what a target may lead to: seconds for the smallest, half an hour for the largest.
LEAST_PARAMETERS, MOST_PARAMETERS = 20, 500_000

# Rate where there is no target, and the networks that bound it for small and large pictures.
DEFAULT_BPP = 0.3
DEFAULT_LEAST, DEFAULT_MOST = 443, 29_697


def weights_for_bytes(budget: int, overhead: int, bits: float) -> int:
    """How many weights of so many bits fit beside `overhead` bytes."""
    return int((budget - overhead) * 8 / bits)


def default_bytes(pixels: int, overhead: int, bits: float) -> int:
    """Bytes of a file where there is no target."""
    least, most = (overhead + bits * parameters / 8 for parameters in (DEFAULT_LEAST, DEFAULT_MOST))
    return int(min(max(DEFAULT_BPP * pixels / 8, least), most))


@dataclass(frozen=True)
class QualityModel:
    """PSNR in dB against the number of weights: `psnr` at `parameters`, and SLOPE more for twice as many."""

    parameters: int
    psnr: float

    @classmethod
    def from_probe(cls, shape: SirenShape, psnr: float) -> QualityModel:
        """What a probe of that shape and PSNR says about whole fits."""
        return cls(shape.parameters, psnr + PROBE_GAIN)

    def parameters_for(self, psnr: float) -> int:
        """How many weights a network of that PSNR is expected to have; may be beyond the bounds above."""
        octaves = min(max((psnr - self.psnr) / SLOPE, -40), 40)
        return round(self.parameters * float(2.0**octaves))

    def parameters_at(self, price: float, pixels: int, bits: float) -> int:
        """How many weights of so many bits make mean squared error + price * bits per pixel least.

        The error, of samples in 0..1, falls as the power -beta of the rate R, so the least is where
        beta D / R = price.
        """
        beta = SLOPE / (10 * math.log10(2))
        rate = bits * self.parameters / pixels
        error = 10 ** (-self.psnr / 10)
        best = (beta * error * rate**beta / price) ** (1 / (1 + beta))
        return int(min(max(best * pixels / bits, LEAST_PARAMETERS), MOST_PARAMETERS))
