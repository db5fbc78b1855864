"""Where pictures come from and go to: files of this machine, and whatever fsspec opens."""

from __future__ import annotations

import errno
import glob
import importlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import CoincodecError, UsageError
from ..files import write_atomically

# Schemes of stores where an object appears when all of it has arrived; elsewhere a file is written beside and renamed.
_WHOLE = ("abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a")

# Of stores that several processes cannot write to at once, or nobody can.
_READ_ONLY = ("blockcache", "filecache", "http", "https", "libarchive", "simplecache", "tar", "zip")

# What a full store says; how long it is waited for, in seconds, and the longest time between two tries.
_FULL = (errno.ENOSPC, errno.EDQUOT)
PATIENCE, _LONGEST_WAIT = 600.0, 15.0


def named(path: str | os.PathLike[str]) -> str:
    """A path or URL as text; that of a file of this machine without its scheme."""
    text = os.fspath(path)
    return text.removeprefix("file://") if "::" not in text else text


def is_remote(path: str) -> bool:
    """Whether fsspec is what opens it."""
    return "://" in path


def in_memory(path: str) -> bool:
    """Whether it lies in the memory of this process, which others do not see."""
    return "memory://" in path


def check_output(folder: str) -> None:
    """Raises `UsageError` for what cannot be written to by several processes."""
    scheme = folder.partition("://")[0] if is_remote(folder) else ""
    if scheme in _READ_ONLY or "::" in folder:
        raise UsageError(f"{folder} cannot be an output: several processes write there, file by file")


def read(path: str) -> bytes:
    """The contents. Raises OSError, or what else the store raises."""
    if not is_remote(path):
        return Path(path).read_bytes()
    files, place = _opened(path)
    with files.open(place, "rb") as file:
        return bytes(file.read())


def write(path: str, data: bytes) -> None:
    """Writes a file whole or not at all, in folders that are made for it. A full store is waited for, a while.

    Raises OSError, or what else the store raises.
    """
    end, wait = time.monotonic() + PATIENCE, 0.5
    while True:
        try:
            return _write(path, data)
        except OSError as error:
            if error.errno not in _FULL or time.monotonic() + wait > end:
                raise
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _write(path: str, data: bytes) -> None:
    if not is_remote(path):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        write_atomically(path, data)
        return
    files, place = _opened(path)
    if path.partition("://")[0] in _WHOLE:
        files.pipe_file(place, data)
        return
    folder, _, name = place.rpartition("/")
    files.makedirs(folder, exist_ok=True)
    beside = f"{folder}/.{name}.{uuid.uuid4().hex[:8]}"
    try:
        files.pipe_file(beside, data)
        files.mv(beside, place)
    except BaseException:
        if files.exists(beside):
            files.rm_file(beside)
        raise


def is_folder(path: str) -> bool:
    """Whether there is a folder of that name; of an archive all of it is one."""
    if not is_remote(path):
        return os.path.isdir(path)
    files, place = _opened(path)
    return bool(files.isdir(place))


def files_in(folder: str, hidden: bool = False) -> Iterator[tuple[str, int | None]]:
    """Names within a folder, "/" between parts, of all files in it and in folders within, with their sizes in bytes.

    By name; nothing if there is no such folder. hidden: with those that have a dot first in their name or a folder's.
    """
    if is_remote(folder):
        files, place = _opened(folder)
        found = files.find(place, detail=True) if files.exists(place) else {}
        within = len(place.rstrip("/")) + 1 if place.strip("/") else 0
        for path in sorted(found):
            name = path[within:].lstrip("/")
            if hidden or not any(part.startswith(".") for part in name.split("/")):
                yield name, found[path].get("size")
        return
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if hidden or not name.startswith("."))
        inside = os.path.relpath(parent, folder)
        for name in sorted(names):
            if hidden or not name.startswith("."):
                path = os.path.join(parent, name)
                size = os.path.getsize(path) if os.path.isfile(path) else None
                yield (name if inside == "." else f"{inside}/{name}"), size


def has_pattern(path: str) -> bool:
    """Whether it stands for the files that match it."""
    head = path.partition("::")[0]
    if head.startswith(("http://", "https://")):  # where "?" begins a query
        return "*" in head
    return glob.has_magic(head) and (is_remote(path) or not os.path.lexists(path))


def fixed_part(pattern: str) -> str:
    """The folder that all matches lie in: what comes before the first part that is no plain name."""
    head, chain, rest = pattern.partition("::")
    scheme, mark, path = head.partition("://") if is_remote(pattern) else ("", "", head)
    parts = path.split("/")
    fixed = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    return f"{scheme}{mark}{'/'.join(parts[:fixed])}{chain}{rest}"


def matching(pattern: str) -> list[str]:
    """Names of files and folders that match, below the fixed part, in order; `**` for folders within folders."""
    base = fixed_part(pattern)
    if not is_remote(pattern):
        found = glob.glob(pattern, recursive=True)
    else:
        files, place = _opened(pattern)
        found, base = files.glob(place), _opened(base)[1]
    return sorted(path[len(base) :].strip("/") for path in found)


def join(folder: str, name: str) -> str:
    """The file of that name in a folder."""
    if not is_remote(folder):
        return os.path.join(folder, *name.split("/"))
    head, chain, rest = folder.partition("::")
    return f"{head if head.endswith('/') else head + '/'}{name}{chain}{rest}"


def same_place(path: str) -> str:
    """The same text for paths that lead to the same place."""
    return path if is_remote(path) else os.path.abspath(path)


def _opened(url: str) -> tuple[Any, str]:
    """The store of a URL, and what that calls it. Raises `CoincodecError` if a package for it is missing."""
    try:
        core = importlib.import_module("fsspec.core")
    except ModuleNotFoundError:
        raise CoincodecError(f"{url} needs fsspec; install it with: pip install 'coincodec[cluster]'") from None
    try:
        files, place = core.url_to_fs(url)
    except ImportError as error:
        raise CoincodecError(f"{url} cannot be opened: {error}") from error
    except ValueError as error:
        raise UsageError(f"{url} cannot be opened: {error}") from error
    return files, str(place)
