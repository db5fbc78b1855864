"""Which pictures there are, and where what is made of each goes."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..errors import UsageError
from . import store


@dataclass(frozen=True, slots=True)
class Item:
    """One input and its output, paths or URLs. size: bytes of the input, where the folder says so."""

    source: str
    output: str
    size: int | None = None


def items(
    inputs: Iterable[str | os.PathLike[str]],
    output: str,
    renamed: Callable[[str], str],
    taken: Callable[[str], bool],
) -> list[Item]:
    """What files, folders and patterns of them are to become, in the order in which they are named.

    output: a folder, in which names are those within a folder that was named, or below the fixed part of a pattern.
    renamed: an input's name as an output's. taken: whether a file of that name is an input if it is not named itself.

    Raises `UsageError` if there are none, if two would become the same file or one another's input.
    """
    by_output: dict[str, Item] = {}
    sources = set()
    paths = [store.named(path) for path in inputs]
    for source, name, size in _found(paths, taken):
        item = Item(source, store.join(output, renamed(name)), size)
        other = by_output.setdefault(store.same_place(item.output), item)
        if store.same_place(other.source) != store.same_place(source):
            raise UsageError(
                f"{other.source} and {source} would both become {item.output}; give each an output of its own"
            )
        sources.add(store.same_place(source))
    if not by_output:
        raise UsageError(f"there is nothing to do in {', '.join(paths) or 'no inputs'}")
    if clash := next((place for place in by_output if place in sources), None):
        raise UsageError(f"{by_output[clash].output} is one of the inputs; name another folder for the outputs")
    return list(by_output.values())


def _found(inputs: Iterable[str], taken: Callable[[str], bool]) -> Iterator[tuple[str, str, int | None]]:
    """Each input with its name below what was given."""
    for given in inputs:
        if store.has_pattern(given):
            base = store.fixed_part(given)
            for name in store.matching(given):
                path = store.join(base, name)
                if store.is_folder(path):
                    yield from ((s, posixpath.join(name, n), size) for s, n, size in _in_folder(path, taken))
                elif taken(name):
                    yield path, name, None
        elif store.is_folder(given):
            yield from _in_folder(given, taken)
        else:
            head = given.partition("::")[0]
            yield given, posixpath.basename(head.replace(os.sep, "/")), None


def _in_folder(folder: str, taken: Callable[[str], bool]) -> Iterator[tuple[str, str, int | None]]:
    for name, size in store.files_in(folder):
        if taken(name):
            yield store.join(folder, name), name, size
