"""The report: one page that needs nothing else, plots, and tables for others' tools."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from test_results import RESULT

from coincodec.bench import curves, results
from coincodec.bench.report import export, page, plots
from coincodec.cli import main


def made_up(codec: str, title: str, gain: float) -> list[results.Result]:
    """A codec that is better by `gain` dB on three pictures."""
    return [
        replace(
            RESULT, codec=codec, title=title, image=image, point=str(k), bpp=0.1 * 2**k, psnr=24 + 3 * k + gain + shift,
            ms_ssim=0.9 + 0.02 * k, settings=f"as <made> up & {codec}",
        )
        for k in range(5)
        for shift, image in enumerate(("kodim01", "kodim02", "kodim03"))
    ]  # fmt: skip


ROWS = made_up("jpeg", "JPEG", 0) + made_up("coin:siren", "coincodec siren", 1.5)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    with results.Writer(tmp_path / "r.jsonl") as writer:
        for row in ROWS:
            writer.append(row)
    assert main(["bench", "report", str(tmp_path / "r.jsonl"), "-o", str(tmp_path / "out")]) == 0
    return tmp_path / "out"


class Checker(HTMLParser):
    """Collects what a page loads, and checks that its tags nest."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in ("src", "srcset", "data", "poster")]
        self.loads += [
            value or "" for name, value in attrs if name.endswith("href") and not (value or "").startswith("#")
        ]
        if tag not in ("meta", "br", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else(report: Path) -> None:
    text = (report / "index.html").read_text(encoding="utf-8")
    checker = Checker()
    checker.feed(text)
    assert checker.loads == []
    assert checker.open == []
    assert "@import" not in text
    assert re.findall(r"url\((?!#)", text) == []


def test_the_page_shows_every_codec_with_its_figures_and_settings(report: Path) -> None:
    text = (report / "index.html").read_text(encoding="utf-8")
    mine = {curve.id: curve for curve in curves.measured(ROWS)}
    rate = curves.bd_rate(mine["jpeg"], mine["coin:siren"])
    assert rate is not None
    assert f"<td>{rate:+.1f} %</td>".replace("-", "−") in text
    assert "as &lt;made&gt; up &amp; coin:siren" in text
    for title in ("coincodec siren", "VTM (VVC intra)", "kodim02"):
        assert title in text
    assert "github.com/EmilienDupont/coin" in text
    assert "prefers-color-scheme: dark" in text
    assert text.count("<svg") == 8  # four figures, wide and narrow


def test_a_report_on_some_pictures(tmp_path: Path) -> None:
    """Their means, a codec measured on them alone, and published curves that are known picture by picture."""
    rows = [*ROWS, *(row for row in made_up("coin:latent-best", "best", 3) if row.image == "kodim02")]
    with results.Writer(tmp_path / "r.jsonl") as writer:
        for row in rows:
            writer.append(row)
    assert main(["bench", "report", str(tmp_path / "r.jsonl"), "-o", str(tmp_path), "--only", "kodim02"]) == 0
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "| JPEG | 0.1000 | 25.00 dB |" in text
    assert "| best | 0.1000 | 28.00 dB |" in text
    assert "Cool-Chic 5.0.1" in text
    assert "VTM" not in text
    assert "kodim01" not in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_plots_are_written_as_png_and_svg(report: Path) -> None:
    for name in ("rate-distortion", "encode-time", "decode-time"):
        assert (report / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        svg = (report / f"{name}.svg").read_text()
        assert "coincodec siren" in svg
        assert plots._INK not in svg


def test_the_summary_has_the_figures_of_the_page(report: Path) -> None:
    text = (report / "summary.md").read_text(encoding="utf-8")
    mine = {curve.id: curve for curve in curves.measured(ROWS)}
    rate = curves.bd_rate(mine["jpeg"], mine["coin:siren"])
    assert rate is not None
    by_similarity, by_psnr = (part.partition("\n\n")[2] for part in text.split("Means of")[0].split("BD-rate by ")[1:])
    (row,) = [line for line in by_psnr.splitlines() if line.startswith("| coincodec siren |") and "%" in line]
    assert f" {rate:+.1f} % |".replace("-", "−") in row
    assert "| VTM (VVC intra) |" in by_psnr
    assert "\n| VTM (VVC intra) |" not in by_similarity
    assert text.count("| coincodec siren |") == 8  # three times as a rate, and five points
    assert "| coincodec siren | 0.1000 | 26.50 dB |" in text


def test_the_summary_has_the_means_of_the_pictures(report: Path) -> None:
    found = curves.by_image(ROWS, "jpeg")
    assert list(found) == ["coin:siren"]
    siren = found["coin:siren"]
    assert list(siren.rates) == ["kodim01", "kodim02", "kodim03"]
    first = {c.id: c for c in curves.measured([row for row in ROWS if row.image == "kodim01"])}
    assert siren.rates["kodim01"] == curves.bd_rate(first["jpeg"], first["coin:siren"])
    assert siren.mean == pytest.approx(sum(siren.rates.values()) / 3)
    assert curves.by_image(ROWS, "webp") == {}
    assert curves.ByImage("Odd", {"a": -10.0, "b": 20.0, "c": None}).mean == 5
    assert curves.ByImage("None", {"a": None}).mean is None
    part = (report / "summary.md").read_text(encoding="utf-8").split("Means of pictures' BD-rates against JPEG")[1]
    mean = f"{siren.mean:+.1f} %".replace("-", "−")
    assert any(line.startswith("| coincodec siren |") and mean in line for line in part.splitlines())
    assert f"<td>mean</td><td>{mean}</td>" in (report / "index.html").read_text(encoding="utf-8")


def test_the_export_is_compressai_s_layout(report: Path) -> None:
    exported = json.loads((report / "compressai" / "coin-siren.json").read_text())
    assert exported["name"] == "coincodec siren"
    assert set(exported["results"]) == {"bpp", "psnr", "ms-ssim", "encoding_time", "decoding_time"}
    assert {len(values) for values in exported["results"].values()} == {5}
    assert exported["results"]["bpp"] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6])
    assert exported["versions"] == {"Pillow": "13"}
    assert export.compressai(curves.published()[0])["results"].keys() == {"bpp", "psnr"}


