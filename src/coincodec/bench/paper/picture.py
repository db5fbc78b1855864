"""One picture in the same number of bytes: half floats, coded integers, JPEG. Keeps the files, to be looked at."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from ... import metrics
from ...errors import CoincodecError
from ...files import write_atomically
from ...options import EncodeOptions
from ...siren import rate
from ...siren.fitting import file_bytes
from ...siren.model import SirenShape
from .. import codecs
from .data import Values
from .unit import Source, Unit, Watch, cost, encode, settings, versions

STUDY = "picture"
LAYERS, WIDTH = 5, 30
FILES = {"fp16": "fp16.coin", "coded": "coded.coin", "jpeg": "jpeg.jpg"}
_JPEG = "jpeg"


def units(
    source: Source, folder: Path, steps: int | None = None, layers: int = LAYERS, width: int = WIDTH
) -> list[Unit]:
    """A unit per codec; none may take more bytes than half floats, whose size the network alone decides.

    folder: gets the coded files. steps: of each fit, else those of preset `default`. Values are those of
    `unit.encode`; JPEG has `bytes`, `bpp`, `psnr`, `quality` and `seconds`.
    """
    shape = SirenShape(2, 3, layers, width)
    budget = file_bytes(source.samples, shape, 16)
    half = EncodeOptions(weights="fp16", layers=layers, width=width, steps=steps)
    coded = EncodeOptions(weights="coded", bytes=budget, steps=steps)
    weights = rate.weights_for_bytes(budget, 0, rate.BITS_PER_WEIGHT)
    found = []
    for name, options, count in (("fp16", half, shape.parameters), ("coded", coded, weights)):
        path = folder / FILES[name]
        task = partial(_measure, source, options, path)
        work = cost(source, options, count)
        found.append(Unit(STUDY, name, source.name, settings(options), versions(), work, task, (path,)))
    jpeg = codecs.make(_JPEG)
    path = folder / FILES[_JPEG]
    asked = {"codec": jpeg.settings, "bytes": budget}
    task = partial(_measure_jpeg, source, budget, path)
    found.append(Unit(STUDY, _JPEG, source.name, asked, jpeg.versions(), 0, task, (path,)))
    return found


def best_jpeg(source: Source, budget: int) -> tuple[bytes, int]:
    """The JPEG of the highest quality that takes at most `budget` bytes, and that quality.

    Raises `CoincodecError` if none is so small.
    """
    codec = codecs.make(_JPEG)
    best = None
    for quality in range(1, 96):
        data = codec.encode(source.samples, str(quality))
        if len(data) > budget:
            break
        best = data, quality
    if best is None:
        raise CoincodecError(f"no JPEG of {source.name} takes at most {budget} bytes")
    return best


def _measure(source: Source, options: EncodeOptions, path: Path, watch: Watch) -> Values:
    data, values = encode(source, options, watch)
    _keep(path, data)
    return values


def _measure_jpeg(source: Source, budget: int, path: Path, _watch: Watch) -> Values:
    start = time.perf_counter()
    data, quality = best_jpeg(source, budget)
    seconds = time.perf_counter() - start
    error = metrics.squared_error(source.samples, codecs.make(_JPEG).decode(data)) / source.samples.size
    _keep(path, data)
    return {
        "bytes": len(data),
        "bpp": source.bpp(len(data)),
        "psnr": metrics.psnr(error, 8),
        "quality": quality,
        "seconds": seconds,
    }


def _keep(path: Path, data: bytes) -> None:
    """Writes a coded file into a folder that git does not see, since the picture is not ours to publish."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    write_atomically(str(path), data)
