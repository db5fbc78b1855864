"""The page with all it shows, as files that any web host gives away: a browser decodes the pictures by itself."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import __version__
from ..errors import CoincodecError, FormatError, ImageError, UsageError
from ..files import unmasked
from ..view import fit_within
from . import page
from .catalogue import in_one_line
from .pictures import Pictures, png, without_axis

# Where the npm package of the decoder is, if `web/build.py` has been run: part of this package, or of a checkout.
DECODERS = (Path(__file__).parent / "decoder", Path(__file__).parents[3] / "web" / "dist")

# Pixels along the longer side of pictures in the grid.
_THUMBNAIL = 480

_BUILDING = (
    "pip install ziglang==0.17.1 && python web/build.py --to src/coincodec/viewer/decoder, in a checkout of coincodec"
)


def export(
    pictures: Pictures, folder: str, progress: Callable[[int, int, str], None] = lambda done, total, name: None
) -> list[str]:
    """Writes the page to a folder that is new or empty, whole or not at all.

    Returns a note of each file that is damaged. progress: is given how many pictures are done, of how many, and the
    name of the next one.

    Raises `UsageError` for a folder with something in it, `CoincodecError` if there is nothing to show or no decoder
    for browsers, OSError.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{folder} exists and is not empty; an export goes to a new or an empty folder")
    decoder = _decoder()
    with _appearing(target) as work:
        for name, (_, data) in page.files().items():
            (work / name).write_bytes(data)
        _copy_decoder(decoder, work / "decoder")
        (work / "pictures").mkdir()
        found, notes = [], []
        for number, entry in enumerate(pictures.entries, 1):
            progress(number - 1, len(pictures.entries), entry.name)
            facts = _written(pictures, number, work / "pictures")
            if "error" in facts:
                notes.append(f"{entry.name}: {facts['error']}")
            found.append(facts)
        if len(notes) == len(found):
            raise CoincodecError(f"there is nothing to show: {'; '.join(notes)}")
        catalogue = {"decoder": "decoder/coin.js", "pictures": found}
        (work / "catalogue.json").write_text(json.dumps(catalogue, indent=1), encoding="utf-8")
    return notes


def _written(pictures: Pictures, number: int, folder: Path) -> dict[str, Any]:
    """Writes what the page needs of a picture, and returns its part of the catalogue."""
    entry = pictures.entries[number - 1]
    facts = entry.facts()
    if "error" in facts:
        return facts
    width, height = facts["width"], facts["height"]
    try:
        data = entry.path.read_bytes()
        facts["info"] = pictures.info(number)
        small = pictures.samples(number, "coin", (0, 0, width, height), fit_within(width, height, _THUMBNAIL))
    except (FormatError, OSError) as error:
        return {"name": entry.name, "error": in_one_line(error)}
    (folder / f"{number}.coin").write_bytes(data)
    facts["file"] = f"pictures/{number}.coin"
    suffix, data = _small_file(small)
    facts["thumbnail"] = f"pictures/{number}-small{suffix}"
    (folder / f"{number}-small{suffix}").write_bytes(data)
    if facts["original"] and (original := _original(pictures, number)) is not None:
        (folder / f"{number}-original.png").write_bytes(png(original))
        facts["original"] = f"pictures/{number}-original.png"
    else:
        facts["original"] = False
    return facts


def _original(pictures: Pictures, number: int) -> NDArray[np.uint8] | None:
    """Samples of a picture's original, if it can be read."""
    try:
        samples = pictures.original(number)
    except (ImageError, OSError):
        return None
    return without_axis(samples)


def _small_file(samples: NDArray[np.uint8]) -> tuple[str, bytes]:
    """Suffix and contents of a picture for the grid: JPEG, or PNG for one with alpha."""
    if samples.ndim == 3 and samples.shape[2] in (2, 4):
        return ".png", png(samples)
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, "JPEG", quality=90, subsampling="4:4:4", optimize=True)
    return ".jpg", buffer.getvalue()


def _decoder() -> Path:
    """The folder of the decoder for browsers, of this version."""
    for folder in DECODERS:
        if (folder / "package.json").is_file():
            version = json.loads((folder / "package.json").read_text(encoding="utf-8")).get("version")
            if version == __version__:
                return folder
            raise CoincodecError(
                f"the decoder for browsers is of version {version}, not {__version__}; make it again: {_BUILDING}"
            )
    raise CoincodecError(f"the decoder for browsers has not been built; make it by: {_BUILDING}")


def _copy_decoder(source: Path, target: Path) -> None:
    target.mkdir()
    for path in source.iterdir():
        if not path.name.endswith((".json", ".d.ts")):
            shutil.copyfile(path, target / path.name)


@contextlib.contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` at the end, or is gone if anything fails."""
    parent = target.absolute().parent
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=parent))
    try:
        yield work
        work.chmod(unmasked(0o777))  # it was made for us alone
        os.replace(work, target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
