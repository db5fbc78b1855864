"""The architecture search on one picture (section 4.1 of the paper): which depth and width fill a rate best."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ... import native
from ...options import EncodeOptions
from ...progress import Progress
from ...siren.rate import BITS_PER_WEIGHT
from .data import Values
from .unit import Source, Unit, Watch, cost, settings, versions

if TYPE_CHECKING:
    from ...siren.search import Trial

STUDY = "search"
BPP = 0.3
TRIALS = 24
PRESET = "fast"


def measure(source: Source, bpp: float, trials: int, watch: Watch) -> Values:
    """`trials`: [layers, width, factor on the learning rate, dB, seconds] of each network, best first."""
    from ...siren.search import search

    begun = time.monotonic()

    def show(done: int, latest: Trial, best: Trial) -> None:
        watch(Progress(done, max(trials, done), best.psnr, time.monotonic() - begun))

    with tempfile.TemporaryDirectory() as folder:
        found = search(
            source.samples, source.name, bpp, trials=trials, preset=PRESET, seed=0, threads=None,
            storage=Path(folder) / "search.db", on_trial=show,
        )  # fmt: skip
    return {
        "trials": [
            [t.architecture.layers, t.architecture.width, t.architecture.rate, t.psnr, t.seconds] for t in found
        ],
        "seconds": time.monotonic() - begun,
        "threads": native.resolve_threads(None),
    }


def units(source: Source, bpp: float = BPP, trials: int = TRIALS) -> list[Unit]:
    """One unit, named by its preset: networks of integers, `trials` of them, that fill `bpp` bits per pixel."""
    options = EncodeOptions(model="siren", preset=PRESET, bpp=bpp)
    asked = {**settings(options), "trials": trials}
    work = trials * cost(source, options, round(bpp * source.pixels / BITS_PER_WEIGHT))
    task = partial(measure, source, bpp, trials)
    return [Unit(STUDY, PRESET, source.name, asked, versions(), work, task)]
