"""The figure of an architecture search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .search import RATES, Trial


def plot(trials: Sequence[Trial], title: str, path: Path) -> None:
    """PSNR against depth, coloured by learning rate, the best one named. The suffix of `path` is its format."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    marks = axes.scatter(
        [trial.architecture.layers for trial in trials],
        [trial.psnr for trial in trials],
        c=[trial.architecture.rate for trial in trials],
        norm=LogNorm(*RATES),
        cmap="cividis",
        edgecolors="black",
        linewidths=0.5,
    )
    best = max(trials, key=lambda trial: trial.psnr)
    axes.annotate(
        f"{best.architecture}, {best.psnr:.2f} dB",
        (best.architecture.layers, best.psnr),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
    )
    axes.margins(0.08, 0.12)
    axes.set_xlabel("sine layers (the width fills the rate)")
    axes.set_ylabel("PSNR, dB")
    axes.set_title(title, fontsize="medium", loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    bar = figure.colorbar(marks, ax=axes, label="factor on the learning rate")
    bar.set_ticks([0.6, 1, 1.6], labels=["0.6", "1", "1.6"])
    bar.minorticks_off()
    figure.savefig(path, dpi=150)
