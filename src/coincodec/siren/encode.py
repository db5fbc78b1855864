"""A picture to a `siren` stream: target, network, fit, integers."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from .. import container, metrics, native
from ..container import Header, Section
from ..errors import TargetError, UsageError
from ..image import Samples
from ..options import EncodeOptions
from ..progress import Progress
from ..report import Encoded
from . import quantise, rate, stream
from .architecture import PAPER_TABLE, ArchitectureTable, read_table, shipped_table
from .decode import bands
from .fit import Fitted, axes_for, fit
from .model import Array32, SirenShape, from_paper_axes, pixel_axes, wrap_phases
from .objective import NativeObjective
from .quantise import Quantiser
from .recipe import RECIPES, Recipe
from .stream import QuantisedWeights

WEIGHTS = ("coded", "fp16")

# How far over a PSNR target a fit before quantisation should lie, in dB: the least that leaves room for
# rounding, what is aimed at, and the most before a smaller network is tried.
_SURPLUS = (0.02, 0.25, 0.8)
_FITS, _REFINEMENTS = 6, 6

# dB over a target that are not worth another refinement.
_CLOSE = 0.01


def encode(
    samples: Samples,
    options: EncodeOptions,
    progress: Callable[[Progress], None] | None,
    table: ArchitectureTable | None = None,
) -> Encoded:
    """A stream of the picture, with a report. table: of good networks, else the one the options lead to.

    Raises `UsageError`, `TargetError` or `FitError`.
    """
    return _Encoder(samples, options, progress, table).encode()


def header_for(samples: Samples, shape: SirenShape) -> Header:
    """The header of the picture's stream with a network of that shape."""
    rows, columns, channels = samples.shape
    return Header(stream.FAMILY, columns, rows, channels, 8 * samples.dtype.itemsize, stream.header_parameters(shape))


def file_bytes(samples: Samples, shape: SirenShape, bits: float) -> int:
    """Bytes of the whole stream with a network of that shape and so many bits per weight."""
    weights = math.ceil(bits * shape.parameters / 8)
    return container.overhead(header_for(samples, shape), [weights]) + weights


@dataclass(frozen=True)
class _Coded:
    """Integer weights of a network and what they give."""

    section: Section
    psnr: float


class _Stages:
    """Progress over fits and refinements that follow each other."""

    def __init__(self, progress: Callable[[Progress], None] | None) -> None:
        self.progress = progress
        self.start = clock.monotonic()
        self.done = self.total = 0

    def plan(self, steps: int) -> None:
        """So many more steps are to come than was known."""
        self.total += steps

    def finish(self, steps: int, planned: int) -> None:
        """A stage of `planned` steps is over after `steps`."""
        self.done += steps
        self.total += steps - planned

    def report(self, step: int, psnr: float) -> None:
        """Tells that a stage is at `step`."""
        if self.progress is not None:
            now = self.done + step
            self.progress(Progress(now, max(self.total, now), psnr, clock.monotonic() - self.start))


