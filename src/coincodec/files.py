"""Reading and writing whole files: standard streams, atomic replacement."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .errors import UsageError

STANDARD = "-"

# Of the files we write.
EXTENSION = ".coin"


def read_bytes(path: str) -> bytes:
    """The contents of a file, or of standard input for "-"."""
    return sys.stdin.buffer.read() if path == STANDARD else Path(path).read_bytes()


def write_atomically(path: str, data: bytes | Callable[[BinaryIO], object], *, clobber: bool = True) -> None:
    """Writes a file, or standard output for "-".

    data: what is to be in it, or what writes that to a file, which can be sought in if the one at `path` is regular.

    A regular file appears whole or not at all, and keeps its old contents until then; whatever else
    is at `path` (a device, a pipe) is written to directly. Raises `UsageError` if the file exists and
    `clobber` is False, OSError, which names the path, if it cannot be written.
    """
    if path == STANDARD:
        _fill(sys.stdout.buffer, data)
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                _fill(file, data)
        else:
            _replace(path, target, data, clobber)
    except OSError as error:
        if error.errno is not None:  # the system names the file we write to first, or none
            error.filename, error.filename2 = path, None
        raise


def _fill(file: BinaryIO, data: bytes | Callable[[BinaryIO], object]) -> None:
    if isinstance(data, bytes):
        file.write(data)
    else:
        data(file)


def _replace(path: str, target: Path, data: bytes | Callable[[BinaryIO], object], clobber: bool) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _fill(file, data)
            file.flush()
            os.fsync(file.fileno())  # or a crash of the machine might leave the new name and no contents
        os.chmod(temporary, _mode_for(target))
        if clobber:
            os.replace(temporary, target)
        else:
            try:
                os.link(temporary, target)
            except FileExistsError:
                raise refusal(path) from None
            os.unlink(temporary)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def refusal(path: str) -> UsageError:
    """What is said about an existing file that must not be replaced."""
    return UsageError(f"{path} exists and is not replaced; name an output with -o, or give --force")


def _mode_for(target: Path) -> int:
    """Permissions of the file to be replaced, or those that open() would give a new one."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    return unmasked(0o666)


def unmasked(mode: int) -> int:
    """What the process's mask leaves of permissions."""
    mask = os.umask(0)
    os.umask(mask)
    return mode & ~mask
