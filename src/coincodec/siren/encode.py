"""A picture to a `siren` stream: target, network, fit, integers."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from dataclasses import dataclass

from .. import container, native
from ..checkpoint import Checkpoint
from ..container import Section
from ..errors import TargetError, UsageError
from ..image import Samples
from ..options import EncodeOptions
from ..progress import Progress
from ..report import Encoded
from . import stream
from .architecture import ArchitectureTable
from .fitting import Fitting, header_for
from .loops import Loops
from .model import SirenShape
from .psnr import smallest_for_psnr
from .recipe import RECIPES

WEIGHTS = ("coded", "fp16")


@dataclass(frozen=True)
class _Coded:
    """The weights of a network as they are stored, and the PSNR they give."""

    section: Section
    psnr: float


def encode(
    samples: Samples,
    options: EncodeOptions,
    progress: Callable[[Progress], None] | None,
    table: ArchitectureTable | None = None,
    checkpoint: Checkpoint | None = None,
) -> Encoded:
    """A stream of the picture, with a report. table: of good networks, else the one the options lead to.

    Raises `UsageError`, `TargetError`, `FitError` or `CheckpointError`.
    """
    half = _half_floats(options)
    fitting = Fitting(samples, options, progress, table, half, Loops.of(checkpoint, samples, options))
    start, wanted = clock.monotonic(), options.psnr
    if half:
        shape, coded = _in_halves(fitting)
    elif wanted is not None:
        shape, weights, psnr = smallest_for_psnr(fitting, wanted)
        coded = _Coded(stream.write_coded(shape, weights), psnr)
    else:
        shape, coded = _for_bytes(fitting)
    data = container.write(header_for(samples, shape), [coded.section])
    missed = wanted is not None and coded.psnr < wanted
    notes = (f"{wanted:g} dB was not reached: {coded.psnr:.2f} dB",) if missed else ()
    return Encoded(data, coded.psnr, str(shape), fitting.steps_taken, clock.monotonic() - start, notes)


def _in_halves(fitting: Fitting) -> tuple[SirenShape, _Coded]:
    """Half-float weights, as the paper has them."""
    shape = fitting.given_shape() or fitting.shape_for_bytes(fitting.budget())
    fitting.stages.plan(fitting.steps_for(shape))
    fitted = fitting.fit(shape, fitting.recipe, fitting.options.steps, fitting.options.time)
    parameters = stream.to_half(fitted.parameters)
    section = stream.write_half(shape, parameters)
    return shape, _Coded(section, fitting.psnr(shape, parameters))


def _for_bytes(fitting: Fitting) -> tuple[SirenShape, _Coded]:
    """The best picture in so many bytes."""
    budget = fitting.budget()
    shape = fitting.given_shape() or fitting.shape_for_bytes(budget)
    payload = fitting.payload_within(shape, budget)
    if payload < 1:
        raise TargetError(f"a file of {budget} bytes has no room for weights")
    steps, time = fitting.options.steps, fitting.options.time
    planned = fitting.steps_for(shape)
    fitting.stages.plan(planned + fitting.recipe.refinement_steps(planned))
    share = 1 / (1 + fitting.recipe.refinement)
    fitted = fitting.fit(shape, fitting.recipe, steps, None if time is None else time * share)
    rounded = fitting.best_rounded(shape, fitted, payload)
    count = fitting.recipe.refinement_steps(planned if time is None else fitted.steps)
    weights, psnr = fitting.refined(rounded.quantiser, rounded.steps, rounded.positions, count, payload)
    if rounded.psnr > psnr:
        weights, psnr = rounded.weights, rounded.psnr
    return shape, _Coded(stream.write_coded(shape, weights), psnr)


def _half_floats(options: EncodeOptions) -> bool:
    """Whether weights are to be half floats. Raises `UsageError` for options that contradict each other."""
    check(options)
    half = (options.weights or WEIGHTS[RECIPES[options.preset_or_default].half]) == "fp16"
    if half and (options.target in ("psnr", "lambda") or options.bits is not None):
        raise UsageError("half-float weights take neither a PSNR, a lambda nor a number of bits")
    if half and options.layers is not None and options.target is not None:
        raise UsageError("half-float weights: give either a target or layers and width, not both")
    return half


def check(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that are wrong in themselves or contradict each other."""
    options.check(RECIPES)
    if options.weights is not None and options.weights not in WEIGHTS:
        raise UsageError(f"weights must be one of {', '.join(WEIGHTS)}, not {options.weights!r}")
    if options.latent_only is not None:
        raise UsageError(f"{options.latent_only} is an option of the latent model")
    if options.bits is not None and not 1 <= options.bits <= 16:
        raise UsageError(f"bits must be 1 to 16, not {options.bits}")
    if (options.layers is None) != (options.width is None):
        raise UsageError("layers and width go together")
    if options.layers is not None and options.width is not None:
        if options.target == "lambda":
            raise UsageError("a lambda decides layers and width itself")
        if not (1 <= options.layers <= native.MAX_LAYERS and 1 <= options.width <= native.MAX_WIDTH):
            raise UsageError(f"layers must be 1 to {native.MAX_LAYERS}, width 1 to {native.MAX_WIDTH}")
    if options.target == "psnr" and options.time is not None:
        raise UsageError("a PSNR target takes several fits; it cannot be given a time")
