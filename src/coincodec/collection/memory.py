"""How much memory there is, and how much the work on a picture takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .. import cores

# Peak memory of whole processes, in bytes, a bit above what `benchmarks/batch.py memory` finds: of the interpreter and
# the libraries, and per pixel.
_BASE, _OF_DECODE, _OF_SCORE = 60 * 2**20, 10, 175

# Fits of whole pictures, by tune; from where on a picture is fitted in parts, and what each further pixel takes.
_OF_FIT = {"psnr": 160, "eye": 400}
_LARGE = 2_000_000
_BEYOND = {"psnr": 15, "eye": 30}

# The share of what is there that is given to workers.
_SHARE = 0.85


def of_fit(pixels: int, tune: str, scored: bool = False) -> int:
    """Bytes that an encode of a picture of so many pixels takes at most, about. scored: SSIMULACRA 2 of all of it."""
    whole, beyond = _OF_FIT.get(tune, _OF_FIT["eye"]), _BEYOND.get(tune, _BEYOND["eye"])
    fit = whole * min(pixels, _LARGE) + beyond * max(pixels - _LARGE, 0)
    return _BASE + max(fit, _OF_SCORE * pixels if scored else 0)


def of_decode(pixels: int, sample_bytes: int) -> int:
    """The same of a decode. sample_bytes: of a pixel's samples."""
    return _BASE + (_OF_DECODE + 2 * sample_bytes) * pixels


def available() -> int:
    """Bytes that are free on this machine, no more than control groups allow, less some for others."""
    return int(_SHARE * min([_free(), *limits(cores.CGROUPS, cores.OWN)]))


def limits(cgroups: Path, own: Path) -> Iterator[int]:
    """Of the control groups that a process is in and of those around them; see `cores.quotas`."""
    for version2, group in cores.groups(cgroups, own, "memory"):
        limit = cores.text_of(group / ("memory.max" if version2 else "memory.limit_in_bytes")).strip()
        if limit.isdecimal():
            yield int(limit)


def _free() -> int:
    """Of the machine: what can be had without swapping, or all there is where the system does not say."""
    for line in cores.text_of(Path("/proc/meminfo")).splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return 1024 * int(value.split()[0])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
