"""Rate-distortion curves, measured and published, and how far one lies from another."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from statistics import fmean
from typing import Any

import bjontegaard
import numpy as np

from ..errors import UsageError
from .judges import PSNR, Judge
from .results import Result, newest


@dataclass(frozen=True)
class Curve:
    """Points of one codec, rates rising, each the mean over the same pictures.

    id: as on the command line. title: as in a plot. settings: how it was made; for a published curve, its
    source. measured: by this bench. images: how many pictures. bpp, psnr (dB, mean of per-image values), and,
    for measured curves, the means of the other judges' values (empty where one of a picture is missing), encode_seconds
    and decode_seconds.
    """

    id: str
    title: str
    settings: str
    measured: bool
    images: int
    bpp: tuple[float, ...]
    psnr: tuple[float, ...]
    ms_ssim: tuple[float, ...] = ()
    ssimulacra2: tuple[float, ...] = ()
    butteraugli: tuple[float, ...] = ()
    encode_seconds: tuple[float, ...] = ()
    decode_seconds: tuple[float, ...] = ()
    threads: int = 1
    versions: tuple[tuple[str, str], ...] = ()

    def quality(self, judge: Judge) -> tuple[float, ...]:
        """What rates are compared at, point by point: rises with quality. Empty where it is not known."""
        return tuple(map(judge.against, getattr(self, judge.id)))


def measured(results: Iterable[Result], images: Iterable[str] | None = None) -> list[Curve]:
    """Curves of the newest results, codecs in the order in which they appear.

    A point counts only if it was measured on every picture (of `images`, else on as many as any point of the
    results): a mean over fewer pictures would be another curve.
    """
    points: dict[str, dict[str, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for result in newest(results):
        points[result.codec][result.point].append(result)
    if images is None:
        images = {result.image for by_point in points.values() for rows in by_point.values() for result in rows}
    wanted = set(images)
    curves = []
    for codec, by_point in points.items():
        complete = []
        for rows in by_point.values():
            kept = [row for row in rows if row.image in wanted]
            if {row.image for row in kept} == wanted:
                complete.append(kept)
        if complete:
            curves.append(_mean_curve(codec, complete))
    return curves


def published(images: Iterable[str] | None = None) -> list[Curve]:
    """The curves for Kodak that others have published, with their sources. PSNR only.

    images: only the curves whose figures are known picture by picture, as means over these pictures.
    """
    rows = _data("kodak_published.json")["curves"]
    if images is None:
        return [_published(row, 24, row["bpp"], row["psnr"]) for row in rows]
    wanted = set(images)
    curves = []
    for name, by_image in _data("kodak_per_image.json")["curves"].items():
        if wanted <= by_image.keys():
            (row,) = (row for row in rows if row["id"] == name)
            bpp, psnr = np.mean([by_image[image] for image in sorted(wanted)], axis=0).T.tolist()
            curves.append(_published(row, len(wanted), bpp, psnr))
    return curves


def pick(curves: Sequence[Curve], names: Iterable[str]) -> list[Curve]:
    """The curves with these ids, in this order. Raises `UsageError` for one that is not there."""
    known = {curve.id: curve for curve in curves}
    chosen = []
    for name in names:
        if name not in known:
            raise UsageError(f"there is no curve {name!r}; there are {', '.join(known)}")
        chosen.append(known[name])
    return chosen


def bd_rate(anchor: Curve, test: Curve, judge: Judge = PSNR) -> float | None:
    """Bjontegaard delta rate in per cent at equal quality: negative if `test` needs fewer bits. Akima interpolation.

    Only over the qualities that both curves reach, nothing is extrapolated. None where that range is empty or
    covers less than a third of the shorter of the two, or a curve has fewer than four points of known quality.
    """
    of_anchor, of_test = anchor.quality(judge), test.quality(judge)
    if min(len(of_anchor), len(of_test)) < 4:
        return None
    low, high = max(min(of_anchor), min(of_test)), min(max(of_anchor), max(of_test))
    shorter = min(max(quality) - min(quality) for quality in (of_anchor, of_test))
    if high - low < shorter / 3:
        return None
    rate = bjontegaard.bd_rate(
        anchor.bpp, of_anchor, test.bpp, of_test, method="akima", require_matching_points=False, min_overlap=0
    )
    return float(rate) if math.isfinite(rate) else None


@dataclass(frozen=True)
class ByImage:
    """BD-rates of one codec against another on each picture alone, in per cent. mean: of those there are, if any."""

    title: str
    rates: Mapping[str, float | None]

    @property
    def mean(self) -> float | None:
        """Every picture counts alike, whatever it takes: what equal quality saves on a picture."""
        known = [rate for rate in self.rates.values() if rate is not None]
        return fmean(known) if known else None


def by_image(results: Iterable[Result], anchor: str, judge: Judge = PSNR) -> dict[str, ByImage]:
    """Every measured codec but the anchor, by its id; nothing where the anchor was not measured."""
    of_image: dict[str, list[Result]] = defaultdict(list)
    for result in newest(results):
        of_image[result.image].append(result)
    curves = {name: {c.id: c for c in measured(rows, [name])} for name, rows in sorted(of_image.items())}
    titles = {curve.id: curve.title for found in curves.values() for curve in found.values()}
    if anchor not in titles:
        return {}

    def rate(found: Mapping[str, Curve], codec: str) -> float | None:
        return bd_rate(found[anchor], found[codec], judge) if {anchor, codec} <= found.keys() else None

    return {
        codec: ByImage(title, {name: rate(found, codec) for name, found in curves.items()})
        for codec, title in titles.items()
        if codec != anchor
    }


def _data(name: str) -> Any:
    return json.loads(files("coincodec.bench").joinpath(f"data/{name}").read_text(encoding="utf-8"))


def _published(row: dict[str, str], images: int, bpp: Iterable[float], psnr: Iterable[float]) -> Curve:
    settings = row["source"] + (f"; {row['note']}" if "note" in row else "")
    return Curve(row["id"], row["name"], settings, False, images, tuple(bpp), tuple(psnr))


def _mean_curve(codec: str, points: list[list[Result]]) -> Curve:
    points.sort(key=lambda rows: fmean(row.bpp for row in rows))
    last = points[-1][0]

    def means(name: str) -> tuple[float, ...]:
        values = [[getattr(row, name) for row in rows] for rows in points]
        return () if any(None in of_point for of_point in values) else tuple(map(fmean, values))

    return Curve(
        id=codec,
        title=last.title,
        settings=last.settings,
        measured=True,
        images=len(points[0]),
        bpp=means("bpp"),
        psnr=means("psnr"),
        ms_ssim=means("ms_ssim"),
        ssimulacra2=means("ssimulacra2"),
        butteraugli=means("butteraugli"),
        encode_seconds=means("encode_seconds"),
        decode_seconds=means("decode_seconds"),
        threads=last.threads,
        versions=tuple(last.versions.items()),
    )
