"""Picture to stream and stream to picture: where container, model and fit meet."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
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
from .siren import stream
from .siren.architecture import PAPER_TABLE, largest_fitting
from .siren.fit import RECIPES, NativeObjective, axes_for, fit
from .siren.model import Array32, SirenShape, from_paper_axes, pixel_axes, row_bands, wrap_phases

if TYPE_CHECKING:
    from PIL.Image import Image

MODELS = (stream.NAME,)

# Rate when none is asked for, and the networks that bound it for very small and very large pictures.
DEFAULT_BPP = 0.31
_LEAST_DEFAULT, _MOST_DEFAULT = (5, 10), PAPER_TABLE[-1]

# Pixels decoded per native call: enough to keep every core busy, few enough for Ctrl-C to be prompt.
_BAND = 2**20


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
    _check(options)
    threads = native.resolve_threads(options.threads)
    rows, columns = samples.shape[:2]
    shape = _choose_shape(samples, options)
    recipe = RECIPES[options.preset]

    objective = NativeObjective(samples, shape, axes_for(recipe, rows, columns), threads)
    fitted = fit(objective, shape, recipe, steps=options.steps, time=options.time, seed=options.seed, progress=progress)
    parameters = fitted.parameters
    if recipe.paper_coordinates:
        parameters = from_paper_axes(shape, parameters, rows, columns)
    parameters = stream.to_half(wrap_phases(shape, parameters))
    data = container.write(_header(samples, shape), stream.write_weights(shape, parameters))

    error = sum(
        metrics.squared_error(band, samples[where])
        for where, band in _bands(shape, parameters, rows, columns, samples.dtype, threads)
    )
    psnr = metrics.psnr(error / samples.size, 8 * samples.dtype.itemsize)
    return Encoded(data, psnr, shape, fitted.steps, fitted.seconds)


def decode(data: bytes, *, threads: int | None = None, limits: Limits = DEFAULT_LIMITS) -> NDArray[Any]:
    """See `coincodec.decode`."""
    threads = native.resolve_threads(threads)
    header = container.read_layout(data).header
    shape = _accept(header)
    limits.check_pixels(header.width, header.height)
    limits.check_macs(header.width * header.height * shape.macs)
    _, sections = container.read(data)
    parameters = stream.read_weights(shape, sections)
    dtype = np.dtype(f"u{header.bit_depth // 8}")
    samples = np.empty((header.height, header.width, header.channels), dtype)
    for where, band in _bands(shape, parameters, header.height, header.width, dtype, threads):
        samples[where] = band
    return samples[:, :, 0] if header.channels == 1 else samples


def info(data: bytes) -> Info:
    """See `coincodec.info`."""
    header, sections = container.read(data)
    shape = _accept(header)
    stream.read_weights(shape, sections)
    weights = sum(len(section.payload) for section in sections if section.type == stream.WEIGHTS_FP16)
    return Info(
        version=container.VERSION,
        model=stream.NAME,
        size=(header.width, header.height),
        channels=header.channels,
        bit_depth=header.bit_depth,
        bytes=len(data),
        bpp=metrics.bits_per_pixel(len(data), header.width, header.height),
        header_bytes=len(data) - weights,
        layers=shape.layers,
        width=shape.width,
        parameters=shape.parameters,
        bits_per_parameter=8 * weights / shape.parameters,
        macs_per_pixel=shape.macs,
    )


def _accept(header: Header) -> SirenShape:
    """The network of a header, if its family is ours."""
    if header.family != stream.FAMILY:
        raise UnsupportedError(f"unknown model family {header.family}")
    return stream.read_shape(header)


def _header(samples: image.Samples, shape: SirenShape) -> Header:
    rows, columns, channels = samples.shape
    return Header(stream.FAMILY, columns, rows, channels, 8 * samples.dtype.itemsize, stream.header_parameters(shape))


def _check(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that are wrong in themselves or contradict each other."""
    if options.model not in MODELS:
        raise UsageError(f"model must be one of {', '.join(MODELS)}, not {options.model!r}")
    if options.preset not in RECIPES:
        raise UsageError(f"preset must be one of {', '.join(RECIPES)}, not {options.preset!r}")
    if options.seed < 0:
        raise UsageError(f"seed must not be negative, not {options.seed}")
    if options.bpp is not None and not 0 < options.bpp < float("inf"):
        raise UsageError(f"bpp must be a positive number, not {options.bpp}")
    if (options.layers is None) != (options.width is None):
        raise UsageError("layers and width go together")
    if options.layers is not None and options.width is not None:
        if options.bpp is not None:
            raise UsageError("give either bpp or layers and width, not both")
        if not (1 <= options.layers <= native.MAX_LAYERS and 1 <= options.width <= native.MAX_WIDTH):
            raise UsageError(f"layers must be 1 to {native.MAX_LAYERS}, width 1 to {native.MAX_WIDTH}")


def _choose_shape(samples: image.Samples, options: EncodeOptions) -> SirenShape:
    rows, columns, channels = samples.shape

    def size(shape: SirenShape) -> int:
        weights = stream.weights_bytes(shape)
        return container.overhead(_header(samples, shape), [weights]) + weights

    if options.layers is not None and options.width is not None:
        return SirenShape(2, channels, options.layers, options.width)
    if options.bpp is not None:
        return largest_fitting(2, channels, int(options.bpp * rows * columns / 8), size)
    least, most = (size(SirenShape(2, channels, *pair)) for pair in (_LEAST_DEFAULT, _MOST_DEFAULT))
    budget = min(max(int(DEFAULT_BPP * rows * columns / 8), least), most)
    return largest_fitting(2, channels, budget, size)


def _bands(
    shape: SirenShape, parameters: Array32, rows: int, columns: int, dtype: Any, threads: int
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """The decoded picture in bands of whole rows."""
    down, across = pixel_axes(rows, columns)
    for where in row_bands(rows, columns, _BAND):
        yield where, native.siren_forward(parameters, shape, [down[where], across], dtype, threads)
