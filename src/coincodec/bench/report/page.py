"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from statistics import fmean

from matplotlib.figure import Figure

from ..curves import Curve, by_image, measured
from ..judges import PSNR, Judge
from ..results import Result
from .plots import rate_distortion, time_against_rate, to_svg
from .summary import known, percent, rates

_STYLE = """
:root { color-scheme: light dark;
  --ink: #1c1c1c; --paper: #ffffff; --rule: #d8d8d8; --faint: #666666; --ours: #b84a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --paper: #161616; --rule: #3a3a3a; --faint: #a0a0a0; --ours: #ff8a3d; }
}
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
p, caption { color: var(--faint); text-align: left; }
svg { width: 100%; height: auto; } .narrow { display: none; }
@media (max-width: 40rem) { .wide { display: none; } .narrow { display: block; } }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
td.text { text-align: left; white-space: normal; min-width: 16rem; }
tr.ours td:first-child { color: var(--ours); font-weight: 600; }
tr.published td { color: var(--faint); }
"""


def page(
    results: Sequence[Result],
    published: Sequence[Curve],
    anchors: Sequence[Curve],
    per_image: str,
    judge: Judge = PSNR,
) -> str:
    """The whole page.

    published: curves to draw beside those of the results. anchors: what BD-rates are given against, the first one
    also in the plots of time. per_image: the id of the measured codec that the table per image compares with. judge:
    of that table and those plots.
    """
    mine = measured(results)
    curves = [*mine, *published]
    datasets = sorted({result.dataset for result in results})
    images = mine[0].images if mine else 0
    parts = [
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>coincodec bench: {escape(', '.join(datasets))}</title><style>{_STYLE}</style>",
        f"<h1>Rate and distortion on {escape(', '.join(datasets))}, {images} pictures</h1>",
        "<p>Every point is a mean over all pictures: bits per pixel of whole files, and the mean of the pictures' PSNR "
        "over RGB of 8 bits. Solid lines were measured by this bench; dashed grey ones are published figures. "
        "A line ends where its codec's points end.</p>",
        "<p>BD-rates are the bits that a codec needs more (+) or less (−) than the one at the top of the column for "
        "the same quality, mean over the qualities that both reach (Bjontegaard, Akima interpolation); – where they "
        "share too little.</p>",
    ]
    for known_judge in known(mine) or [PSNR]:
        parts += [f"<h2>{escape(known_judge.title)}</h2>", _judged(curves, anchors, known_judge)]
    if anchors:
        parts += [
            "<h2>Time</h2>",
            "<p>Wall time of a call on the machine that ran the bench. Codecs of one thread ran as many at a time as "
            "it has cores. Times of codecs that are run as programs include their start.</p>",
            _figure("Encoding", partial(_times, mine, anchors[0], judge, True)),
            _figure("Decoding", partial(_times, mine, anchors[0], judge, False)),
            _time_table(mine),
        ]
    parts += ["<h2>Picture by picture</h2>", _image_table(results, per_image, judge)]
    parts += ["<h2>Settings and sources</h2>", _settings_table(curves)]
    return "\n".join(parts) + "\n"


def _judged(curves: Sequence[Curve], anchors: Sequence[Curve], judge: Judge) -> str:
    """What one judge says: curves and BD-rates."""
    figure = _figure(judge.title, lambda narrow: rate_distortion(curves, narrow=narrow, judge=judge))
    return f"{figure}\n{_bd_table(curves, anchors, judge)}"


def _times(curves: Sequence[Curve], anchor: Curve, judge: Judge, encode: bool, narrow: bool) -> Figure:
    return time_against_rate(curves, anchor, encode=encode, narrow=narrow, judge=judge)


def _figure(name: str, draw: Callable[[bool], Figure]) -> str:
    """A figure twice, for wide and for narrow screens; the style sheet shows one."""
    both = ((kind, to_svg(draw(kind == "narrow"), for_page=True)) for kind in ("wide", "narrow"))
    return "\n".join(f'<div class="{kind}" role="img" aria-label="{escape(name)}">{svg}</div>' for kind, svg in both)


class _Prose(str):
    """A cell of running text: set to the left, and wrapped."""


def _table(head: Iterable[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """rows: (class, cells)."""
    lines = ["<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>"]
    for kind, cells in rows:
        columns = "".join(
            f'<td class="text">{escape(cell)}</td>' if isinstance(cell, _Prose) else f"<td>{escape(cell)}</td>"
            for cell in cells
        )
        lines.append(f'<tr class="{kind}">{columns}</tr>')
    return '<div class="table"><table>' + "\n".join(lines) + "</table></div>"


def _kind(curve: Curve) -> str:
    return "published" if not curve.measured else "ours" if curve.id.startswith("coin:") else "measured"


def _bd_table(curves: Sequence[Curve], anchors: Sequence[Curve], judge: Judge) -> str:
    judged = [curve for curve in curves if curve.quality(judge)]
    rows = [
        (_kind(curve), [*cells, f"{min(curve.bpp):.3f} to {max(curve.bpp):.2f}"])
        for curve, cells in zip(judged, rates(curves, anchors, judge), strict=True)
    ]
    return _table(["", *(f"vs {anchor.title}" for anchor in anchors), "bits per pixel"], rows)


def _time_table(curves: Sequence[Curve]) -> str:
    rows = [
        (_kind(c), [c.title, str(c.threads), f"{fmean(c.encode_seconds):.3f} s", f"{fmean(c.decode_seconds):.3f} s"])
        for c in curves
    ]
    return _table(["", "threads", "encode", "decode"], rows)


def _image_table(results: Sequence[Result], anchor: str, judge: Judge) -> str:
    """BD-rate of every measured codec against one of them, for each picture alone, and the means of these."""
    found = by_image(results, anchor, judge)
    if not found:
        return f"<p>{escape(anchor)} was not measured, so there is nothing to compare each picture with.</p>"
    images = next(iter(found.values())).rates
    rows = [("measured", [name, *(percent(codec.rates[name]) for codec in found.values())]) for name in images]
    rows.append(("ours", ["mean", *(percent(codec.mean) for codec in found.values())]))
    title = next(result.title for result in results if result.codec == anchor)
    caption = f"<p>BD-rate against {escape(title)} on each picture, by {escape(judge.title)}.</p>"
    return caption + _table(["", *(codec.title for codec in found.values())], rows)


def _settings_table(curves: Sequence[Curve]) -> str:
    rows = []
    for curve in curves:
        versions = ", ".join(f"{name} {version}" for name, version in curve.versions)
        rows.append((_kind(curve), [curve.title, _Prose(curve.settings), _Prose(versions)]))
    return _table(["", "settings, or source", "versions"], rows)
