"""How large the model is that decodes a picture: for us, the weights in its file."""

from __future__ import annotations

from functools import partial

from ...options import EncodeOptions
from ...siren import rate
from ...siren.model import SirenShape
from .unit import Source, Unit, cost, measure, settings, versions

STUDY = "sizes"
LAYERS, WIDTH = 10, 28
BPP = 0.3


def units(
    source: Source, steps: int | None = None, layers: int = LAYERS, width: int = WIDTH, bpp: float = BPP
) -> list[Unit]:
    """The paper's network in half floats and in integers, and the integers that fill the paper's rate.

    steps: of each fit, else those of preset `default`. Values are those of `unit.encode`.
    """
    parameters = SirenShape(2, 3, layers, width).parameters
    filling = rate.weights_for_bytes(int(bpp * source.pixels / 8), 0, rate.BITS_PER_WEIGHT)
    variants = (
        ("fp16", parameters, EncodeOptions(weights="fp16", layers=layers, width=width, steps=steps)),
        ("coded", parameters, EncodeOptions(weights="coded", layers=layers, width=width, steps=steps)),
        ("coded-at-rate", filling, EncodeOptions(weights="coded", bpp=bpp, steps=steps)),
    )
    return [
        Unit(
            STUDY, name, source.name, settings(options), versions(), cost(source, options, count),
            partial(measure, source, options),
        )
        for name, count, options in variants
    ]  # fmt: skip
