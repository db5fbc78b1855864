"""The studies as Markdown tables, ours beside the paper's numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..report.summary import table
from . import bits, picture, searching, sizes, training
from .data import Measurement
from .figures import duration, first_reaching
from .published import MODEL_SIZES_KB, STEPS_TO_PASS_JPEG
from .rate_distortion import Point

ABSENT = "not measured"
NONE = "–"

Lines = Mapping[tuple[str, str], Measurement]

_PICTURE_NAMES = {"fp16": "ours, half floats", "coded": "ours, integers", "jpeg": "JPEG, optimised tables"}
SIZE_NAMES = {
    "fp16": "ours, {network}, half floats",
    "coded": "ours, {network}, integers",
    "coded-at-rate": "ours, {network}, integers that fill the rate",
}


def training_table(lines: Lines, levels: Mapping[str, float]) -> str:
    """A row per preset, and the paper's. levels: JPEGs at the network's rate, and their PSNR in dB."""
    head = ["recipe", "steps", "time", "PSNR", *(f"passes {name} ({level:.2f} dB)" for name, level in levels.items())]
    rows = []
    for preset in training.PRESETS:
        line = lines.get((training.STUDY, preset))
        if line is None:
            rows.append([f"`{preset}`", ABSENT, *[NONE] * (len(head) - 2)])
            continue
        values = line.values
        cells = [f"`{preset}`", f"{values['steps']:,}", duration(values["seconds"]), f"{values['psnr']:.2f} dB"]
        for level in levels.values():
            moment = first_reaching(values["samples"], level)
            cells.append("never" if moment is None else f"step {moment[0]:,.0f}, {duration(moment[2])}")
        rows.append(cells)
    paper = f"COIN's paper: passes JPEG after {STEPS_TO_PASS_JPEG:,} of its 50,000 steps."
    return f"{table(head, rows)}\n\n{paper}"


def bits_table(lines: Lines) -> str:
    """A row per precision, most bits first. The last column is PSNR less that of 32-bit floats."""
    names = {bits.FLOAT32: "32-bit floats (weights alone)", bits.FLOAT16: "16-bit floats"}
    names |= {str(count): f"integers of {count} bits" for count in bits.BITS}
    exact = lines.get((bits.STUDY, bits.FLOAT32))
    rows = []
    for unit, name in names.items():
        line = lines.get((bits.STUDY, unit))
        if line is None:
            rows.append([name, ABSENT, NONE, NONE, NONE])
            continue
        loss = NONE if exact is None else signed(line.values["psnr"] - exact.values["psnr"])
        rows.append([name, *_size_and_psnr(line), loss])
    return table(["weights", "bytes", "bits per pixel", "PSNR", "against 32 bits"], rows)


def picture_table(lines: Lines) -> str:
    """A row per codec."""
    rows = []
    for unit in picture.FILES:
        line = lines.get((picture.STUDY, unit))
        rows.append([_PICTURE_NAMES[unit], *([ABSENT, NONE, NONE] if line is None else _size_and_psnr(line))])
    return table(["", "bytes", "bits per pixel", "PSNR"], rows)


def models(lines: Lines) -> list[tuple[str, float, bool]]:
    """(name, kB, ours) of the models that decode a picture, the smallest of ours first, then the paper's."""
    mine = [
        (size_name(line), line.values["weights_bytes"] / 1000, True)
        for unit in SIZE_NAMES
        if (line := lines.get((sizes.STUDY, unit))) is not None
    ]
    theirs = [(f"{name}, the paper's figure", size, False) for name, size in MODEL_SIZES_KB.items()]
    return [*sorted(mine, key=lambda model: model[1]), *theirs]


def size_name(line: Measurement) -> str:
    """What a model of ours is called."""
    return SIZE_NAMES[line.unit].format(network=f"{line.values['layers']}x{line.values['width']}")


def sizes_table(lines: Lines) -> str:
    """A row per model: ours with their rate and PSNR on the study's picture, the paper's with their size."""
    rows = []
    for unit, name in SIZE_NAMES.items():
        line = lines.get((sizes.STUDY, unit))
        if line is None:
            rows.append([name.format(network="network"), ABSENT, NONE, NONE])
        else:
            size = f"{line.values['weights_bytes']:,} bytes"
            rows.append([size_name(line), size, f"{line.values['bpp']:.3f}", f"{line.values['psnr']:.2f} dB"])
    rows += [[f"{name} (the paper)", f"{size:,.1f} kB", "about 0.3", NONE] for name, size in MODEL_SIZES_KB.items()]
    return table(["model", "size", "bits per pixel", "PSNR"], rows)


def search_table(lines: Lines, most: int = 8) -> str:
    """The best networks of the search, each once."""
    line = lines.get((searching.STUDY, searching.PRESET))
    if line is None:
        return table(["network", "learning rate", "PSNR", "time"], [[ABSENT, NONE, NONE, NONE]])
    rows: dict[str, list[str]] = {}
    for layers, width, rate, psnr, seconds in line.values["trials"]:
        rows.setdefault(f"{layers}x{width}", [f"x {rate:.2f}", f"{psnr:.2f} dB", f"{seconds:.1f} s"])
    return table(
        ["network", "learning rate", "PSNR", "time"], [[name, *cells] for name, cells in rows.items()][:most]
    )  # fmt: skip


def rate_distortion_table(points: Iterable[Point]) -> str:
    """A row per network of the paper."""
    rows = []
    for point in points:
        ours = [ABSENT, NONE, NONE]
        if point.psnr is not None and point.bpp is not None:
            ours = [f"{point.psnr:.2f} dB", signed(point.psnr - point.paper_psnr), f"{point.bpp:.4f}"]
        paper = [f"{point.paper_bpp:.4f}", f"{point.paper_psnr:.3f} dB"]
        rows.append([point.network, *paper, f"{point.weights_bpp:.4f}", *ours])
    head = ["network", "the paper: bpp", "the paper: PSNR", "ours: bpp of weights", "ours: PSNR", "gain"]
    return table([*head, "ours: bpp of whole files"], rows)


def versions_list(lines: Lines) -> str:
    """Which units were measured with which versions."""
    groups: dict[str, list[str]] = {}
    for (study, unit), line in lines.items():
        facts = ", ".join(f"{name} {version}" for name, version in line.versions.items())
        groups.setdefault(facts, []).append(f"{study}/{unit}")
    return "\n".join(f"- {facts}: {', '.join(units)}" for facts, units in groups.items())


def signed(difference: float) -> str:
    """dB with a sign."""
    return f"{difference:+.2f} dB".replace("-", "−")


def _size_and_psnr(line: Measurement) -> list[str]:
    values = line.values
    return [f"{values['bytes']:,}", f"{values['bpp']:.3f}", f"{values['psnr']:.2f} dB"]
