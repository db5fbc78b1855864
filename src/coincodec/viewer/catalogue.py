"""Which pictures there are to see: files that were named, those in folders that were, and the originals beside them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import image
from ..errors import CoincodecError, UsageError
from ..files import EXTENSION, STANDARD
from ..reader import CoinFile

# Of several pictures with the name of one .coin file the first of these is the original: those without loss come first.
_LIKELY = (".png", ".npy", ".tif", ".tiff", ".ppm", ".bmp", ".webp", ".avif", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Entry:
    """A file to be seen. name: for people, below the folder that was named. path, original: without symbolic links."""

    name: str
    path: Path
    original: Path | None = None

    def facts(self) -> dict[str, Any]:
        """What the grid says of it, from its header alone: JSON. Of a file that cannot be read the error's text."""
        try:
            with CoinFile(self.path) as file:
                width, height = file.size
                facts = {
                    "name": self.name,
                    "width": width,
                    "height": height,
                    "channels": file.channels,
                    "depth": file.bit_depth,
                    "family": file.family,
                    "bytes": file.bytes,
                    "bpp": file.bpp,
                }
        except (CoincodecError, OSError) as error:
            return {"name": self.name, "error": in_one_line(error)}
        return facts | {"original": self.original is not None and _fits(self.original, (width, height))}


def find(inputs: Iterable[str]) -> tuple[list[Entry], list[str]]:
    """What files and folders have to show, in their order, and a note of each picture that belongs to none of it.

    A folder's .coin files are those in it and in folders within; symbolic links that lead out of it are not followed.
    Files with the suffix of a picture are originals of .coin files of that name; any other is taken for a .coin file.

    Raises `UsageError` if there is nothing, OSError for a file that is not there.
    """
    inputs = list(inputs)
    found: dict[Path, Entry] = {}
    originals: dict[str, Path] = {}
    for given in inputs:
        if given == STANDARD:
            raise UsageError("standard input is no file that can be looked at again and again; name one")
        path = Path(given).resolve()
        if path.is_dir():
            for entry in _in_folder(path):
                found.setdefault(entry.path, entry)
        elif not path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), given)
        elif not path.is_file():
            raise UsageError(f"{given} is neither a file nor a folder")
        elif image.is_picture(given):
            originals[Path(given).stem] = path
        else:
            name = Path(given)
            found.setdefault(path, Entry(name.name, path, _beside(name.stem, path.parent, path)))
    if not found:
        raise UsageError(f"there is no {EXTENSION} file in {', '.join(inputs)}")
    stems = {Path(entry.name).stem for entry in found.values()}
    notes = [f"{path}: no {EXTENSION} file has its name" for stem, path in originals.items() if stem not in stems]
    named = [Entry(e.name, e.path, originals.get(Path(e.name).stem, e.original)) for e in found.values()]
    return named, notes


def in_one_line(error: BaseException) -> str:
    """An error's text without a path of this machine."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or "out of memory"


def _in_folder(folder: Path) -> Iterator[Entry]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            path = Path(place, file).resolve()
            if file.lower().endswith(EXTENSION) and path.is_file() and path.is_relative_to(folder):
                name = Path(place, file).relative_to(folder)
                yield Entry(name.as_posix(), path, _beside(name.stem, Path(place), folder))


def _beside(stem: str, folder: Path, within: Path) -> Path | None:
    """The most likely original of that name in a folder; no link that leads out of `within`, or out of `folder`."""
    bound = within if within.is_dir() else folder
    likely = []
    for path in sorted(folder.glob(f"{_literal(stem)}.*")):
        real = path.resolve()
        if path.stem == stem and image.is_picture(path.name) and real.is_file() and real.is_relative_to(bound):
            suffix = path.suffix.lower()
            likely.append((_LIKELY.index(suffix) if suffix in _LIKELY else len(_LIKELY), real))
    return min(likely)[1] if likely else None


def _literal(name: str) -> str:
    """A name as a pattern that matches nothing else."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _fits(path: Path, size: tuple[int, int]) -> bool:
    """Whether a picture has that size, perhaps once it is upright."""
    try:
        with path.open("rb") as file:
            return image.size_of(file) in (size, size[::-1])
    except (CoincodecError, OSError):
        return False
