"""Picture to stream and stream to picture: where the container and the model families meet."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import container, image, metrics, native
from .container import Header
from .errors import ConversionWarning, UnsupportedError, UsageError
from .latent import decode as latent_decode
from .latent import stream as latent_stream
from .limits import DEFAULT_LIMITS, Limits
from .options import EncodeOptions
from .progress import Progress
from .region import Region
from .report import Contents, Encoded, Info
from .siren import decode as siren_decode
from .siren import stream as siren_stream

if TYPE_CHECKING:
    from PIL.Image import Image

MODELS = (siren_stream.NAME, latent_stream.NAME)

# Below so many bytes the latent model's networks leave too little for its grids, and a siren is better (128x128 and
# 768x512 pixels alike).
LEAST_LATENT_BYTES = 1500

# What each family number decodes with.
_FAMILIES = {siren_stream.FAMILY: siren_decode, latent_stream.FAMILY: latent_decode}


def as_picture(source: NDArray[Any] | Image) -> image.Picture:
    """The picture in a NumPy array or Pillow image; conversions become `ConversionWarning`s."""
    if isinstance(source, np.ndarray):
        return image.from_array(source)
    picture = image.from_pillow(source)
    for note in picture.notes:
        warnings.warn(note, ConversionWarning, stacklevel=3)
    return picture


def encode_samples(
    samples: image.Samples,
    options: EncodeOptions,
    progress: Callable[[Progress], None] | None = None,
) -> Encoded:
    """`coincodec.encode` for samples of shape (height, width, channels), with a report."""
    # Here, because a decoder needs neither.
    if _model(samples, options) == latent_stream.NAME:
        from .latent.encode import encode as encode_latent

        return encode_latent(samples, options, progress)
    from .siren.encode import encode as encode_siren

    return encode_siren(samples, options, progress)


def _model(samples: image.Samples, options: EncodeOptions) -> str:
    """Which model: the one asked for, else the one that the other options mean, else the one that is better."""
    if options.model is not None:
        if options.model not in MODELS:
            raise UsageError(f"model must be one of {', '.join(MODELS)}, not {options.model!r}")
        return options.model
    if options.siren_only is not None:
        return siren_stream.NAME
    rows, columns, _ = samples.shape
    budget = options.budget(rows * columns) if options.target else None
    return siren_stream.NAME if budget is not None and budget < LEAST_LATENT_BYTES else latent_stream.NAME


def decode(
    data: bytes,
    *,
    region: Sequence[int] | None = None,
    threads: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> NDArray[Any]:
    """See `coincodec.decode`."""
    threads = native.resolve_threads(threads)
    header = container.read_layout(data).header
    family = _family(header)
    part = Region.within(region, header.width, header.height)
    shape = family.accept(header, part, limits)
    _, sections = container.read(data)
    samples: NDArray[Any] = family.decode(header, shape, sections, part, threads)
    return samples[:, :, 0] if header.channels == 1 else samples


def info(data: bytes) -> Info:
    """See `coincodec.info`."""
    header, sections = container.read(data)
    family = _family(header)
    contents: Contents = family.inspect(header, sections)
    return Info(
        version=container.VERSION,
        size=(header.width, header.height),
        channels=header.channels,
        bit_depth=header.bit_depth,
        bytes=len(data),
        bpp=metrics.bits_per_pixel(len(data), header.width, header.height),
        header_bytes=len(data) - sum(contents.parts.values()),
        **vars(contents),
    )


def _family(header: Header) -> Any:
    if header.family not in _FAMILIES:
        raise UnsupportedError(f"unknown model family {header.family}")
    return _FAMILIES[header.family]