class _Encoder:
    """One encode: the picture, what was asked, and the steps taken so far."""

    def __init__(
        self,
        samples: Samples,
        options: EncodeOptions,
        progress: Callable[[Progress], None] | None,
        table: ArchitectureTable | None,
    ) -> None:
        _check(options)
        self.samples, self.options = samples, options
        self.threads = native.resolve_threads(options.threads)
        self.rows, self.columns, self.channels = samples.shape
        self.recipe = RECIPES[options.preset]
        self.half = (options.weights or WEIGHTS[self.recipe.half]) == "fp16"
        if self.half and (options.target in ("psnr", "lambda") or options.bits is not None):
            raise UsageError("half-float weights take neither a PSNR, a lambda nor a number of bits")
        if self.half and options.layers is not None and options.target is not None:
            raise UsageError("half-float weights: give either a target or layers and width, not both")
        self.table = table or self._table()
        self.bits = options.bits or rate.BITS_PER_WEIGHT
        self.stages = _Stages(progress)
        self.steps_taken = 0

    def encode(self) -> Encoded:
        """Does it."""
        start = clock.monotonic()
        if self.half:
            shape, coded = self._half()
        elif self.options.psnr is not None:
            shape, coded = self._for_psnr(self.options.psnr)
        else:
            shape, coded = self._for_bytes()
        data = container.write(header_for(self.samples, shape), [coded.section])
        return Encoded(data, coded.psnr, shape, self.steps_taken, clock.monotonic() - start)

    # Which network.

    def _table(self) -> ArchitectureTable:
        if self.options.architectures is not None:
            return read_table(Path(self.options.architectures))
        return PAPER_TABLE if self.half else shipped_table()

    def _payload(self, shape: SirenShape, budget: int) -> int:
        """Most bytes of the weights in a file of `budget` bytes."""
        return budget - container.overhead(header_for(self.samples, shape), [max(budget, 0)])

    def _file_bytes(self, shape: SirenShape) -> int:
        return file_bytes(self.samples, shape, 16 if self.half else self.bits)

    def _shape_for_bytes(self, budget: int) -> SirenShape:
        return self.table.largest_fitting(2, self.channels, budget, self._file_bytes)

    def _shape_for(self, parameters: int) -> SirenShape:
        """A network of about so many weights."""
        within = min(max(parameters, rate.LEAST_PARAMETERS), rate.MOST_PARAMETERS)
        least = SirenShape(2, self.channels, 1, 1)
        budget = self._file_bytes(least) + self.bits * max(within - least.parameters, 0) / 8
        return self._shape_for_bytes(math.ceil(budget) + 1)

    def _given_shape(self) -> SirenShape | None:
        if self.options.layers is None or self.options.width is None:
            return None
        return SirenShape(2, self.channels, self.options.layers, self.options.width)

    def _budget(self) -> int:
        """Most bytes of the whole file, from the target or from what is usual."""
        pixels = self.rows * self.columns
        budget, given = self.options.budget(pixels), self._given_shape()
        if budget is not None:
            return budget
        if self.options.lambda_ is not None:
            model = self._probe()
            return self._file_bytes(self._shape_for(model.parameters_at(self.options.lambda_, pixels, self.bits)))
        if given is not None:
            return self._file_bytes(given)
        bits = 16 if self.half else self.bits
        return rate.default_bytes(
            pixels, container.overhead(header_for(self.samples, SirenShape(2, 3, 1, 1)), [1000]), bits
        )

    # Fits.

    def _objective(self, shape: SirenShape, recipe: Recipe) -> NativeObjective:
        axes = axes_for(recipe, self.rows, self.columns)
        return NativeObjective(self.samples, shape, axes, self.threads)

    def _fit(self, shape: SirenShape, recipe: Recipe, steps: int | None, time: float | None) -> Fitted:
        """A fitted network on `pixel_axes`, biases in [-pi, pi]."""
        planned = steps or recipe.steps
        recipe = recipe.at_rate(self.table.rate(shape.parameters))
        fitted = fit(
            self._objective(shape, recipe), shape, recipe, steps=steps, time=time, seed=self.options.seed,
            progress=lambda p: self.stages.report(p.step, p.psnr),
        )  # fmt: skip
        self.stages.finish(fitted.steps, planned)
        self.steps_taken += fitted.steps
        parameters = fitted.parameters
        if recipe.paper_coordinates:
            parameters = from_paper_axes(shape, parameters, self.rows, self.columns)
        return replace(fitted, parameters=wrap_phases(shape, parameters))

    def _probe(self) -> rate.QualityModel:
        shape = SirenShape(2, self.channels, *rate.PROBE)
        self.stages.plan(rate.PROBE_STEPS)
        fitted = self._fit(shape, RECIPES["fast"], rate.PROBE_STEPS, None)
        return rate.QualityModel.from_probe(shape, self._psnr(shape, fitted.parameters))

    def _psnr(self, shape: SirenShape, parameters: Array32) -> float:
        """Of what a decoder puts out."""
        error = sum(
            metrics.squared_error(band, self.samples[where])
            for where, band in bands(shape, parameters, self.rows, self.columns, self.samples.dtype, self.threads)
        )
        return metrics.psnr(error / self.samples.size, 8 * self.samples.dtype.itemsize)

    def _half(self) -> tuple[SirenShape, _Coded]:
        """Half-float weights, as the paper has them."""
        shape = self._given_shape() or self._shape_for_bytes(self._budget())
        self.stages.plan(self.options.steps or self.recipe.steps)
        fitted = self._fit(shape, self.recipe, self.options.steps, self.options.time)
        parameters = stream.to_half(fitted.parameters)
        section = stream.write_half(shape, parameters)
        return shape, _Coded(section, self._psnr(shape, parameters))

    # Integers.

    def _refinement_steps(self, fitted: Fitted) -> int:
        return self.recipe.refinement_steps(self.options.steps if self.options.time is None else fitted.steps)

    def _quantiser(self, shape: SirenShape, fitted: Fitted) -> Quantiser:
        axes = pixel_axes(self.rows, self.columns)
        sensitivity = quantise.sensitivities(shape, fitted.parameters, axes, self.options.seed)
        return Quantiser(shape, fitted.parameters, sensitivity)

    def _refined(
        self, quantiser: Quantiser, codes: tuple[int, ...], count: int, budget: int | None
    ) -> tuple[QuantisedWeights, float]:
        """Levels with these steps, within `budget` bytes of payload if given, and their PSNR."""
        shape = quantiser.shape
        objective = NativeObjective(self.samples, shape, pixel_axes(self.rows, self.columns), self.threads)
        done = 0

        def report(loss: float) -> None:
            nonlocal done
            done += 1
            self.stages.report(done, -10 * math.log10(max(loss, 1e-12)))

        seed = self.options.seed
        positions = quantise.refine(objective, shape, quantiser.parameters, codes, count, seed, report)
        self.stages.finish(count, count)
        self.steps_taken += count
        weights = (
            quantise.levels_of(shape, positions, codes)
            if budget is None
            else quantise.trimmed(quantiser, positions, codes, budget)
        )
        return weights, self._psnr(shape, weights.parameters())

    def _for_bytes(self) -> tuple[SirenShape, _Coded]:
        """The best picture in so many bytes."""
        budget = self._budget()
        shape = self._given_shape() or self._shape_for_bytes(budget)
        payload = self._payload(shape, budget)
        if payload < 1:
            raise TargetError(f"a file of {budget} bytes has no room for weights")
        steps, time = self.options.steps, self.options.time
        planned = steps or self.recipe.steps
        self.stages.plan(planned + self.recipe.refinement_steps(steps))
        share = 1 / (1 + self.recipe.refinement)
        fitted = self._fit(shape, self.recipe, steps, None if time is None else time * share)
        quantiser = self._quantiser(shape, fitted)
        codes = quantiser.steps(2.0 ** quantiser.coarseness_for_bytes(payload))
        rounded = quantise.trimmed(quantiser, quantiser.parameters / quantise.step_vector(shape, codes), codes, payload)
        refined, psnr = self._refined(quantiser, codes, self._refinement_steps(fitted), payload)
        if (plain := self._psnr(shape, rounded.parameters())) > psnr:
            refined, psnr = rounded, plain
        return shape, _Coded(stream.write_coded(shape, refined), psnr)

    def _for_psnr(self, target: float) -> tuple[SirenShape, _Coded]:
        """The smallest file found that is at least so good."""
        quantiser, reached = self._fit_above(target)
        shape = quantiser.shape
        count = self.recipe.refinement_steps(self.options.steps)
        wanted, floor = _error(target), _error(reached)
        best: _Coded | None = None
        bits = min(self.bits, 8.0)
        payload = math.ceil(bits * shape.parameters / 8)
        exponent = quantiser.coarseness_for_bytes(payload)
        known: list[tuple[float, float]] = []
        tried: set[tuple[int, ...]] = set()
        while best is None or len(known) < _REFINEMENTS:
            codes = quantiser.steps(2.0**exponent)
            if codes in tried:
                if best is not None:
                    break
                # The model of the error was wrong. Finer and finer steps come to the fit itself, which is good enough.
                exponent = min(e for e, _ in known) - 0.5
                codes = quantiser.steps(2.0**exponent)
                if codes in tried:
                    raise TargetError(f"{target:g} dB is out of reach of integer weights")
            tried.add(codes)
            self.stages.plan(count)
            weights, psnr = self._refined(quantiser, codes, count, None)
            known.append((exponent, psnr))
            if psnr >= target:
                section = stream.write_coded(shape, weights)
                if best is None or len(section.payload) < len(best.section.payload):
                    best = _Coded(section, psnr)
                if psnr - target < _CLOSE:
                    break
            exponent = _next_exponent(known, wanted, floor)
        return shape, best

    def _fit_above(self, target: float) -> tuple[Quantiser, float]:
        """A fitted network a little better than `target`, and its PSNR."""
        least, aim, most = _SURPLUS
        given = self._given_shape()
        model = self._probe() if given is None else None
        parameters = 0 if model is None else model.parameters_for(target + aim)
        tried: dict[SirenShape, tuple[Fitted, float]] = {}
        for _ in range(_FITS):
            shape = given or self._shape_for(parameters)
            if shape in tried:
                break
            self.stages.plan(self.options.steps or self.recipe.steps)
            fitted = self._fit(shape, self.recipe, self.options.steps, None)
            psnr = self._psnr(shape, fitted.parameters)
            # Where more weights do not help any more, the steps are too few or the picture is noise.
            stuck = any(1.5 * old.parameters < shape.parameters and psnr < best for old, (_, best) in tried.items())
            tried[shape] = fitted, psnr
            good = psnr >= target + least
            if given is not None or stuck or (good and psnr <= target + most):
                break
            wanted = rate.QualityModel(shape.parameters, psnr).parameters_for(target + aim)
            least_change = shape.parameters // 4 if good else round(1.25 * shape.parameters) + 1
            parameters = min(max(wanted, least_change), 4 * shape.parameters)
        enough = [shape for shape, (_, psnr) in tried.items() if psnr >= target + least]
        if not enough:
            best = max(psnr for _, psnr in tried.values())
            raise TargetError(f"{target:g} dB is out of reach; the best network tried gave {best:.2f} dB")
        shape = min(enough, key=lambda shape: shape.parameters)
        fitted, psnr = tried[shape]
        return self._quantiser(shape, fitted), psnr


