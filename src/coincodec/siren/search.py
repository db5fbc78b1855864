"""Architecture search on one picture (Dupont et al. 2021, section 4.1): depth, width and learning rate for a rate.

Needs the extra `search`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import optuna

from ..errors import FitError, UsageError
from ..image import Samples
from ..native import MAX_LAYERS
from ..options import EncodeOptions
from . import rate
from .architecture import RATES, Architecture, ArchitectureTable, widest_fitting
from .encode import encode
from .fitting import file_bytes
from .model import SirenShape

# The depths that are searched.
DEPTHS = (2, 16)

# A pair of depth and width is valid if it fills at least this much of the budget.
_FILLED = 0.9

# Stands for the infinite PSNR of a picture that is met exactly.
_MOST_DB = 120.0


@dataclass(frozen=True)
class Trial:
    """One network that was tried. seconds: of its encode."""

    number: int
    architecture: Architecture
    psnr: float
    seconds: float


def valid_pairs(samples: Samples, bpp: float) -> dict[int, int]:
    """The width for every depth that nearly fills the rate with the usual bits per weight."""
    rows, columns, channels = samples.shape
    budget = int(bpp * rows * columns / 8)

    def size(shape: SirenShape) -> int:
        return file_bytes(samples, shape, rate.BITS_PER_WEIGHT)

    pairs = {}
    for layers in range(DEPTHS[0], min(DEPTHS[1], MAX_LAYERS) + 1):
        width = widest_fitting(2, channels, layers, budget, size)
        if width and size(SirenShape(2, channels, layers, width)) >= _FILLED * budget:
            pairs[layers] = width
    if not pairs:
        raise UsageError(f"no network fills a rate of {bpp:g} bits per pixel of this picture")
    return pairs


def search(
    samples: Samples,
    name: str,
    bpp: float,
    *,
    trials: int,
    preset: str,
    seed: int,
    threads: int | None,
    storage: Path,
    on_trial: Callable[[int, Trial, Trial], None],
) -> list[Trial]:
    """All trials of the study of `name`, continued until there are `trials`; best first.

    samples: (height, width, channels). name: of the picture; with rate and preset it names the study in the
    SQLite file `storage`. on_trial: called after each with how many there are, it, and the best.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pairs = valid_pairs(samples, bpp)
    database = optuna.storages.RDBStorage(f"sqlite:///{storage}")
    study = optuna.create_study(
        study_name=f"{name} {bpp:g} bpp {preset}",
        storage=database,
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(6, trials // 4)),
        direction="maximize",
        load_if_exists=True,
    )

    def objective(trial: optuna.Trial) -> float:
        layers = trial.suggest_int("layers", min(pairs), max(pairs))
        factor = trial.suggest_float("rate", *RATES, log=True)
        if layers not in pairs:
            raise optuna.TrialPruned
        architecture = Architecture(layers, pairs[layers], factor)
        options = EncodeOptions(
            model="siren", preset=preset, bpp=bpp, layers=layers, width=pairs[layers], seed=seed, threads=threads
        )
        try:
            encoded = encode(samples, options, None, ArchitectureTable([architecture]))
        except FitError:
            raise optuna.TrialPruned from None
        trial.set_user_attr("width", pairs[layers])
        trial.set_user_attr("seconds", encoded.seconds)
        return min(encoded.psnr, _MOST_DB)

    def after(_: optuna.Study, frozen: optuna.trial.FrozenTrial) -> None:
        if frozen.value is not None:
            found = _finished(study)
            latest = next(trial for trial in found if trial.number == frozen.number)
            on_trial(len(found), latest, found[0])

    try:
        while (left := trials - len(_finished(study))) > 0:
            study.optimize(objective, n_trials=left, callbacks=[after])
            if not _finished(study):
                raise FitError("every network of the search diverged")
        return _finished(study)
    finally:
        database.remove_session()
        database.engine.dispose()


def _finished(study: optuna.Study) -> list[Trial]:
    """Complete trials, best first."""
    found = [
        Trial(
            trial.number,
            Architecture(trial.params["layers"], trial.user_attrs["width"], trial.params["rate"]),
            trial.value,
            trial.user_attrs["seconds"],
        )
        for trial in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
        if trial.value is not None
    ]
    return sorted(found, key=lambda trial: -trial.psnr)
