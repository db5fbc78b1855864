"""The results in the repository: they agree with published curves, and with what is measured today."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coincodec.bench import codecs, curves, results
from coincodec.metrics import rgb_psnr

ROWS = results.newest(results.read(Path(__file__).parents[2] / "benchmarks" / "results" / "kodak.jsonl"))
MEASURED = {curve.id: curve for curve in curves.measured(ROWS)}
PUBLISHED = {curve.id: curve for curve in curves.published()}

needs_kodak = pytest.mark.skipif("COINCODEC_KODAK" not in os.environ, reason="COINCODEC_KODAK is not set")


def against_published(codec: str, published: str) -> float:
    rate = curves.bd_rate(PUBLISHED[published], MEASURED[codec])
    assert rate is not None
    return rate


@pytest.mark.parametrize(
    "codec", ["coin:siren", "jpeg", "jpeg-default", "jpeg2000", "webp", "avif", "jxl", "heic", "hevc", "vvc"]
)
def test_every_point_was_measured_on_every_picture(codec: str) -> None:
    assert MEASURED[codec].images == 24
    assert len(MEASURED[codec].bpp) == len(codecs.REGISTRY[codec].points)


def test_integer_weights_need_less_than_two_fifths_of_the_papers_bits() -> None:
    assert against_published("coin:siren", "coin-paper") < -62


def test_x265_has_the_published_curve_of_bpg() -> None:
    assert abs(against_published("hevc", "bpg")) < 2


def test_webp_has_compressai_s_curve() -> None:
    assert abs(against_published("webp", "webp-compressai")) < 2


def test_jpeg_with_default_tables_has_the_curve_that_coin_plots() -> None:
    assert abs(against_published("jpeg-default", "jpeg-compressai")) < 2


def test_jpeg2000_beats_the_curve_that_coin_plots() -> None:
    assert against_published("jpeg2000", "jpeg2000-compressai") < -15


@needs_kodak
@pytest.mark.parametrize("image", ["kodim05", "kodim19"])
@pytest.mark.parametrize("codec", ["hevc", "webp", "jpeg2000"])
def test_what_was_measured_is_measured_again(codec: str, image: str) -> None:
    """So the figures above hold for the codecs of this machine, a little room left for other versions."""
    picture = np.asarray(Image.open(Path(os.environ["COINCODEC_KODAK"]) / f"{image}.png").convert("RGB"))
    live = codecs.make(codec)
    rows = {row.point: row for row in ROWS if (row.codec, row.image) == (codec, image)}
    for point in live.points[1::3]:
        data = live.encode(picture, point)
        assert len(data) == pytest.approx(rows[point].bytes, rel=0.02)
        assert rgb_psnr(picture, live.decode(data)) == pytest.approx(rows[point].psnr, abs=0.1)
