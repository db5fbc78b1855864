"""The tables of a report as Markdown, for documents that quote it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..curves import Curve, bd_rate, by_image
from ..judges import JUDGES, PSNR, Judge
from ..results import Result


def percent(rate: float | None) -> str:
    """A BD-rate as text; a dash for None."""
    return "–" if rate is None else f"{rate:+.1f} %".replace("-", "−")


def rates(curves: Sequence[Curve], anchors: Sequence[Curve], judge: Judge) -> list[list[str]]:
    """A row of BD-rates for each curve whose quality is known: its title, and how it is against each anchor."""
    return [
        [curve.title, *("0" if curve.id == anchor.id else percent(bd_rate(anchor, curve, judge)) for anchor in anchors)]
        for curve in curves
        if curve.quality(judge)
    ]


def known(curves: Sequence[Curve]) -> list[Judge]:
    """The judges that have judged more than one of the curves."""
    return [judge for judge in JUDGES.values() if sum(bool(curve.quality(judge)) for curve in curves) > 1]


def summary(curves: Sequence[Curve], anchors: Sequence[Curve], results: Sequence[Result], per_image: str) -> str:
    """BD-rates of all curves against the anchors, by every judge, and every point of the measured ones.

    per_image: the codec that pictures are compared with one by one, of which the means are told.
    """
    judges = known(curves) or [PSNR]
    head = ["", *(f"against {anchor.title}" for anchor in anchors)]
    parts = [
        f"BD-rate by {judge.title}, published curves included:\n\n{table(head, rates(curves, anchors, judge))}\n"
        for judge in judges
    ]
    found = {judge.title: by_image(results, per_image, judge) for judge in judges}
    if any(found.values()):
        title = next(result.title for result in results if result.codec == per_image)
        some = next(iter(found.values()))
        means = [[some[codec].title, *(percent(f[codec].mean) for f in found.values())] for codec in some]
        parts.append(f"Means of pictures' BD-rates against {title}, by\n\n{table(['', *found], means)}\n")
    points = [
        [curve.title, f"{bpp:.4f}", f"{psnr:.2f} dB", f"{encode:.2f} s", f"{1e3 * decode:.0f} ms"]
        for curve in curves
        if curve.measured
        for bpp, psnr, encode, decode in zip(
            curve.bpp, curve.psnr, curve.encode_seconds, curve.decode_seconds, strict=True
        )
    ]
    return "\n".join(
        [
            *parts,
            "Points that were measured, means over all pictures:\n",
            table(["", "bits per pixel", "PSNR", "encode", "decode"], points),
            "",
        ]
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, cells as they are."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
