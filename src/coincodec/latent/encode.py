"""A picture to a `latent` stream."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable

from .. import container, metrics, native
from ..container import Header
from ..errors import UsageError
from ..image import Samples
from ..options import EncodeOptions
from ..progress import Progress
from ..report import Encoded
from . import stream
from .decode import render
from .fit import fit
from .model import LatentShape
from .recipe import RECIPES

DEFAULT_PRICE = 1e-3


def levels_for(rows: int, columns: int) -> int:
    """Grids for a picture of that size: the coarsest has about eight rows or columns, at most seven grids."""
    return min(max(math.ceil(math.log2(max(rows, columns))) - 2, 1), 7)


def header_for(samples: Samples, shape: LatentShape) -> Header:
    """The header of the picture's stream."""
    rows, columns, channels = samples.shape
    return Header(
        stream.FAMILY, columns, rows, channels, 8 * samples.dtype.itemsize, stream.header_parameters(shape)
    )


def encode(samples: Samples, options: EncodeOptions, progress: Callable[[Progress], None] | None) -> Encoded:
    """A stream of the picture, with a report. Raises `UsageError` or `FitError`."""
    start = clock.monotonic()
    _check(options)
    threads = native.resolve_threads(options.threads)
    recipe = RECIPES[options.preset]
    rows, columns, channels = samples.shape
    shape = LatentShape.of(rows, columns, channels, levels_for(rows, columns), recipe.size)
    fitted = fit(
        shape, samples, recipe, options.lambda_ or DEFAULT_PRICE,
        steps=options.steps or recipe.steps, seed=options.seed, threads=threads, progress=progress,
    )  # fmt: skip
    coded = stream.write(fitted.networks, fitted.latents)
    data = container.write(header_for(samples, shape), coded.sections)
    decoded = render(shape, fitted.networks.parameters(), fitted.latents, samples.dtype, threads)
    error = metrics.squared_error(decoded, samples) / samples.size
    psnr = metrics.psnr(error, 8 * samples.dtype.itemsize)
    return Encoded(data, psnr, str(shape), fitted.steps, clock.monotonic() - start)


def _check(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that this family lacks."""
    if options.preset not in RECIPES:
        raise UsageError(f"preset must be one of {', '.join(RECIPES)}, not {options.preset!r}")
    if options.target not in (None, "lambda"):
        raise UsageError("this model takes a lambda only")
    for name in ("weights", "bits", "layers", "width", "architectures"):
        if getattr(options, name) is not None:
            raise UsageError(f"{name} is an option of the siren model")
    if options.seed < 0:
        raise UsageError(f"seed must not be negative, not {options.seed}")