def _error(psnr: float) -> float:
    """Mean squared error of samples in 0..1; a trifle for the infinite PSNR of a picture that is met exactly."""
    return max(float(10 ** (-psnr / 10)), 1e-14)


def _next_exponent(known: list[tuple[float, float]], wanted: float, floor: float) -> float:
    """The log2 of the coarseness to try next, for an error `wanted` where the fit itself has `floor`.

    known: pairs of log2 of the coarseness and PSNR.

    Rounding adds an error that grows as about the square of the coarseness; between two tries on either
    side of the target, the error is interpolated instead.
    """
    below = [(e, _error(p)) for e, p in known if _error(p) <= wanted]
    above = [(e, _error(p)) for e, p in known if _error(p) > wanted]
    if below and above:
        (e0, d0), (e1, d1) = max(below), min(above)
        share = (math.log(wanted) - math.log(d0)) / (math.log(d1) - math.log(d0))
        return e0 + (e1 - e0) * min(max(0.95 * share, 0.1), 0.9)
    exponent, error = known[-1][0], _error(known[-1][1])
    room, excess = wanted - floor, error - floor
    if excess <= 0 or room <= 0:
        return exponent + (2.0 if error <= wanted else -2.0)
    return exponent + min(max(0.5 * math.log2(0.95 * room / excess), -2.0), 2.0)


def _check(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that are wrong in themselves or contradict each other."""
    if options.preset not in RECIPES:
        raise UsageError(f"preset must be one of {', '.join(RECIPES)}, not {options.preset!r}")
    if options.weights is not None and options.weights not in WEIGHTS:
        raise UsageError(f"weights must be one of {', '.join(WEIGHTS)}, not {options.weights!r}")
    if options.bits is not None and not 1 <= options.bits <= 16:
        raise UsageError(f"bits must be 1 to 16, not {options.bits}")
    if options.seed < 0:
        raise UsageError(f"seed must not be negative, not {options.seed}")
    if (options.layers is None) != (options.width is None):
        raise UsageError("layers and width go together")
    if options.layers is not None and options.width is not None:
        if options.target == "lambda":
            raise UsageError("a lambda decides layers and width itself")
        if not (1 <= options.layers <= native.MAX_LAYERS and 1 <= options.width <= native.MAX_WIDTH):
            raise UsageError(f"layers must be 1 to {native.MAX_LAYERS}, width 1 to {native.MAX_WIDTH}")
    if options.target == "psnr" and options.time is not None:
        raise UsageError("a PSNR target takes several fits; it cannot be given a time")
