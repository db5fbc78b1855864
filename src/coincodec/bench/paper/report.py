"""Figures and tables of all studies, written to a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ... import codec
from ...errors import CoincodecError
from ...siren.recipe import RECIPES
from .. import codecs
from ..report import plots
from ..results import Result
from . import bits, figures, picture, published, rate_distortion, searching, sheet, sizes, tables, training
from .data import Measurement, newest
from .tables import Lines
from .unit import Source

FRAGMENT = "paper.md"
_SHEET = "picture.png"
_JPEGS = {"jpeg-default": "JPEG, default tables", "jpeg": "JPEG, optimised"}


@dataclass
class Report:
    """What was written. notes: what could not be, and why."""

    paths: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def write(
    measurements: Sequence[Measurement],
    results: Sequence[Result],
    files: Path,
    original: Callable[[], Source],
    folder: Path,
) -> Report:
    """Writes every figure there are measurements for, and all tables.

    results: of `coin bench run`. files: the coded pictures of the study `picture`. original: gets their source, asked
    only if they are there. folder: made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = newest(measurements)
    rows = rate_distortion.current(results)
    report = Report()
    parts = [
        "# The figures of COIN's paper, measured again",
        f"The paper is {published.PAPER}. Bits per pixel are those of whole files unless it says otherwise.",
        *_rate_distortion(rows, folder, report),
        *_training(lines, rows, folder, report),
        *_bits(lines, folder, report),
        *_picture(lines, files, original, folder, report),
        *_sizes(lines, folder, report),
        *_search(lines, folder, report),
    ]
    if lines:
        parts += ["## Versions", tables.versions_list(lines)]
    path = folder / FRAGMENT
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    report.paths.append(path)
    return report


def jpeg_levels(lines: Lines, rows: Sequence[Result]) -> dict[str, float]:
    """PSNR in dB of JPEG on the picture of `training`, at the rate of its file; without those that are not known."""
    fits = [line for (study, _), line in lines.items() if study == training.STUDY]
    if not fits:
        return {}
    picture_name, bpp = fits[0].picture, fits[0].values["bpp"]
    levels = {name: rate_distortion.psnr_at(rows, codec, picture_name, bpp) for codec, name in _JPEGS.items()}
    return {name: level for name, level in levels.items() if level is not None}


def _rate_distortion(rows: Sequence[Result], folder: Path, report: Report) -> list[str]:
    report.paths += figures.write(plots.rate_distortion(rate_distortion.drawn(rows)), folder / "rate-distortion")
    if absent := rate_distortion.unmeasured(rows):
        report.notes.append(f"the results hold no point on all of Kodak for {', '.join(absent)}")
    return [
        "## Rate and distortion",
        "Kodak, means over its 24 pictures. `bpp of weights` counts 16 bits per weight and nothing else. The paper "
        "names no network for its lowest point; the one here is of about its size.",
        _link("rate-distortion", "PSNR against bits per pixel"),
        tables.rate_distortion_table(rate_distortion.points(rows)),
    ]


def _training(lines: Lines, rows: Sequence[Result], folder: Path, report: Report) -> list[str]:
    levels = jpeg_levels(lines, rows)
    fits = {}
    for preset in training.PRESETS:
        if line := lines.get((training.STUDY, preset)):
            fits[preset] = _fit_label(preset, line.values["steps"]), line.values["samples"]
    text = "One network in half floats; JPEG at the same bits per pixel. A dot is where a fit first reaches a JPEG."
    parts = ["## Training", text]
    if fits:
        report.paths += figures.write(figures.training(fits, levels), folder / "training")
        parts.append(_link("training", "PSNR against seconds"))
        if len(levels) < len(_JPEGS):
            report.notes.append("the results do not hold both JPEGs at the rate of the study `training`")
    else:
        report.notes.append("no figure of the study `training`, which is not measured")
    return [*parts, tables.training_table(lines, levels)]


