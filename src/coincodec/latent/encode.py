"""A picture to a `latent` stream: target, fit, bytes."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import replace

from .. import container, metrics, native
from ..checkpoint import Checkpoint
from ..errors import FitError, TargetError, UsageError
from ..image import Samples
from ..looks.eye import EyeAim
from ..looks.ssimulacra2 import Ssimulacra2
from ..options import EncodeOptions
from ..progress import Progress, in_turn
from ..report import Encoded
from ..state import State
from . import stream
from .coded import CodedFit
from .fit import Fit
from .fitted import Model
from .large import LargeFit
from .memory import Way
from .model import SIZES, LatentShape
from .mosaic import Mosaic
from .networks import Quantised
from .pace import Hurry, Pace, preset_within, steps_within
from .recipe import RECIPES
from .rounds import Rounds, Trials
from .shown import render
from .start import CODES, LEVELS
from .targets import Bytes, Nominal, Result, target_of

# A target that has hardly come nearer in so many rounds, where half the price would bring much, is out of reach.
_STUCK = 2

# Pictures with fewer rows or columns have too few scales for SSIMULACRA 2 to say much.
LEAST_FOR_EYES = 32

# How often the end of a fit is repeated to come nearer to its target, and at most; after twice the first number short
# repeats have got stuck, and long ones follow. By how much a price changes from one to the next.
ROUNDS, MOST_ROUNDS = 2, 8
_LARGEST_CHANGE = 2.0

# The share of a time after which the fit of a target is over, and that kept for what comes after the last fit.
_FIRST, _LAST = 0.75, 0.02

# The share of a time that a fit has, however long coding a large picture takes.
_LEAST_SHARE = 0.6

# Pictures of at most so many pixels are fitted with codes instead of networks, too, and the better one is taken. Where
# time is short, those of at most so many pixels have codes alone, the others networks.
MOST_CODED, SURELY_CODED = 1 << 15, 80 * 80

# By how much longer a file that looks a point of SSIMULACRA 2 better may be, as a logarithm (Kodak, 20 to 60 points).
_BYTES_OF_A_POINT = 0.03

_HARDLY = "there was hardly time for a fit: the picture is worth more"


def levels_for(rows: int, columns: int) -> int:
    """Grids for a picture of that size: the coarsest has about eight rows or columns, at most seven grids."""
    return min(max(math.ceil(math.log2(max(rows, columns))) - 2, 1), 7)


def encode(
    samples: Samples,
    options: EncodeOptions,
    progress: Callable[[Progress], None] | None,
    checkpoint: Checkpoint | None = None,
) -> Encoded:
    """A stream of the picture, with a report. Raises `UsageError`, `TargetError`, `FitError` or `CheckpointError`."""
    check(options)
    past = Trials(checkpoint, samples, options)
    trials = trials_of(samples, options)
    found: list[tuple[Encoded, Result, Encoder]] = []
    failed: TargetError | FitError | None = None
    for coded, tell in zip(trials, in_turn(progress, len(trials)), strict=True):
        try:
            encoder = Encoder(samples, options, tell, coded)
            found.append((*past.encode(encoder), encoder))
        except (TargetError, FitError) as error:
            failed = error  # the last one needs the fewest bytes
    if not found:
        assert failed is not None
        raise failed
    best = found[0]
    for other in found[1:]:
        if best[2].worse(best[1], other[1]):
            best = other
    return replace(best[0], steps=sum(f[0].steps for f in found), seconds=sum(f[0].seconds for f in found))


def trials_of(samples: Samples, options: EncodeOptions) -> list[bool]:
    """Whether networks are codes alone; both where either may be better: where there is little to pay networks with."""
    rows, columns, channels = samples.shape
    if channels % 2 == 0 or options.progressive:  # starts know nothing of alpha, nor of what coarse grids show
        return [False]
    if options.time is not None:
        return [rows * columns <= SURELY_CODED]
    return [False, True] if rows * columns <= MOST_CODED else [False]


def way_of(shape: tuple[int, ...], options: EncodeOptions) -> Way:
    """How a picture of that (height, width, channels) is fitted.

    Raises `UsageError` if that takes more memory than it may.
    """
    for_eyes = is_for_eyes(shape, options)
    return Way.of(shape, for_eyes, for_eyes and options.led, options.memory)


def is_for_eyes(shape: tuple[int, ...], options: EncodeOptions) -> bool:
    """Whether a picture is large enough for what eyes are said to see of it, and is fitted for that."""
    return options.tune_or_default == "eye" and min(shape[:2]) >= LEAST_FOR_EYES


class Encoder:
    """One encode: the picture and what was asked."""

    def __init__(
        self,
        samples: Samples,
        options: EncodeOptions,
        progress: Callable[[Progress], None] | None,
        coded: bool = False,
    ) -> None:
        """coded: whether networks are codes (latent/coded.py)."""
        self.begun = clock.monotonic()
        self._checkpoint: Checkpoint | None = None
        self._rounds: Rounds | None = None
        self.samples, self.options = samples, options
        self.threads = native.resolve_threads(options.threads)
        rows, columns, channels = samples.shape
        for_eyes = is_for_eyes(samples.shape, options)
        if options.ssimulacra2 is not None and not for_eyes:
            raise TargetError(f"pictures of fewer than {LEAST_FOR_EYES} rows or columns have no SSIMULACRA 2 to reach")
        self.for_eyes, self.target = for_eyes, target_of(options, samples, for_eyes)
        levels = LEVELS if coded else levels_for(rows, columns)
        self.last, self.hardly, self.coding = 0, False, 0.0
        preset, chosen = options.preset_or_default, options.preset is not None or options.steps is not None
        if options.time is not None:
            shape = LatentShape.of(rows, columns, channels, levels, RECIPES[preset].least_size)
            pace = Pace.of(samples, levels, self.threads)
            self.coding = pace.coding(shape)
            work = pace.work(shape, self._first_end() - clock.monotonic())
            if not chosen:
                preset = preset_within(steps_within(shape, work))
        recipe = RECIPES[preset].for_eyes() if for_eyes else RECIPES[preset]
        least = LatentShape.of(rows, columns, channels, levels, recipe.least_size)
        sent = CODES if coded else None
        if coded:
            recipe = replace(recipe, size=SIZES["large"])
        else:
            recipe = recipe.suiting(self.target.control(least).price, rows * columns)
        self.shape = LatentShape.of(rows, columns, channels, levels, recipe.size)
        self.header = stream.header_for(samples, self.shape)
        if options.steps is not None:
            recipe = replace(recipe, steps=options.steps)
        if options.time is not None:
            hurry = Hurry.of(recipe, self.shape, work, recipe.steps if chosen else None)
            recipe, self.last, self.hardly = hurry.recipe, hurry.last, hurry.hardly
        way = way_of(samples.shape, options)
        large, self.scored = way.large, way.scored
        tune = EyeAim if for_eyes else None
        model = (Mosaic if large else Model)(self.shape, samples, self.threads, tune, progressive=options.progressive)
        control = self.target.control(self.shape, sent)
        self.fit: Fit
        if coded:
            assert isinstance(model, Model)
            self.fit = CodedFit(model, recipe, control, "eye" if for_eyes else "psnr", options.seed, progress)
        else:
            self.fit = (LargeFit if large else Fit)(model, recipe, control, options.seed, progress)

    def worse(self, result: Result, other: Result) -> bool:
        """Whether a result of this is worse than that of another encode of the same."""
        target = self.target
        if not isinstance(target, Nominal):
            if target.holds(result) != target.holds(other):
                return target.holds(other)
            return target.better(other, result)
        if result.score is not None and other.score is not None:
            shorter = math.log(len(result.data) / len(other.data))
            return shorter > _BYTES_OF_A_POINT * (result.score - other.score)
        price = 8 * self.fit.control.price / (self.shape.height * self.shape.width)
        costs = (10 ** (-r.psnr / 10) + price * len(r.data) for r in (result, other))
        return next(costs) > next(costs)

    def go_on(self, checkpoint: Checkpoint, left: State | None) -> None:
        """Writes checkpoints, after going on from where another one was left, if it was."""
        self._checkpoint = self.fit.checkpoint = checkpoint
        if left is not None:
            self.fit.left = left["fit"]
            with checkpoint.trusted():
                self.begun -= float(left["fit"]["state"]["numbers"]["elapsed"])
                self._rounds = None if left["rounds"] is None else Rounds.of_state(left["rounds"])

    def encode(self) -> tuple[Encoded, Result]:
        """Does it."""
        end = None if self.options.time is None else self.begun + self.options.time
        target, rounds = self.target, self._rounds
        if rounds is None:
            first_end = None if end is None else self._first_end()
            rounds = Rounds.first(self._result(self.fit.run(None, first_end, self.last)), target)
        while rounds.number < MOST_ROUNDS:
            miss, best, number = target.miss(rounds.result), rounds.best, rounds.number
            if miss == 0 or (number >= ROUNDS and best is not None and abs(target.miss(best)) <= 1):
                break
            if end is not None and clock.monotonic() >= end:
                break
            if best is None and rounds.stuck == _STUCK:
                break
            if self._checkpoint is not None:
                self._checkpoint.outer["rounds"] = rounds.state()
            far = abs(miss) > 1 or number >= 2 * ROUNDS
            correction = target.correction(rounds.result, 1 + number if best is None else 1)
            correction = min(max(correction, 1 / _LARGEST_CHANGE), _LARGEST_CHANGE)
            rounds.take(self._result(self.fit.run_on(correction, far, end)), target)
        notes, best = [_HARDLY] if self.hardly else [], rounds.best
        if best is None:
            missed = f"{target} was not reached: {rounds.nearest}"
            if not self.options.best_effort or isinstance(target, Bytes):
                raise TargetError(missed)
            best = rounds.nearest
            notes.append(missed)
        return self.encoded(best, self.fit.done, clock.monotonic() - self.begun, tuple(notes)), best

    def encoded(self, result: Result, steps: int, seconds: float, notes: tuple[str, ...]) -> Encoded:
        """A report of a result."""
        return Encoded(result.data, result.psnr, str(self.shape), steps, seconds, notes, result.score)

    def _first_end(self) -> float:
        """When the fit has to be over; a target may then take repeats of its end."""
        assert self.options.time is not None
        share = 1 - _LAST if isinstance(self.target, Nominal) else _FIRST
        return self.begun + max(share * self.options.time - self.coding, _LEAST_SHARE * self.options.time)

    def _result(self, networks: Quantised) -> Result:
        """The stream of a fit, and what it shows."""
        latents = self.fit.model.integers()
        data = container.write(self.header, stream.write(networks, latents, self.fit.origin, self.threads))
        decoded = render(self.shape, networks.parameters(), latents, self.samples.dtype, self.threads)
        error, count = metrics.seen_error(decoded, self.samples)
        score = Ssimulacra2(self.samples, self.threads)(decoded) if self.scored else None
        return Result(data, metrics.psnr(error / count, 8 * self.samples.dtype.itemsize), score)


def check(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that are wrong or that this family lacks."""
    if options.siren_only is not None:
        raise UsageError(f"{options.siren_only} is an option of the siren model")
    options.check(RECIPES)
    if options.quality is not None and not 1 <= options.quality <= 100:
        raise UsageError(f"quality must be 1 to 100, not {options.quality}")
