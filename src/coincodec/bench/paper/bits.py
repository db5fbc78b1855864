"""What fewer bits per weight cost: one network as 32-bit floats, half floats, and coded integers."""

from __future__ import annotations

from functools import partial

from ... import native
from ...options import EncodeOptions
from ...siren.fit import axes_for, fit
from ...siren.model import SirenShape
from ...siren.objective import NativeObjective
from ...siren.recipe import RECIPES
from ...siren.shown import decoded_psnr
from .data import Values
from .unit import Source, Unit, Watch, cost, measure, settings, versions

STUDY = "bits"
FLOAT32, FLOAT16 = "float32", "fp16"
BITS = (8, 7, 6, 5, 4, 3)
LAYERS, WIDTH = 10, 28


def measure_float32(source: Source, shape: SirenShape, steps: int | None, watch: Watch) -> Values:
    """PSNR of the fit itself. No file holds 32-bit floats, so `bytes` and `bpp` are of the weights alone."""
    rows, columns, _ = source.samples.shape
    threads = native.resolve_threads(None)
    recipe = RECIPES["default"]
    objective = NativeObjective(source.samples, shape, axes_for(recipe, rows, columns), threads)
    fitted = fit(objective, shape, recipe, steps=steps, progress=watch)
    size = 4 * shape.parameters
    return {
        "bytes": size,
        "bpp": source.bpp(size),
        "weights_bytes": size,
        "psnr": decoded_psnr(source.samples, shape, fitted.parameters, threads),
        "parameters": shape.parameters,
        "layers": shape.layers,
        "width": shape.width,
        "steps": fitted.steps,
        "seconds": fitted.seconds,
        "threads": threads,
    }


def units(source: Source, steps: int | None = None, layers: int = LAYERS, width: int = WIDTH) -> list[Unit]:
    """A unit per precision, all fitted by preset `default` from the same seed. steps: of each fit, else the preset's.

    Values are those of `unit.encode`.
    """
    shape = SirenShape(2, 3, layers, width)
    usual = EncodeOptions(layers=layers, width=width, steps=steps)
    work = cost(source, usual, shape.parameters)
    unstored = {**settings(usual), "weights": FLOAT32}
    task = partial(measure_float32, source, shape, steps)
    found = [Unit(STUDY, FLOAT32, source.name, unstored, versions(), work, task)]
    stored = {FLOAT16: EncodeOptions(weights="fp16", layers=layers, width=width, steps=steps)}
    stored |= {str(b): EncodeOptions(weights="coded", bits=b, layers=layers, width=width, steps=steps) for b in BITS}
    for name, options in stored.items():
        found.append(
            Unit(STUDY, name, source.name, settings(options), versions(), work, partial(measure, source, options))
        )
    return found