def _fit_label(preset: str, steps: int) -> str:
    usual = RECIPES[preset].steps
    count = f"{steps:,} steps" if steps == usual else f"{steps:,} of {usual:,} steps"
    name = "the paper's recipe" if preset == "paper" else f"preset {preset}"
    return f"{name}, {count}"


def _bits(lines: Lines, folder: Path, report: Report) -> list[str]:
    names = {bits.FLOAT32: "32-bit floats", bits.FLOAT16: "16-bit floats"}
    names |= {str(count): f"{count} bits" for count in bits.BITS}
    points = [
        (name, line.values["bpp"], line.values["psnr"], unit not in (bits.FLOAT32, bits.FLOAT16))
        for unit, name in reversed(names.items())
        if (line := lines.get((bits.STUDY, unit))) is not None
    ]
    parts = [
        "## Bits per weight",
        f"One network, one seed. The paper says that {published.ON_BITS}; it has no figures.",
    ]
    if points:
        report.paths += figures.write(figures.bits(points), folder / "bits")
        parts.append(_link("bits", "PSNR against bits per pixel"))
    else:
        report.notes.append("no figure of the study `bits`, which is not measured")
    return [*parts, tables.bits_table(lines)]


def _picture(lines: Lines, files: Path, original: Callable[[], Source], folder: Path, report: Report) -> list[str]:
    parts = ["## One picture", "No file takes more bytes than the network in half floats.", tables.picture_table(lines)]
    paths = {name: files / file for name, file in picture.FILES.items()}
    if absent := [path.name for path in paths.values() if not path.exists()]:
        report.notes.append(f"no {_SHEET}: {files} lacks {', '.join(absent)}")
        return parts
    titles = {"fp16": "coincodec, half floats", "coded": "coincodec, integers", "jpeg": "JPEG, optimised tables"}
    coded = []
    for name, path in paths.items():
        data = path.read_bytes()
        coded.append(sheet.Coded(titles[name], _decode(name, data), len(data)))
    source = original()
    if any(picture.samples.shape != source.samples.shape for picture in coded):
        raise CoincodecError(f"{files} is not of {source.name}: the sizes differ")
    with open(folder / _SHEET, "wb") as file:
        file.write(sheet.to_png(sheet.sheet(source.samples, coded)))
    report.paths.append(folder / _SHEET)
    return [*parts, f"![crops, and absolute differences times {sheet.GAIN}]({_SHEET})"]


def _decode(name: str, data: bytes) -> codecs.Rgb:
    return codecs.make("jpeg").decode(data) if name == "jpeg" else codec.decode(data)


def _sizes(lines: Lines, folder: Path, report: Report) -> list[str]:
    if not any((sizes.STUDY, unit) in lines for unit in tables.SIZE_NAMES):
        report.notes.append("the figure of the study `sizes`, which is not measured, has the paper's models only")
    report.paths += figures.write(figures.sizes(tables.models(lines)), folder / "sizes")
    return [
        "## Model size",
        "What a decoder needs besides its program: for us the weights in the file, for the learned codecs the networks "
        f"that decode every picture. The paper's sizes are from {published.MODEL_SIZES_SOURCE}, in kB as there.",
        _link("sizes", "model sizes"),
        tables.sizes_table(lines),
    ]


def _search(lines: Lines, folder: Path, report: Report) -> list[str]:
    line = lines.get((searching.STUDY, searching.PRESET))
    parts = ["## Architecture search"]
    if line is None:
        report.notes.append("no figure of the study `search`, which is not measured")
    else:
        report.paths += figures.write(figures.search(line.values["trials"]), folder / "search")
        parts.append(
            f"{len(line.values['trials'])} networks of integers at {line.settings['bpp']:g} bits per pixel, preset "
            f"`{searching.PRESET}`; each depth and width with the best rate it was tried with."
        )
        parts.append(_link("search", "PSNR against depth"))
    return [*parts, tables.search_table(lines)]


def _link(name: str, text: str) -> str:
    return f"![{text}]({name}.svg)"
