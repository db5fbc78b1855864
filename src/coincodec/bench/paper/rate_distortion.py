"""The paper's rate-distortion figure: its points and curves beside those of the bench's results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...siren.model import SirenShape
from .. import codecs, curves, datasets
from ..codecs.coin import CoinSirenHalf
from ..curves import Curve
from ..results import Result, newest

MEASURED = (CoinSirenHalf.name, "coin:siren", "jpeg", "jpeg-default", "jpeg2000")
PUBLISHED = ("coin-paper", "bpg", "vtm", "bms", "mbt", "cst")

_IMAGES = [Path(name).stem for name in datasets.KODAK_SHA256]
_PIXELS = 768 * 512


@dataclass(frozen=True)
class Point:
    """One network of the paper: its figures and ours, means over Kodak.

    weights_bpp: of half-float weights alone. psnr, bpp: ours, of whole files, None where not measured.
    """

    network: str
    weights_bpp: float
    paper_bpp: float
    paper_psnr: float
    psnr: float | None
    bpp: float | None


def current(rows: Iterable[Result]) -> list[Result]:
    """The newest results on Kodak of the figure's codecs as they are set today: other settings are another codec."""
    wanted = {name: codecs.REGISTRY[name].settings for name in MEASURED}
    return [row for row in newest(rows) if row.dataset == "kodak" and wanted.get(row.codec) == row.settings]


def drawn(rows: Sequence[Result]) -> list[Curve]:
    """The figure's curves: those measured on every picture, then the published ones. rows: of `current`."""
    return [*curves.measured(rows, _IMAGES), *curves.pick(curves.published(), PUBLISHED)]


def unmeasured(rows: Sequence[Result]) -> list[str]:
    """Codecs of the figure without a point that was measured on every picture."""
    found = {curve.id for curve in curves.measured(rows, _IMAGES)}
    return [name for name in MEASURED if name not in found]


def points(rows: Sequence[Result]) -> list[Point]:
    """The paper's networks from small to large. rows: of `current`."""
    (paper,) = curves.pick(curves.published(), ["coin-paper"])
    found = []
    for network, bpp, psnr in zip(CoinSirenHalf.points, paper.bpp, paper.psnr, strict=True):
        here = [row for row in rows if (row.codec, row.point) == (CoinSirenHalf.name, network)]
        ours = curves.measured(here, _IMAGES)
        layers, width = map(int, network.split("x"))
        weights = 16 * SirenShape(2, 3, layers, width).parameters / _PIXELS
        if ours:
            found.append(Point(network, weights, bpp, psnr, ours[0].psnr[0], ours[0].bpp[0]))
        else:
            found.append(Point(network, weights, bpp, psnr, None, None))
    return found


def psnr_at(rows: Sequence[Result], codec: str, picture: str, bpp: float) -> float | None:
    """PSNR of a codec on one picture at that rate, in dB, between its points; None beyond them.

    Linear over the logarithm of the rate. rows: of `current`.
    """
    known = sorted((row.bpp, row.psnr) for row in rows if (row.codec, row.image) == (codec, picture))
    if not known or not known[0][0] <= bpp <= known[-1][0]:
        return None
    rates, qualities = zip(*known, strict=True)
    return float(np.interp(math.log(bpp), np.log(rates), qualities))
