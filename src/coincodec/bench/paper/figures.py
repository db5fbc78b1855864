"""The figures: training, bits per weight, model sizes, search. (Rate-distortion is the bench's own.)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from ...siren.architecture import Architecture
from ...siren.search_plot import draw
from ..report.plots import COLOURS, OURS, PUBLISHED, label_at_the_right, new_figure, to_svg
from .training import PRESETS

_PRESET_COLOURS = dict(zip(PRESETS, (COLOURS[0], OURS, COLOURS[2], COLOURS[3]), strict=True))
_LEVEL_COLOURS = (COLOURS[5], COLOURS[1])

# dB below the lowest end of a fit that are still shown: what lies under it are the first few steps.
_DEPTH = 9

# Ticks of the rate, in bits per pixel.
_RATES = (0.03, 0.06, 0.12, 0.25, 0.5, 1)

# Colours of the text of an SVG, which browsers choose by the reader's theme.
_INKS = "<style>svg{color:#222}@media (prefers-color-scheme:dark){svg{color:#ddd}}</style>"

# Moments of a fit: [step, dB, seconds since its start].
Samples = Sequence[Sequence[float]]


def write(figure: Figure, path: Path) -> list[Path]:
    """Writes NAME.png, on white, and NAME.svg, for light and dark pages, for the path of NAME. Returns both."""
    svg, png = path.with_suffix(".svg"), path.with_suffix(".png")
    opening, rest = to_svg(figure, for_page=True).split(">", 1)
    svg.write_text(f"{opening}>{_INKS}{rest}", encoding="utf-8")
    figure.savefig(png, dpi=160, facecolor="white")
    return [svg, png]


def training(fits: Mapping[str, tuple[str, Samples]], levels: Mapping[str, float]) -> Figure:
    """PSNR against seconds.

    fits: by preset, its label and its samples. levels: names of horizontal lines, and their dB; where a curve first
    reaches one is marked, and named at the right with the step and the time.
    """
    figure, axes = new_figure(narrow=False)
    labels = []
    for preset, (label, samples) in fits.items():
        colour = _PRESET_COLOURS[preset]
        axes.plot([s[2] for s in samples], [s[1] for s in samples], color=colour, linewidth=1.8)
        labels.append((samples[-1][2], samples[-1][1], label, colour))
        for level in levels.values():
            if (moment := first_reaching(samples, level)) is None:
                continue
            step, psnr, second = moment
            axes.plot([second], [psnr], "o", color=colour, markersize=5)
            labels.append((second, psnr, f"step {step:,.0f}, {duration(second)}", colour))
    everything = [sample for _, samples in fits.values() for sample in samples]
    low = min(samples[-1][1] for _, samples in fits.values()) - _DEPTH
    high = max([*(sample[1] for sample in everything), *levels.values()])
    left = min(sample[2] for sample in everything if sample[1] >= low)
    right = max(sample[2] for sample in everything)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.set_xlim(max(left, 1e-3) / 1.5, right * 1.5)
    axes.set_ylim(low, high + 0.5)
    for (name, level), colour in zip(levels.items(), _LEVEL_COLOURS, strict=False):
        axes.axhline(level, color=colour, linewidth=1, linestyle=":")
        labels.append((axes.get_xlim()[1], level, f"{name}, {level:.2f} dB", colour))
    axes.set_xlabel("seconds since the start of the fit")
    axes.set_ylabel("PSNR, dB, as estimated during the fit")
    figure.subplots_adjust(right=0.72)
    label_at_the_right(axes, labels)
    return figure


def first_reaching(samples: Samples, level: float) -> Sequence[float] | None:
    """The first sample of at least `level` dB, None if there is none."""
    return next((sample for sample in samples if sample[1] >= level), None)


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def bits(points: Sequence[tuple[str, float, float, bool]]) -> Figure:
    """PSNR against rate for one network. points: (name, bits per pixel, dB, integers), from the lowest rate."""
    figure, axes = new_figure(narrow=False)
    for whole, colour in ((False, PUBLISHED), (True, OURS)):
        chosen = [(rate, psnr) for _, rate, psnr, integers in points if integers == whole]
        if chosen:
            rates, qualities = zip(*chosen, strict=True)
            axes.plot(rates, qualities, "o-", color=colour, linewidth=1.8)
    for name, rate, psnr, whole in points:
        axes.annotate(
            name, (rate, psnr), xytext=(4, -12), textcoords="offset points", fontsize=8.5,
            color=OURS if whole else PUBLISHED,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_RATES))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.margins(0.1, 0.12)
    axes.set_xlabel("bits per pixel, whole file (of 32-bit floats the weights)")
    axes.set_ylabel("PSNR over RGB, dB")
    figure.subplots_adjust(right=0.95)
    return figure


def sizes(models: Sequence[tuple[str, float, bool]]) -> Figure:
    """Bars on a log scale. models: (name, kB, ours), drawn from the top."""
    figure, axes = new_figure(narrow=False)
    for place, (_, size, ours) in enumerate(models):
        colour = OURS if ours else PUBLISHED
        axes.barh(place, size, color=colour, height=0.6)
        axes.annotate(
            f"{size:,.1f} kB" if size < 100 else f"{size:,.0f} kB", (size, place), xytext=(5, 0),
            textcoords="offset points", va="center", fontsize=9, color=colour,
        )  # fmt: skip
    axes.set_axisbelow(True)
    axes.set_yticks(range(len(models)), [name for name, _, _ in models])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.set_xlim(1, 4 * max(size for _, size, _ in models))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("model that decodes a picture at about 0.3 bits per pixel, kB")
    figure.subplots_adjust(left=0.31, right=0.97)
    return figure


def search(trials: Sequence[Sequence[float]]) -> Figure:
    """PSNR against depth. trials: [layers, width, factor on the learning rate, dB, ...], the best first."""
    figure, axes = new_figure(narrow=False)
    figure.subplots_adjust(right=0.99)
    draw(figure, axes, [(Architecture(int(t[0]), int(t[1]), t[2]), t[3]) for t in trials], OURS)
    return figure
