"""The paper's figures: units are measured once, lines survive a kill, tables and figures hold what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image
from test_results import RESULT

import coincodec
from coincodec import metrics
from coincodec.bench import codecs, datasets, results
from coincodec.bench.codecs import CoinSirenHalf
from coincodec.bench.paper import (
    bits,
    data,
    figures,
    picture,
    published,
    rate_distortion,
    report,
    searching,
    sheet,
    sizes,
    studies,
    tables,
    training,
)
from coincodec.bench.paper.data import Measurement
from coincodec.bench.paper.unit import Source, Unit, Watch
from coincodec.cli import main
from coincodec.errors import CoincodecError, UsageError
from coincodec.progress import Progress
from coincodec.siren.model import SirenShape
from coincodec.siren.recipe import RECIPES

LAYERS, WIDTH, STEPS = 2, 6, 12
SHAPE = SirenShape(2, 3, LAYERS, WIDTH)


@pytest.fixture
def source(small: NDArray[np.uint8]) -> Source:
    """A picture called as the studied one, large enough for a JPEG smaller than the samples."""
    return Source("kodim15", np.tile(small, (4, 4, 1)))


def tiny_units(source: Source, path: Path, steps: int = STEPS) -> list[Unit]:
    """Every study, with networks and fits that take no time."""
    return [
        *training.units(source, dict.fromkeys(training.PRESETS, steps), LAYERS, WIDTH),
        *bits.units(source, steps, LAYERS, WIDTH),
        *picture.units(source, studies.files_folder(path), steps, 4, 16),
        *sizes.units(source, steps, LAYERS, WIDTH, 0.3),
        *searching.units(source, 2.0, 4),
    ]


def ignore(progress: Progress) -> None:
    """A progress nobody watches."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a run over everything, coded pictures beside it."""
    y, x = np.mgrid[0:64, 0:96]
    samples = np.stack([x * 2, y * 3, 255 - x - y], -1).astype(np.uint8)
    path = tmp_path_factory.mktemp("paper") / "paper.jsonl"
    tiny = Source("kodim15", samples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "fast", replace(RECIPES["fast"], steps=STEPS))
        assert studies.run(tiny_units(tiny, path), path) == 4 + 8 + 3 + 3 + 1
    np.save(path.with_suffix(".npy"), samples)
    return path


def source_of(path: Path) -> Source:
    """The picture of `measured`."""
    return Source("kodim15", np.load(path.with_suffix(".npy")))


def kodak_rows(without: tuple[str, ...] = ()) -> list[results.Result]:
    """Made-up results on all of Kodak; `without`: networks that are missing on one picture."""
    rows = []
    for codec in rate_distortion.MEASURED:
        points = codecs.REGISTRY[codec].points
        for number, point in enumerate(points):
            for image in map(Path, datasets.KODAK_SHA256):
                if image.stem == "kodim07" and point in without:
                    continue
                rows.append(
                    replace(
                        RESULT, image=image.stem, codec=codec, title=codec, point=point, bpp=0.04 * 2**number,
                        psnr=23.0 + 2 * number, settings=codecs.REGISTRY[codec].settings, width=768, height=512,
                    )
                )  # fmt: skip
    return rows


# Runs.


def stub(name: str, calls: list[str], cost: float = 1, **settings: Any) -> Unit:
    """A unit that only tells of its call."""

    def measure(watch: Watch) -> dict[str, Any]:
        calls.append(name)
        watch(Progress(1, 2, 20.0, 0.1))
        if settings.get("fails"):
            raise KeyboardInterrupt
        return {"psnr": 1.5}

    return Unit("study", name, "kodim15", dict(settings), {"coincodec": "1"}, cost, measure)


