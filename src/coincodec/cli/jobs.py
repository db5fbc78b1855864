"""Inputs and outputs of a command: one file, several, or folders of them."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..errors import CoincodecError, UsageError
from ..files import STANDARD, refusal
from . import streams


@dataclass(frozen=True)
class Job:
    """One input, and where its output goes. replace: whether a file that is there gives way."""

    source: str
    path: str
    replace: bool

    def check(self) -> None:
        """Finds out what would make the write fail, before any long work.

        Raises `UsageError` if the output would replace the input, exists and must not be replaced, is a terminal or a
        closed stream; OSError if its folder does not exist or takes no files, or it is a folder itself.
        """
        path = self.path
        if path == STANDARD:
            if streams.closed(sys.stdout):
                raise UsageError("standard output is closed; name a file with -o")
            if sys.stdout.isatty():
                raise UsageError("binary data is not written to a terminal; name a file with -o")
            return
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        target = os.path.realpath(path)
        regular = os.path.isfile(target) or not os.path.exists(target)
        if regular and not os.access(os.path.dirname(target), os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
        if os.path.exists(path):
            if self.source != STANDARD and os.path.exists(self.source) and os.path.samefile(self.source, path):
                raise UsageError(f"{path} is the input; give another output with -o")
            if not self.replace:
                raise refusal(path)


def of(arguments: argparse.Namespace, suffix: str, taken: Callable[[str], bool]) -> list[Job]:
    """The jobs that a command line asks for: outputs have this suffix where -o does not name them.

    taken: whether a file of that name in a folder is one of the inputs. Raises `UsageError` for what cannot be meant.
    """
    output: str | None = arguments.output
    one = len(arguments.input) == 1 and not os.path.isdir(arguments.input[0])
    if one and not _is_folder(output):
        source = arguments.input[0]
        if output is None:
            output = STANDARD if source == STANDARD else os.path.splitext(source)[0] + suffix
            return [Job(source, output, arguments.force)]
        return [Job(source, output, arguments.force or not arguments.no_clobber)]
    if output is not None and not _is_folder(output):
        raise UsageError(
            f"several inputs go to a folder, which {output} is not; make it, or end its name with {os.sep}"
        )
    sources = list(_sources(arguments.input, taken))
    if not sources:
        raise UsageError(f"there is nothing to do in {', '.join(arguments.input)}")
    if STANDARD in sources:
        raise UsageError("standard input cannot be one of several inputs, nor go to a folder")
    if output is not None:
        os.makedirs(output, exist_ok=True)
    jobs = []
    for source in sources:
        folder = os.path.dirname(source) if output is None else output
        stem = os.path.splitext(os.path.basename(source))[0]
        jobs.append(Job(source, os.path.join(folder, stem + suffix), arguments.force))
    _apart(jobs)
    return jobs


def run(jobs: Sequence[Job], action: Callable[[Job], None], quiet: bool) -> None:
    """Does them one after the other.

    Of several, one that fails is told and the others go on; in the end all is summed up, and `CoincodecError` raised if
    any has failed.
    """
    if len(jobs) == 1:
        jobs[0].check()
        action(jobs[0])
        return
    failed = 0
    for job in jobs:
        try:
            job.check()
            action(job)
        except (CoincodecError, OSError, MemoryError) as error:
            failed += 1
            text = message(error)
            print(f"coin: {text}" if job.source in text else f"coin: {job.source}: {text}", file=sys.stderr)
    if failed:
        raise CoincodecError(f"{failed} of {len(jobs)} failed")
    if not quiet:
        print(f"{len(jobs)} files", file=sys.stderr)


def message(error: BaseException) -> str:
    """One line for an error."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or "out of memory"


def _is_folder(path: str | None) -> bool:
    return path is not None and (os.path.isdir(path) or path.endswith(os.sep))


def _sources(inputs: Iterable[str], taken: Callable[[str], bool]) -> Iterable[str]:
    """Files as they are named, and those in folders, by name; not those in folders within."""
    for name in inputs:
        if os.path.isdir(name):
            found = sorted(entry.name for entry in os.scandir(name) if entry.is_file() and taken(entry.name))
            yield from (os.path.join(name, file) for file in found)
        else:
            yield name


def _apart(jobs: Iterable[Job]) -> None:
    """Raises `UsageError` if two outputs are the same file."""
    by_path: dict[str, str] = {}
    for job in jobs:
        if (other := by_path.setdefault(job.path, job.source)) != job.source:
            raise UsageError(f"{other} and {job.source} would both become {job.path}")
