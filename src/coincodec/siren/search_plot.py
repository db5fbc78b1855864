"""The figure of an architecture search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .architecture import RATES, Architecture

if TYPE_CHECKING:
    from .search import Trial


def plot(trials: Sequence[Trial], title: str, path: Path) -> None:
    """The figure of a search as a file. trials: the best first. The suffix of `path` is its format."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    draw(figure, axes, [(trial.architecture, trial.psnr) for trial in trials])
    axes.set_title(title, fontsize="medium", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def draw(figure: Figure, axes: Axes, found: Sequence[tuple[Architecture, float]], colour: str = "black") -> None:
    """PSNR in dB against depth, coloured by learning rate. found: the best first, which is named in `colour`."""
    marks = axes.scatter(
        [network.layers for network, _ in found],
        [psnr for _, psnr in found],
        c=[network.rate for network, _ in found],
        norm=LogNorm(*RATES),
        cmap="cividis",
        edgecolors="black",
        linewidths=0.5,
        zorder=3,
    )
    best, psnr = found[0]
    axes.annotate(
        f"{best}, {psnr:.2f} dB", (best.layers, psnr), xytext=(0, 8), textcoords="offset points", ha="center",
        color=colour,
    )  # fmt: skip
    axes.margins(0.08, 0.12)
    axes.set_xlabel("sine layers (the width fills the rate)")
    axes.set_ylabel("PSNR, dB")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    bar = figure.colorbar(marks, ax=axes, label="factor on the learning rate")
    bar.set_ticks([RATES[0], 1, RATES[1]], labels=[f"{RATES[0]:g}", "1", f"{RATES[1]:g}"])
    bar.minorticks_off()
