"""Figures of a report: rate-distortion, and time against rate."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from ..curves import Curve, bd_rate
from ..judges import PSNR, Judge

# After Okabe and Ito, without yellow and black, which light or dark pages swallow: told apart by people with any
# kind of colour vision. Markers tell them apart in print.
COLOURS = ("#2A86C8", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#A6761D")
OURS, PUBLISHED = "#D55E00", "#888888"
_MARKERS = "os^DvPX<>*"

# Stands for the page's text colour until the figure is written.
_INK = "#010203"
_RATES = (0.015, 0.03, 0.06, 0.12, 0.25, 0.5, 1, 2)


@dataclass(frozen=True)
class Style:
    """How a curve is drawn."""

    colour: str
    marker: str
    dashed: bool
    width: float


def styles(curves: Sequence[Curve]) -> dict[str, Style]:
    """One style per curve: ours in one colour that no other has, published ones grey and dashed."""
    chosen = {}
    others = ours = published = 0
    for curve in curves:
        if not curve.measured:
            chosen[curve.id] = Style(PUBLISHED, _MARKERS[published % len(_MARKERS)], True, 1.0)
            published += 1
        elif curve.id.startswith("coin:"):
            chosen[curve.id] = Style(OURS, _MARKERS[ours % len(_MARKERS)], False, 2.6)
            ours += 1
        else:
            colour = COLOURS[others % len(COLOURS)]
            chosen[curve.id] = Style(colour, _MARKERS[others % len(_MARKERS)], False, 1.4)
            others += 1
    return chosen


def rate_distortion(curves: Sequence[Curve], *, narrow: bool = False, judge: Judge = PSNR) -> Figure:
    """Quality, for the curves that have it, against bits per pixel.

    Every curve ends where its points end, marked by its marker, and carries its name at the right.
    """
    figure, axes = new_figure(narrow)
    look = styles(curves)
    shown = [curve for curve in curves if curve.quality(judge)]
    labels, seen = [], []
    for curve in shown:
        style = look[curve.id]
        quality = list(curve.quality(judge))
        axes.plot(
            curve.bpp, quality, style.marker, color=style.colour, linestyle="--" if style.dashed else "-",
            linewidth=style.width, markersize=3 + style.width, zorder=2 + style.width, markevery=[0, -1],
        )  # fmt: skip
        end = min(curve.bpp[-1], _RATES[-1])
        height = float(np.interp(math.log(end), np.log(curve.bpp), quality))
        seen += [height, *(q for rate, q in zip(curve.bpp, quality, strict=True) if _RATES[0] <= rate <= end)]
        labels.append((end, height, curve.title, style.colour))
    axes.set_xscale("log")
    axes.set_xlim(_RATES[0], _RATES[-1])
    axes.xaxis.set_major_locator(FixedLocator(_RATES[1::2] if narrow else _RATES))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    if seen:
        axes.set_ylim(min(seen) - judge.worth, max(seen) + judge.worth)
    axes.set_xlabel("bits per pixel, whole file")
    axes.set_ylabel(judge.axis)
    label_at_the_right(axes, labels)
    return figure


def time_against_rate(
    curves: Sequence[Curve], anchor: Curve, *, encode: bool, narrow: bool = False, judge: Judge = PSNR
) -> Figure:
    """BD-rate against `anchor` over the mean seconds that a picture takes to encode (or decode)."""
    figure, axes = new_figure(narrow)
    look = styles(curves)
    labels = []
    for curve in curves:
        rate = bd_rate(anchor, curve, judge) if curve.measured else None
        if rate is None:
            continue
        times = curve.encode_seconds if encode else curve.decode_seconds
        seconds = sum(times) / len(times)
        style = look[curve.id]
        axes.plot([seconds], [rate], style.marker, color=style.colour, markersize=8)
        name = f"{curve.title} ({curve.threads} threads)" if curve.threads > 1 else curve.title
        labels.append((seconds, rate, name, style.colour))
    axes.axhline(0, color=_INK, linewidth=0.6)
    axes.set_xscale("log")
    axes.margins(0.12)
    axes.set_xlabel(f"seconds to {'encode' if encode else 'decode'} a picture, mean over the points")
    axes.set_ylabel(f"BD-rate against {anchor.title} by {judge.title}, %")
    label_at_the_right(axes, labels)
    return figure


def to_svg(figure: Figure, *, for_page: bool) -> str:
    """A figure as SVG; `for_page` takes its ink from the CSS colour of the text around it."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "coincodec"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue().replace(_INK, "currentColor" if for_page else "#222222")
    return svg[svg.index("<svg") :] if for_page else svg


def save(figure: Figure, path: Path) -> None:
    """Writes NAME.png and NAME.svg for the path of NAME."""
    path.with_suffix(".svg").write_text(to_svg(figure, for_page=False), encoding="utf-8")
    figure.savefig(path.with_suffix(".png"), dpi=160, facecolor="white")


def new_figure(narrow: bool) -> tuple[Figure, Axes]:
    """An empty plot with room for names at its right."""
    figure = Figure(figsize=(4.4, 6.4) if narrow else (9.6, 6.2))
    axes = figure.add_subplot()
    figure.subplots_adjust(left=0.14 if narrow else 0.07, right=0.56 if narrow else 0.76, top=0.98, bottom=0.09)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(_INK)
    axes.tick_params(colors=_INK)
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    axes.grid(color=_INK, alpha=0.12, linewidth=0.6)
    return figure, axes


def label_at_the_right(axes: Axes, labels: list[tuple[float, float, str, str]]) -> None:
    """Names beside the plot, at the height of what they name, moved apart until none touch."""
    low, high = axes.get_ylim()
    gap = (high - low) / 36
    ordered = sorted(labels, key=lambda label: label[1])
    heights = [label[1] for label in ordered]
    for _ in range(200):
        for k in range(len(heights) - 1):
            if (short := gap - (heights[k + 1] - heights[k])) > 0:
                heights[k] -= short / 2
                heights[k + 1] += short / 2
        if heights:
            shift = max(0, low - heights[0]) - max(0, heights[-1] - high)
            heights = [height + shift for height in heights]
    arrow: dict[str, Any] = {
        "arrowstyle": "-",
        "linewidth": 0.5,
        "alpha": 0.45,
        "relpos": (0, 0.5),
        "shrinkA": 1,
        "shrinkB": 2,
    }
    for (x, y, name, colour), height in zip(ordered, heights, strict=True):
        axes.annotate(
            name, (x, y), xytext=(1.02, height), textcoords=axes.get_yaxis_transform(), color=colour, fontsize=8.5,
            va="center", arrowprops={**arrow, "color": colour}, annotation_clip=False,
        )  # fmt: skip
