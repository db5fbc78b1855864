"""What a manifest says was done before, as far as it spares work now."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import manifest
from .manifest import BEGUN, DONE, FAILED, TRIED, Row


class State(NamedTuple):
    """What is known of an output. recipe: see `manifest.recipe`."""

    status: str
    hash: str | None
    recipe: str
    bytes: int
    pixels: int

    def made_by(self, recipe: str, size: int | None) -> bool:
        """Whether it is there, with that many bytes, and was made by that recipe."""
        return self.status == DONE and self.recipe == recipe and self.bytes == size


class History:
    """Outputs by path or URL, as rows change them.

    sizes: bytes of the outputs that are there.
    """

    def __init__(self, path: Path, sizes: dict[str, int | None], fits: bool = False) -> None:
        """path: of a manifest. fits: whether to remember what every fit took, as budgets want it."""
        self.sizes, self._fits = sizes, fits
        self.states: dict[str, State] = {}
        self.ours: set[str] = set()
        self.fitted: set[str] = set()
        self._taken: dict[tuple[str, str], tuple[int, int, bool]] = {}
        for row in manifest.rows(path):
            self.take(row)

    def take(self, row: Row) -> State:
        """Notes what a row says."""
        recipe = sys.intern(manifest.recipe(row.options, row.version))
        state = State(row.status, row.hash, recipe, row.bytes or 0, row.pixels)
        if self._fits and row.hash is not None and row.status in (DONE, TRIED):
            kept = row.status == DONE or self._taken.get((row.hash, recipe), (0, 0, False))[2]
            self._taken[row.hash, recipe] = (state.bytes, state.pixels, kept)
            self.fitted.add(row.output)
        if row.status in (DONE, FAILED):
            self.states[row.output] = state
        if row.status in (BEGUN, DONE):
            self.ours.add(row.output)
        return state

    def written(self, row: Row) -> None:
        """Notes a row of an output that is there now."""
        self.take(row)
        if row.status == DONE:
            self.sizes[row.output] = row.bytes

    def is_right(self, output: str, recipe: str) -> bool:
        """Whether an output is there that was made by that recipe, of whatever input."""
        state = self.states.get(output)
        return state is not None and state.made_by(recipe, self.sizes.get(output))

    def foreign(self, outputs: Mapping[str, Any]) -> list[str]:
        """Those that are there and that no row calls ours."""
        return [output for output in outputs if output in self.sizes and output not in self.ours]

    def taken(self, digest: str | None, recipe: str, kept: bool) -> tuple[int, int] | None:
        """Bytes and pixels of a fit of that input by that recipe. kept: only if there was an output of it."""
        found = self._taken.get((digest or "", recipe))
        return found[:2] if found is not None and (found[2] or not kept) else None
