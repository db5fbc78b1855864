"""How much memory there is, and how much the work on a picture takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .. import cores
from ..options import EncodeOptions

# Peak memory of whole processes, in bytes, a bit above what `benchmarks/batch.py memory` finds: of the interpreter and
# the libraries, and per pixel of a decode.
_BASE, _OF_DECODE = 60 * 2**20, 10

# Fits take a bit more than what is told of them at times, and a worker that holds another picture still, too.
_MARGIN = 1.15

# The share of what is there that is given to workers.
_SHARE = 0.85


def of_fit(shape: tuple[int, ...], options: EncodeOptions, scored: bool = False) -> int:
    """Bytes that an encode of a picture of that (height, width, channels) takes at most, about.

    scored: whether its SSIMULACRA 2 is taken apart from the fit. Raises `UsageError` as the encode will.
    """
    from .. import codec  # here, because only workers fit
    from ..latent.memory import of_score

    pixels = shape[0] * shape[1]
    fit = codec.memory_of(shape, options) or of_decode(pixels, shape[2])  # a siren is judged by what it decodes to
    score = _BASE + of_score(pixels) if scored else 0.0
    return int(_MARGIN * max(fit, score))


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
