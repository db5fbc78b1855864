"""The fits of a `siren` encode: which network, how good it is, and how it becomes integers."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from .. import container, native
from ..container import Header
from ..image import Samples
from ..options import EncodeOptions
from ..progress import Progress
from . import quantise, rate, stream
from .architecture import PAPER_TABLE, ArchitectureTable, read_table, shipped_table
from .feedback import Feedback, gauss_newton
from .fit import Fitted, axes_for, fit
from .loops import Loops
from .model import Array32, SirenShape, from_paper_axes, pixel_axes, wrap_phases
from .objective import NativeObjective
from .quantise import Quantiser
from .recipe import RECIPES, Recipe
from .shown import decoded_psnr
from .stream import QuantisedWeights


def header_for(samples: Samples, shape: SirenShape) -> Header:
    """The header of the picture's stream with a network of that shape."""
    rows, columns, channels = samples.shape
    return Header(stream.FAMILY, columns, rows, channels, 8 * samples.dtype.itemsize, stream.header_parameters(shape))


def file_bytes(samples: Samples, shape: SirenShape, bits: float) -> int:
    """Bytes of the whole stream with a network of that shape and so many bits per weight."""
    weights = math.ceil(bits * shape.parameters / 8)
    return container.overhead(header_for(samples, shape), [weights]) + weights


@dataclass(frozen=True)
class Rounded:
    """A network rounded to a number of bytes, not yet refined.

    coarseness: its log2. steps: the step codes. positions: of the weights in units of the steps, flat. weights: the
    levels, trimmed to the bytes. psnr: of these.
    """

    quantiser: Quantiser
    coarseness: float
    steps: tuple[int, ...]
    positions: Array32
    weights: QuantisedWeights
    psnr: float


class Stages:
    """Progress over fits and refinements that follow each other."""

    def __init__(self, progress: Callable[[Progress], None] | None) -> None:
        self.progress = progress
        self.start = clock.monotonic()
        self.done = self.total = self.planned = 0

    def plan(self, steps: int) -> None:
        """So many more steps are to come than was known."""
        self.total += steps

    def begin(self, planned: int) -> None:
        """A stage begins, for which so many of the steps were planned."""
        self.planned = planned

    def report(self, step: int, steps: int, psnr: float) -> None:
        """The stage is at `step` of what is now thought to be `steps`."""
        if self.progress is not None:
            now, total = self.done + step, self.total - self.planned + steps
            self.progress(Progress(now, max(total, now), psnr, clock.monotonic() - self.start))

    def finish(self, steps: int) -> None:
        """The stage is over after `steps`."""
        self.done += steps
        self.total += steps - self.planned