def test_figures_end_where_the_points_end() -> None:
    figure = plots.rate_distortion(curves.measured(ROWS))
    for line in figure.axes[0].lines:
        assert list(line.get_xdata()) == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6])
    names = {text.get_text() for text in figure.axes[0].texts}
    assert names == {"JPEG", "coincodec siren"}


def test_labels_do_not_touch() -> None:
    many = [replace(curve, id=str(k), title=str(k)) for k in range(12) for curve in curves.measured(ROWS)[:1]]
    axes = plots.rate_distortion(many).axes[0]
    low, high = axes.get_ylim()
    heights = sorted(text.xyann[1] for text in axes.texts)
    gaps = [b - a for a, b in pairwise(heights)]
    assert min(gaps) > 0.9 * (high - low) / 36


def test_the_same_results_give_the_same_page() -> None:
    published = curves.pick(curves.published(), ["vtm"])
    assert page.page(ROWS, published, published, "jpeg") == page.page(ROWS, published, published, "jpeg")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["report", "missing.jsonl"], 1),
        (["report", "empty.jsonl"], 1),
        (["report", "r.jsonl", "--against", "h267"], 2),
        (["report", "r.jsonl", "--published", "h267"], 2),
        (["report", "r.jsonl", "--only", "kodim25"], 2),
        (["report", "r.jsonl", "--only", "kodim01", "--against", "vtm"], 2),
        (["run", "--codecs", "h267", "--results", "r.jsonl", "--dataset", "."], 1),
        (["run", "--codecs", "jpeg", "--results", "r.jsonl", "--dataset", "nowhere"], 1),
        (["run", "--codecs", "jpeg", "--results", "r.jsonl", "--workers", "0"], 2),
    ],
)
def test_errors_are_one_line(
    arguments: list[str],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.jsonl").touch()
    with results.Writer(Path("r.jsonl")) as writer:
        for row in ROWS:
            writer.append(row)
    assert main(["bench", *arguments]) == status
    err = capsys.readouterr().err
    assert err.startswith("coin: ")
    assert err.count("\n") == 1


def test_the_list_names_codecs_and_curves(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "list"]) == 0
    out = capsys.readouterr().out
    for name in ("coin:siren", "jpeg2000", "cool-chic-5.0.1", "missing: bpgenc"):
        assert name in out
