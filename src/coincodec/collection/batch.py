"""`coincodec.batch`: from arguments to a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from ..errors import UsageError
from ..limits import DEFAULT_LIMITS, Limits
from ..options import DecodeOptions, EncodeOptions
from . import engines, store
from .budget import Budget
from .conversion import Conversion, Decoding, Encoding
from .run import BatchProgress, BatchReport, Request, run


def batch(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    decode: bool,
    workers: int | None,
    scheduler: Any,
    threads: int | None,
    manifest: str | os.PathLike[str] | None,
    total_bytes: int | None,
    mean_bpp: float | None,
    score: bool,
    suffix: str,
    force: bool,
    retries: int,
    max_pixels: int,
    progress: Callable[[BatchProgress], None] | None,
    options: Mapping[str, Any],
) -> BatchReport:
    """See `coincodec.batch`."""
    request = Request(
        inputs=[inputs] if isinstance(inputs, str | os.PathLike) else list(inputs),
        output=store.named(output),
        conversion=conversion_of(options, decode=decode, score=score, suffix=suffix, max_pixels=max_pixels),
        manifest=manifest,
        budget=budget_of(total_bytes, mean_bpp),
        force=force,
        retries=retries,
        threads=threads,
    )
    request.check()
    items = request.items()
    with engines.choose(items, workers, scheduler, threads, lambda text: None) as engine:
        return run(request, items, engine, progress)


def conversion_of(
    options: Mapping[str, Any], *, decode: bool, score: bool, suffix: str, max_pixels: int = DEFAULT_LIMITS.pixels
) -> Conversion:
    """What is to be done with each picture. Raises `UsageError` for an option that this does not have."""
    kind = DecodeOptions if decode else EncodeOptions
    others = ("strip",) if decode else ("srgb",)
    names = {field.name for field in fields(kind)} - {"threads", "limits", "region"}
    if unknown := sorted(set(options) - names - set(others)):
        raise UsageError(f"{', '.join(unknown)}: no option of {'decoding' if decode else 'encoding'} many pictures")
    if decode and score:
        raise UsageError("a score is of encoding: what is decoded has nothing to be compared with")
    chosen = {name: value for name, value in options.items() if name in names}
    if decode:
        limits = Limits(pixels=max_pixels)
        return Decoding(DecodeOptions(**chosen, limits=limits), suffix, strip=bool(options.get("strip")))
    return Encoding(EncodeOptions(**chosen), bool(options.get("srgb")), max_pixels, score)


def budget_of(total_bytes: int | None, mean_bpp: float | None) -> Budget | None:
    """The budget, if there is one."""
    return None if total_bytes is None and mean_bpp is None else Budget(total_bytes, mean_bpp)
