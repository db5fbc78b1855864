"""How PSNR grows over a fit: the paper's recipe and our presets, half floats, one network."""

from __future__ import annotations

from functools import partial

import numpy as np

from ...options import EncodeOptions
from ...progress import Progress
from ...siren.model import SirenShape
from ...siren.recipe import RECIPES
from .data import Values
from .unit import Source, Unit, Watch, cost, encode, settings, versions

STUDY = "training"
PRESETS = ("fast", "default", "best", "paper")
LAYERS, WIDTH = 10, 28

# How many moments of a fit are kept, about.
_SAMPLES = 150


def sample_steps(total: int) -> set[int]:
    """The steps whose PSNR is kept: the first, the last, and between them evenly on a log scale."""
    return {round(step) for step in np.geomspace(1, total, _SAMPLES)}


def measure(source: Source, options: EncodeOptions, watch: Watch) -> Values:
    """As `unit.encode`, and `samples`: [step, dB, seconds since the start], dB as estimated by the fit."""
    wanted = sample_steps(options.steps or RECIPES[options.preset_or_default].steps)
    samples: list[list[float]] = []

    def note(progress: Progress) -> None:
        watch(progress)
        if progress.step in wanted:
            samples.append([progress.step, progress.psnr, progress.elapsed])

    _, values = encode(source, options, note)
    return {**values, "samples": samples}


def units(source: Source, steps: dict[str, int], layers: int = LAYERS, width: int = WIDTH) -> list[Unit]:
    """A unit per preset. steps: of a preset's fit, where they are not the preset's own."""
    parameters = SirenShape(2, 3, layers, width).parameters
    found = []
    for preset in PRESETS:
        count = steps.get(preset, RECIPES[preset].steps)
        options = EncodeOptions(preset=preset, weights="fp16", layers=layers, width=width, steps=count)
        work = cost(source, options, parameters)
        task = partial(measure, source, options)
        found.append(Unit(STUDY, preset, source.name, settings(options), versions(), work, task))
    return found