def test_a_unit_is_measured_once_and_again_when_settings_change(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    calls: list[str] = []
    units = [stub("a", calls, steps=3), stub("b", calls)]
    assert studies.run(units, path) == 2
    assert studies.run(units, path) == 0
    assert studies.run([stub("a", calls, steps=4), units[1]], path) == 1
    assert studies.run([replace(units[1], versions={"coincodec": "2"})], path) == 1
    assert calls == ["a", "b", "a", "b"]
    assert data.newest(data.read(path))["study", "a"].settings == {"steps": 4}


def test_an_interrupted_run_loses_one_unit_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    calls: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        studies.run([stub("a", calls), stub("b", calls, fails=True), stub("c", calls)], path)
    assert [line.unit for line in data.read(path)] == ["a"]
    assert studies.run([stub(name, calls) for name in "abc"], path) == 2
    assert calls == ["a", "b", "b", "c"]


def test_a_torn_last_line_is_dropped_and_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    calls: list[str] = []
    units = [stub("a", calls), stub("b", calls)]
    studies.run(units, path)
    whole = path.read_bytes()
    for cut in (whole.index(b"\n") + 1, whole.index(b"\n") + 20, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert [line.unit for line in data.read(path)] == ["a"]
        assert studies.run(units, path) == 1
        assert path.read_bytes() == whole


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"study":"bits"}', ""])
def test_other_lines_are_an_error_with_their_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "p.jsonl"
    calls: list[str] = []
    studies.run([stub("a", calls)], path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(results.ResultsError, match="line 2, is not a measurement"):
        data.read(path)


def test_time_left_goes_by_the_work_of_units(tmp_path: Path) -> None:
    seen: list[studies.RunProgress] = []
    calls: list[str] = []
    studies.run([stub("a", calls, cost=1), stub("b", calls, cost=998)], tmp_path / "p.jsonl", seen.append)
    assert [(p.done, p.total, p.unit.name) for p in seen] == [(0, 2, "a"), (1, 2, "b")]
    assert all(p.remaining > 0 for p in seen)


def test_units_are_chosen_by_study_or_by_name(source: Source, tmp_path: Path) -> None:
    units = studies.all_units(source, tmp_path / "p.jsonl", paper_steps=700)
    assert [unit.key for unit in studies.choose(units, ["training/fast"])] == ["training/fast"]
    assert {unit.name for unit in studies.choose(units, ["picture"])} == set(picture.FILES)
    assert len({unit.key for unit in units}) == len(units) == 19
    (paper,) = studies.choose(units, ["training/paper"])
    assert paper.settings["steps"] == 700
    assert studies.all_units(source, tmp_path / "p.jsonl")[-1].key == "training/paper"
    with pytest.raises(UsageError, match="'pictures'; there are"):
        studies.choose(units, ["bits", "pictures"])
    with pytest.raises(UsageError, match="at least 1"):
        studies.all_units(source, tmp_path / "p.jsonl", paper_steps=0)


# Measurements.


@pytest.mark.parametrize("total", [1, 7, 1000, 50_000])
def test_sampled_steps_run_from_the_first_to_the_last(total: int) -> None:
    steps = sorted(training.sample_steps(total))
    assert (steps[0], steps[-1]) == (1, total)
    assert len(steps) <= 150


def test_training_keeps_psnr_over_steps_and_seconds(measured: Path) -> None:
    lines = data.newest(data.read(measured))
    for preset in training.PRESETS:
        line = lines["training", preset]
        steps, quality, seconds = zip(*line.values["samples"], strict=True)
        assert list(steps) == list(range(1, STEPS + 1))
        assert sorted(seconds) == list(seconds)
        assert min(quality) > 0
        assert line.values["weights_bytes"] == 2 * SHAPE.parameters
        assert line.settings["preset"] == preset
        assert line.versions == CoinSirenHalf().versions()


def test_bits_hold_the_rate_of_every_precision(measured: Path) -> None:
    lines = data.newest(data.read(measured))
    exact, half = (lines["bits", name].values for name in (bits.FLOAT32, bits.FLOAT16))
    assert exact["bytes"] == 4 * SHAPE.parameters
    assert exact["bpp"] == pytest.approx(32 * SHAPE.parameters / (64 * 96))
    assert exact["psnr"] == pytest.approx(half["psnr"], abs=0.05)  # the same fit, rounded
    rates = [lines["bits", str(count)].values["weights_bytes"] for count in bits.BITS]
    assert rates == sorted(rates, reverse=True)
    assert max(rates) <= SHAPE.parameters


def test_a_search_tells_all_its_networks(measured: Path) -> None:
    line = data.newest(data.read(measured))["search", "fast"]
    trials = line.values["trials"]
    assert len(trials) == line.settings["trials"] == 4
    assert [trial[3] for trial in trials] == sorted((trial[3] for trial in trials), reverse=True)
    layers, width, rate, psnr, _ = trials[0]
    text = tables.search_table({("search", "fast"): line})
    assert f"| {layers}x{width} | x {rate:.2f} | {psnr:.2f} dB |" in text.splitlines()[2]


def test_no_picture_takes_more_bytes_than_half_floats(measured: Path) -> None:
    lines = data.newest(data.read(measured))
    budget = lines["picture", "fp16"].values["bytes"]
    original = source_of(measured).samples
    for name, file in picture.FILES.items():
        values = lines["picture", name].values
        stream = (studies.files_folder(measured) / file).read_bytes()
        assert values["bytes"] == len(stream) <= budget
        decoded = codecs.make("jpeg").decode(stream) if name == "jpeg" else coincodec.decode(stream)
        assert values["psnr"] == pytest.approx(
            metrics.psnr(metrics.squared_error(original, decoded) / original.size, 8)
        )
    assert (studies.files_folder(measured) / ".gitignore").read_text() == "*\n"


def test_the_jpeg_is_the_largest_that_fits(source: Source) -> None:
    codec = codecs.make("jpeg")
    budget = len(codec.encode(source.samples, "40"))
    found, quality = picture.best_jpeg(source, budget)
    assert len(found) <= budget < len(codec.encode(source.samples, str(quality + 1)))
    with pytest.raises(CoincodecError, match="no JPEG of kodim15"):
        picture.best_jpeg(source, 100)


def test_a_lost_file_is_made_again(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    units = [unit for unit in picture.units(source, studies.files_folder(path)) if unit.name == "jpeg"]
    assert (studies.run(units, path), studies.run(units, path)) == (1, 0)
    (studies.files_folder(path) / picture.FILES["jpeg"]).unlink()
    assert studies.run(units, path) == 1


# Rate and distortion.


def test_points_stand_beside_the_paper_s(tmp_path: Path) -> None:
    points = rate_distortion.points(rate_distortion.current(kodak_rows(without=("10x40",))))
    assert [point.network for point in points] == list(CoinSirenHalf.points)
    found = {point.network: point for point in points}
    assert found["10x28"].weights_bpp == pytest.approx(16 * 7479 / 393_216)
    assert (found["10x28"].paper_bpp, found["10x28"].paper_psnr) == (0.3074, 26.4121)
    assert (found["10x28"].bpp, found["10x28"].psnr) == (pytest.approx(0.32), pytest.approx(29))
    assert (found["10x40"].bpp, found["10x40"].psnr) == (None, None)
    text = tables.rate_distortion_table(points)
    assert "| 10x28 | 0.3074 | 26.412 dB | 0.3043 | 29.00 dB | +2.59 dB | 0.3200 |" in text
    assert "| 10x40 | 0.6109 | 28.408 dB | 0.6105 | not measured | – | – |" in text


def test_results_of_other_settings_or_pictures_do_not_count() -> None:
    rows = [replace(row, settings="as it was once") for row in kodak_rows() if row.codec == "coin:siren"]
    rows += [row for row in kodak_rows() if row.codec == "jpeg"]
    rows += [replace(row, dataset="mine") for row in kodak_rows() if row.codec == "jpeg2000"]
    kept = rate_distortion.current(rows)
    assert {row.codec for row in kept} == {"jpeg"}
    assert rate_distortion.unmeasured(kept) == ["coin:siren-fp16", "coin:siren", "jpeg-default", "jpeg2000"]
    assert [curve.id for curve in rate_distortion.drawn(kept)] == ["jpeg", *rate_distortion.PUBLISHED]


def test_jpeg_between_its_points_and_never_beyond() -> None:
    rows = rate_distortion.current(kodak_rows())
    assert rate_distortion.psnr_at(rows, "jpeg", "kodim15", 0.08) == pytest.approx(25)
    assert rate_distortion.psnr_at(rows, "jpeg", "kodim15", 0.08 * 2**0.5) == pytest.approx(26)
    assert rate_distortion.psnr_at(rows, "jpeg", "kodim15", 0.039) is None
    assert rate_distortion.psnr_at(rows, "jpeg", "kodim99", 0.08) is None


# Reports.


def test_a_report_has_every_figure_and_table(measured: Path, tmp_path: Path) -> None:
    files = studies.files_folder(measured)
    written = report.write(
        data.read(measured), kodak_rows(), files, lambda: source_of(measured), tmp_path / "out"
    )  # fmt: skip
    assert written.notes == []
    for name in ("rate-distortion", "training", "bits", "sizes", "search"):
        assert (tmp_path / "out" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        svg = (tmp_path / "out" / f"{name}.svg").read_text()
        assert svg.startswith("<svg")
        assert "prefers-color-scheme:dark" in svg
        assert "#010203" not in svg
    with Image.open(tmp_path / "out" / "picture.png") as image:
        assert image.size == (4 * 48 + 3 * 8, 2 * 48 + 8 + 44)
    assert {path.name for path in written.paths} == {path.name for path in (tmp_path / "out").iterdir()}
    text = (tmp_path / "out" / "paper.md").read_text()
    assert "not measured" not in text
    size = data.newest(data.read(measured))["bits", "fp16"].values["bytes"]
    assert f"| 16-bit floats | {size} |" in text
    assert "| CST (the paper) | 31,834.5 kB | about 0.3 | – |" in text
    assert "training/paper" in text


def test_a_shortened_fit_is_called_so(measured: Path, tmp_path: Path) -> None:
    report.write(data.read(measured), [], tmp_path / "none", lambda: source_of(measured), tmp_path)
    assert f"recipe, {STEPS} of 50,000 steps" in (tmp_path / "training.svg").read_text()


def test_what_is_missing_is_said_and_not_invented(tmp_path: Path) -> None:
    def never() -> Source:
        raise AssertionError("the original is not needed")

    line = Measurement("bits", "fp16", "kodim15", {}, {}, {"bytes": 900, "bpp": 0.3, "psnr": 29.0})
    written = report.write([line], [], tmp_path / "none", never, tmp_path / "out")
    names = {path.name for path in written.paths}
    assert names == {*(f"{n}.{s}" for n in ("rate-distortion", "bits", "sizes") for s in ("svg", "png")), "paper.md"}
    text = (tmp_path / "out" / "paper.md").read_text()
    assert text.count("not measured") == 6 + 4 + 7 + 3 + 3 + 1
    assert "| 16-bit floats | 900 | 0.300 | 29.00 dB | – |" in text
    assert len(written.notes) == 5
    assert any("fp16.coin, coded.coin, jpeg.jpg" in note for note in written.notes)


def test_the_moment_jpeg_is_passed() -> None:
    samples = [[1, 10.0, 0.1], [10, 20.0, 1.0], [40, 24.5, 65.0], [100, 24.0, 7200.0]]
    values = {"steps": 100, "seconds": 7200.0, "psnr": 24.1, "samples": samples, "bpp": 0.3}
    lines = {("training", "default"): Measurement("training", "default", "kodim15", {}, {}, values)}
    text = tables.training_table(lines, {"JPEG": 24.2, "better JPEG": 30.0})
    assert "| `default` | 100 | 2.0 h | 24.10 dB | step 40, 1 min | never |" in text
    assert "| `paper` | not measured | – | – | – | – |" in text
    assert f"{published.STEPS_TO_PASS_JPEG:,}" in text
    axes = figures.training({"default": ("ours", samples)}, {"JPEG": 24.2, "better JPEG": 30.0}).axes[0]
    texts = {note.get_text() for note in axes.texts}
    assert texts == {"step 40, 1 min", "ours", "JPEG, 24.20 dB", "better JPEG, 30.00 dB"}


def test_labels_of_the_training_figure_do_not_touch() -> None:
    fits = {name: (name, [[1, 25.0, 0.1], [50, 29.0, 9.0], [99, 29.1, 10.0]]) for name in training.PRESETS}
    figure = figures.training(fits, {"JPEG": 28.9, "better JPEG": 29.05})
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [Text.get_window_extent(note, canvas.get_renderer()) for note in figure.axes[0].texts]
    assert len(boxes) == 4 + 2 * 4 + 2
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])


def test_residuals_are_amplified_and_cut_off() -> None:
    one, other = (np.full((1, 1, 3), value, np.uint8) for value in ([10, 200, 30], [13, 0, 30]))
    assert sheet.residual(one, other).tolist() == [[[12, 255, 0]]]


def test_models_of_ours_come_with_the_paper_s(measured: Path) -> None:
    models = tables.models(data.newest(data.read(measured)))
    assert [ours for _, _, ours in models] == [True] * 3 + [False] * 4
    assert (f"ours, {SHAPE}, half floats", SHAPE.parameters / 500, True) in models


# The command.


def test_the_command_measures_and_reports(
    measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = source_of(measured)
    monkeypatch.setattr(studies, "kodak_source", lambda: source)
    monkeypatch.setattr(studies, "all_units", lambda source, path, steps: tiny_units(source, path, steps))
    path, rows = tmp_path / "paper.jsonl", tmp_path / "rows.jsonl"
    command = ["bench", "paper", "run", "--data", str(path), "--steps", "3", "--only", "picture,bits/fp16"]
    assert main(command) == 0
    assert capsys.readouterr().err == f"{path}: 4 measured\n"
    assert {json.loads(line)["study"] for line in path.read_text().splitlines()} == {"picture", "bits"}
    with results.Writer(rows) as writer:
        for row in kodak_rows()[:24]:
            writer.append(row)
    out = tmp_path / "out"
    assert main(["bench", "paper", "report", "--data", str(path), "--results", str(rows), "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out / 'paper.md'}\n"
    assert "coin: no figure of the study `training`, which is not measured\n" in said.err
    assert (out / "picture.png").exists()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["run", "--data", "p.jsonl", "--only", "nothing"], 2),
        (["run", "--data", "p.jsonl", "--steps", "0"], 2),
        (["run", "--data", "broken.jsonl"], 1),
        (["report", "--data", "missing.jsonl", "--results", "empty.jsonl"], 1),
        (["report", "--data", "empty.jsonl", "--results", "missing.jsonl"], 1),
        (["report", "--data", "empty.jsonl", "--results", "empty.jsonl"], 1),
    ],
)
def test_errors_are_one_line(
    arguments: list[str],
    status: int,
    source: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies, "kodak_source", lambda: source)
    Path("empty.jsonl").touch()
    Path("broken.jsonl").write_text("{}\n")
    assert main(["bench", "paper", *arguments]) == status
    err = capsys.readouterr().err
    assert err.startswith("coin: ")
    assert err.count("\n") == 1


def test_a_missing_package_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> Source:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")

    monkeypatch.setattr(studies, "kodak_source", lacking)
    assert main(["bench", "paper", "run", "--data", str(tmp_path / "p.jsonl")]) == 1
    assert capsys.readouterr().err == "coin: matplotlib is missing; install it with: pip install 'coincodec[bench]'\n"
