"""Picture to stream and stream to picture: where the container and the model families meet."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import container, image, metrics, native
from .container import Header
from .errors import ConversionWarning, UnsupportedError, UsageError
from .limits import DEFAULT_LIMITS, Limits
from .options import EncodeOptions
from .progress import Progress
from .report import Encoded, Info
from .siren import decode as siren_decode
from .siren import stream

if TYPE_CHECKING:
    from PIL.Image import Image

MODELS = (stream.NAME,)


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
    if options.model not in MODELS:
        raise UsageError(f"model must be one of {', '.join(MODELS)}, not {options.model!r}")
    from .siren.encode import encode  # here, because a decoder does not need it

    return encode(samples, options, progress)


def decode(data: bytes, *, threads: int | None = None, limits: Limits = DEFAULT_LIMITS) -> NDArray[Any]:
    """See `coincodec.decode`."""
    threads = native.resolve_threads(threads)
    header = container.read_layout(data).header
    _check_family(header)
    shape = siren_decode.accept(header, limits)
    _, sections = container.read(data)
    samples = siren_decode.decode(header, shape, sections, threads)
    return samples[:, :, 0] if header.channels == 1 else samples


def info(data: bytes) -> Info:
    """See `coincodec.info`."""
    header, sections = container.read(data)
    _check_family(header)
    shape = stream.read_shape(header)
    stream.read_weights(shape, sections)
    weights = stream.weights_section(sections)
    return Info(
        version=container.VERSION,
        model=stream.NAME,
        size=(header.width, header.height),
        channels=header.channels,
        bit_depth=header.bit_depth,
        bytes=len(data),
        bpp=metrics.bits_per_pixel(len(data), header.width, header.height),
        header_bytes=len(data) - len(weights.payload),
        weights="fp16" if weights.type == stream.WEIGHTS_FP16 else "coded",
        layers=shape.layers,
        width=shape.width,
        parameters=shape.parameters,
        bits_per_parameter=8 * len(weights.payload) / shape.parameters,
        macs_per_pixel=shape.macs,
    )


def _check_family(header: Header) -> None:
    if header.family != stream.FAMILY:
        raise UnsupportedError(f"unknown model family {header.family}")