class Fitting:
    """The fits of one encode: the picture, what was asked, and the steps taken so far."""

    def __init__(
        self,
        samples: Samples,
        options: EncodeOptions,
        progress: Callable[[Progress], None] | None,
        table: ArchitectureTable | None,
        half: bool,
        loops: Loops,
    ) -> None:
        """table: of good networks, else the one the options lead to. half: weights are to be half floats."""
        self.samples, self.options = samples, options
        self.threads = native.resolve_threads(options.threads)
        self.rows, self.columns, self.channels = samples.shape
        self.recipe = RECIPES[options.preset_or_default]
        self.half = half
        self.table = table or self._table()
        self.bits = options.bits or rate.BITS_PER_WEIGHT
        self.stages, self.loops = Stages(progress), loops
        self.steps_taken = 0

    # Which network.

    def _table(self) -> ArchitectureTable:
        if self.options.architectures is not None:
            return read_table(Path(self.options.architectures))
        return PAPER_TABLE if self.half else shipped_table()

    def payload_within(self, shape: SirenShape, budget: int) -> int:
        """Most bytes of the weights in a file of `budget` bytes."""
        return budget - container.overhead(header_for(self.samples, shape), [max(budget, 0)])

    def _file_bytes(self, shape: SirenShape) -> int:
        return file_bytes(self.samples, shape, 16 if self.half else self.bits)

    def shape_for_bytes(self, budget: int) -> SirenShape:
        return self.table.largest_fitting(2, self.channels, budget, self._file_bytes)

    def shape_for(self, parameters: int) -> SirenShape:
        """A network of about so many weights."""
        within = min(max(parameters, rate.LEAST_PARAMETERS), rate.MOST_PARAMETERS)
        least = SirenShape(2, self.channels, 1, 1)
        budget = self._file_bytes(least) + self.bits * max(within - least.parameters, 0) / 8
        return self.shape_for_bytes(math.ceil(budget) + 1)

    def given_shape(self) -> SirenShape | None:
        """The network that was asked for, if one was."""
        if self.options.layers is None or self.options.width is None:
            return None
        return SirenShape(2, self.channels, self.options.layers, self.options.width)

    def budget(self) -> int:
        """Most bytes of the whole file, from the target or from what is usual."""
        pixels = self.rows * self.columns
        budget, given = self.options.budget(pixels), self.given_shape()
        if budget is not None:
            return budget
        if self.options.lambda_ is not None:
            model = self.probe()
            return self._file_bytes(self.shape_for(model.parameters_at(self.options.lambda_, pixels, self.bits)))
        if given is not None:
            return self._file_bytes(given)
        bits = 16 if self.half else self.bits
        return rate.default_bytes(
            pixels, container.overhead(header_for(self.samples, SirenShape(2, 3, 1, 1)), [1000]), bits
        )

    # Fits.

    def steps_for(self, shape: SirenShape) -> int:
        """Steps of a fit, as asked or as the preset has them."""
        return self.options.steps or self.recipe.steps_for(shape)

    def _objective(self, shape: SirenShape, recipe: Recipe) -> NativeObjective:
        axes = axes_for(recipe, self.rows, self.columns)
        return NativeObjective(self.samples, shape, axes, self.threads)

    def fit(self, shape: SirenShape, recipe: Recipe, steps: int | None, time: float | None) -> Fitted:
        """A fitted network on `pixel_axes`, biases in [-pi, pi]."""
        self.stages.begin(steps or recipe.steps_for(shape))
        recipe = recipe.at_rate(self.table.rate(shape.parameters))
        fitted = fit(
            self._objective(shape, recipe), shape, recipe, steps=steps, time=time, seed=self.options.seed,
            progress=lambda p: self.stages.report(p.step, p.steps, p.psnr), loops=self.loops,
        )  # fmt: skip
        self.stages.finish(fitted.steps)
        self.steps_taken += fitted.steps
        parameters = fitted.parameters
        if recipe.paper_coordinates:
            parameters = from_paper_axes(shape, parameters, self.rows, self.columns)
        return replace(fitted, parameters=wrap_phases(shape, parameters))

    def probe(self) -> rate.QualityModel:
        """What to expect of this picture, from a small network fitted for a moment."""
        shape = SirenShape(2, self.channels, *rate.PROBE)
        self.stages.plan(rate.PROBE_STEPS)
        fitted = self.fit(shape, RECIPES["fast"], rate.PROBE_STEPS, None)
        return rate.QualityModel.from_probe(shape, self.psnr(shape, fitted.parameters))

    def psnr(self, shape: SirenShape, parameters: Array32) -> float:
        """Of what a decoder puts out."""
        return decoded_psnr(self.samples, shape, parameters, self.threads)

    # Integers.

    def best_rounded(self, shape: SirenShape, fitted: Fitted, payload: int) -> Rounded:
        """The better of rounding to the nearest levels and, for small networks, with feedback.

        Feedback goes wrong where rounding takes the network far from where it is linear, as in tiny pictures.
        payload: most bytes of the coded weights.
        """
        axes = pixel_axes(self.rows, self.columns)
        sensitivity = quantise.sensitivities(shape, fitted.parameters, axes, self.options.seed)
        quantisers = [Quantiser(shape, fitted.parameters, sensitivity)]
        if shape.parameters <= self.recipe.feedback:
            feedback = Feedback(gauss_newton(shape, fitted.parameters, axes, self.options.seed))
            quantisers.append(Quantiser(shape, fitted.parameters, feedback.sensitivity, feedback))
        found = []
        for quantiser in quantisers:
            coarseness = quantiser.coarseness_for_bytes(payload)
            steps = quantiser.steps(2.0**coarseness)
            positions = quantiser.positions(steps)
            weights = quantise.trimmed(quantiser, positions, steps, payload)
            psnr = self.psnr(shape, weights.parameters())
            found.append(Rounded(quantiser, coarseness, steps, positions, weights, psnr))
        return max(found, key=lambda rounded: rounded.psnr)

    def refined(
        self, quantiser: Quantiser, codes: tuple[int, ...], positions: Array32, count: int, budget: int | None
    ) -> tuple[QuantisedWeights, float]:
        """Levels with these steps, refined from `positions`, and their PSNR.

        budget: most bytes of the coded weights, if there is one.
        """
        shape = quantiser.shape
        objective = NativeObjective(self.samples, shape, pixel_axes(self.rows, self.columns), self.threads)
        done = 0

        def report(loss: float) -> None:
            nonlocal done
            done += 1
            self.stages.report(done, count, -10 * math.log10(max(loss, 1e-12)))

        self.stages.begin(count)
        seed = self.options.seed
        positions = quantise.refine(objective, shape, positions, codes, count, seed, report, self.loops)
        self.stages.finish(count)
        self.steps_taken += count
        weights = (
            quantise.levels_of(shape, positions, codes)
            if budget is None
            else quantise.trimmed(quantiser, positions, codes, budget)
        )
        return weights, self.psnr(shape, weights.parameters())
