"""The smallest file of at least a given PSNR: which network, and how coarse."""

from __future__ import annotations

import math

from ..errors import TargetError
from . import rate, stream
from .fit import Fitted
from .fitting import Fitting
from .model import SirenShape
from .stream import QuantisedWeights

# How far over a PSNR target a fit before quantisation should lie, in dB: the least that leaves room for
# rounding, what is aimed at, and the most before a smaller network is tried.
_SURPLUS = (0.02, 0.25, 0.8)
_FITS, _REFINEMENTS = 8, 6

# Weights below which a larger network may well be worse.
_ERRATIC = 2000

# dB over a target that are not worth another refinement.
_CLOSE = 0.01


def smallest_for_psnr(fitting: Fitting, target: float) -> tuple[SirenShape, QuantisedWeights, float]:
    """The network and weights of the smallest file found that is at least so good, and their PSNR in dB.

    Raises `TargetError` if no network reaches it, unless the best one will do.
    """
    shape, fitted, reached = _fit_above(fitting, target)
    target = min(target, reached - _SURPLUS[0])
    count = fitting.recipe.refinement_steps(fitting.steps_for(shape))
    wanted, floor = _error(target), _error(reached)
    best: tuple[int, QuantisedWeights, float] | None = None
    bits = min(fitting.bits, 8.0)
    payload = math.ceil(bits * shape.parameters / 8)
    rounded = fitting.best_rounded(shape, fitted, payload)
    quantiser, exponent = rounded.quantiser, rounded.coarseness
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
        fitting.stages.plan(count)
        weights, psnr = fitting.refined(quantiser, codes, quantiser.positions(codes), count, None)
        known.append((exponent, psnr))
        if psnr >= target:
            size = len(stream.write_coded(shape, weights).payload)
            if best is None or size < best[0]:
                best = size, weights, psnr
            if psnr - target < _CLOSE:
                break
        exponent = _next_exponent(known, wanted, floor)
    return shape, *best[1:]


def _fit_above(fitting: Fitting, target: float) -> tuple[SirenShape, Fitted, float]:
    """A fitted network a little better than `target`, or the best if that will do, and its PSNR."""
    least, aim, most = _SURPLUS
    given = fitting.given_shape()
    model = fitting.probe() if given is None else None
    parameters = 0 if model is None else model.parameters_for(target + aim)
    tried: dict[SirenShape, tuple[Fitted, float]] = {}
    for _ in range(_FITS):
        shape = given or fitting.shape_for(parameters)
        if shape in tried:
            break
        fitting.stages.plan(fitting.steps_for(shape))
        fitted = fitting.fit(shape, fitting.recipe, fitting.options.steps, None)
        psnr = fitting.psnr(shape, fitted.parameters)
        # Where more weights do not help any more, the steps are too few or the picture is noise. Small networks
        # differ by chance.
        stuck = any(
            _ERRATIC < 1.5 * old.parameters < shape.parameters and psnr < best for old, (_, best) in tried.items()
        )
        tried[shape] = fitted, psnr
        good = psnr >= target + least
        if given is not None or stuck or (good and psnr <= target + most):
            break
        wanted = rate.QualityModel(shape.parameters, psnr).parameters_for(target + aim)
        least_change = shape.parameters // 4 if good else round(1.25 * shape.parameters) + 1
        parameters = min(max(wanted, least_change), 4 * shape.parameters)
    enough = [shape for shape, (_, psnr) in tried.items() if psnr >= target + least]
    if not enough:
        best = max(tried, key=lambda shape: tried[shape][1])
        if not fitting.options.best_effort:
            raise TargetError(f"{target:g} dB is out of reach; the best network tried gave {tried[best][1]:.2f} dB")
        enough = [best]
    shape = min(enough, key=lambda shape: shape.parameters)
    fitted, psnr = tried[shape]
    return shape, fitted, psnr


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
