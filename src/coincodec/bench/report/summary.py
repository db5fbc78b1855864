"""The tables of a report as Markdown, for documents that quote it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..curves import Curve, bd_rate


def percent(rate: float | None) -> str:
    """A BD-rate as text; a dash for None."""
    return "–" if rate is None else f"{rate:+.1f} %".replace("-", "−")


def summary(curves: Sequence[Curve], anchors: Sequence[Curve]) -> str:
    """BD-rates of all curves against the anchors, and every point of the measured ones."""
    rates = [
        [curve.title, *("0" if curve.id == anchor.id else percent(bd_rate(anchor, curve)) for anchor in anchors)]
        for curve in curves
    ]
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
            "BD-rate, published curves included:\n",
            table(["", *(f"against {anchor.title}" for anchor in anchors)], rates),
            "\nPoints that were measured, means over all pictures:\n",
            table(["", "bits per pixel", "PSNR", "encode", "decode"], points),
            "",
        ]
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, cells as they are."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
