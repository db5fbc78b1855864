"""Picture to stream and stream to picture: where the container and the model families meet."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _native, colour, container, image, metadata, metrics, native
from .colour import SRGB, Colour
from .container import Header
from .errors import ConversionWarning, FitError, PartialWarning, TargetError, UnsupportedError, UsageError
from .latent import stream as latent_stream
from .latent.model import LatentShape, Size
from .limits import DEFAULT_LIMITS, Limits
from .metadata import NOTHING, Metadata
from .options import DecodeOptions, EncodeOptions
from .preview import Preview
from .progress import Progress
from .report import Decoded, Encoded, Info
from .siren import stream as siren_stream
from .siren.model import SirenShape
from .view import View

if TYPE_CHECKING:
    from PIL.Image import Image

    from .checkpoint import Checkpoint

MODELS = (siren_stream.NAME, latent_stream.NAME)

# Below so many bytes the latent model's networks leave too little for its grids, and a siren is better; but not from so
# many bits per pixel on, where small pictures have networks that take hardly any (kodim05 and kodim15 in 64x64, 128x128
# and 768x512 pixels), unless that is hardly more than those and a header.
LEAST_LATENT_BYTES, LEAST_LATENT_BPP, LEAST_OF_ALL = 1500, 0.2, 160

# The whole picture in its own size.
PLAIN = DecodeOptions()

_FAMILIES = {siren_stream.FAMILY: siren_stream.NAME, latent_stream.FAMILY: latent_stream.NAME}

# Pixels that the core computes per call: enough to keep every core busy, few enough for Ctrl-C to be prompt.
_BAND = 2**20


def as_picture(source: NDArray[Any] | Image, space: Colour | None = None, srgb: bool = False) -> image.Picture:
    """The picture in a NumPy array or Pillow image; conversions become `ConversionWarning`s.

    space: what its samples mean, whatever it says itself. srgb: convert them.
    """
    picture = image.from_array(source) if isinstance(source, np.ndarray) else image.from_pillow(source)
    if space is not None:
        picture = replace(picture, colour=space)
    if srgb:
        picture = image.in_srgb(picture)
    for note in picture.notes:
        warnings.warn(note, ConversionWarning, stacklevel=3)
    return picture


def encode_samples(
    samples: image.Samples,
    options: EncodeOptions,
    progress: Callable[[Progress], None] | None = None,
    extras: Metadata = NOTHING,
    space: Colour = SRGB,
    checkpoint: Checkpoint | None = None,
) -> Encoded:
    """`coincodec.encode` for samples of shape (height, width, channels), with a report.

    extras: goes into the stream, and counts, unless the options say otherwise. space: what the samples mean.
    checkpoint: stays, for whoever has made it to remove, unless no stream comes of it.
    """
    samples = image.without_hidden(samples)
    first, last = space.sections(), [] if options.strip else extras.sections()
    if not first and not last:
        return _encode(samples, options, progress, checkpoint)
    left = _leaving(options, samples, container.length_of([*first, *last]))
    encoded = _encode(samples, left, progress, checkpoint)
    return replace(encoded, data=container.extended(encoded.data, first, last))


def _leaving(options: EncodeOptions, samples: image.Samples, taken: int) -> EncodeOptions:
    """The options, of which so many bytes are taken already. Raises `TargetError` if there are no more."""
    budget = options.budget(samples.shape[0] * samples.shape[1]) if options.target else None
    if budget is None:
        return options
    if budget <= taken:
        raise TargetError(f"{budget:,} bytes are too few for {taken:,} of metadata and colour profile")
    return replace(options, bytes=budget - taken, bpp=None)


def _encode(
    samples: image.Samples,
    options: EncodeOptions,
    progress: Callable[[Progress], None] | None,
    checkpoint: Checkpoint | None,
) -> Encoded:
    try:
        # Here, because a decoder needs neither.
        if _model(samples.shape, options) == latent_stream.NAME:
            from .latent.encode import encode as encode_latent

            return encode_latent(samples, options, progress, checkpoint)
        from .siren.encode import encode as encode_siren

        return encode_siren(samples, options, progress, checkpoint=checkpoint)
    except (TargetError, FitError):
        if checkpoint is not None:
            checkpoint.remove()  # it would come to the same again
        raise


def memory_of(shape: tuple[int, ...], options: EncodeOptions) -> float | None:
    """About how many bytes of memory an encode takes, where that may be much: with the latent model.

    shape: (height, width, channels) of the picture.

    Raises `UsageError` if it takes more than it may.
    """
    if _model(shape, options) != latent_stream.NAME:
        return None
    from .latent.encode import way_of

    return way_of(shape, options).memory


def check_options(options: EncodeOptions) -> None:
    """Raises `UsageError` for options that no picture could be encoded with."""
    from .latent import encode as latent
    from .latent.recipe import RECIPES as LATENT
    from .siren import encode as siren
    from .siren.recipe import RECIPES as SIREN

    model = _model_meant(options)
    if model == siren_stream.NAME:
        siren.check(options)
    elif model is None and options.target in ("bytes", "bpp"):  # each picture's size decides
        options.check({**LATENT, **SIREN})
    else:
        latent.check(options)


def _model_meant(options: EncodeOptions) -> str | None:
    """The model that was asked for, or that the other options mean, if either."""
    if options.model is not None:
        if options.model not in MODELS:
            raise UsageError(f"model must be one of {', '.join(MODELS)}, not {options.model!r}")
        return options.model
    if options.siren_only is not None:
        return siren_stream.NAME
    return None if options.latent_only is None else latent_stream.NAME


def _model(shape: tuple[int, ...], options: EncodeOptions) -> str:
    """Which model: the one that is meant, else the one that is better."""
    if (meant := _model_meant(options)) is not None:
        return meant
    rows, columns, _ = shape
    budget = options.budget(rows * columns) if options.target else None
    least = max(min(LEAST_LATENT_BYTES, LEAST_LATENT_BPP * rows * columns / 8), LEAST_OF_ALL)
    return siren_stream.NAME if budget is not None and budget < least else latent_stream.NAME


class Rendering:
    """A view of a stream, checked and about to be computed. Nothing is converted yet, whatever the options want.

    missing: what a cut stream does not say of it, in a few words; empty for a whole stream. colour: what its samples
    mean. Raises `FormatError` or `UsageError`.
    """

    def __init__(self, data: bytes, options: DecodeOptions) -> None:
        threads = native.resolve_threads(options.threads)
        header = container.read_layout(data).header
        view = View.of(header, options)
        place = [*view.region, view.width, view.height]
        self._native = _native.Rendering(
            data, place, view.draft, options.partial, threads, options.limits.native, _BAND
        )
        self.shape, self.dtype = (view.height, view.width, header.channels), header.dtype
        self.missing, self.colour = self._native.missing, Colour(*self._native.colour)

    def bands(self) -> Iterator[NDArray[Any]]:
        """Its samples, some rows at a time from top to bottom, each computed when it is asked for."""
        height, width, channels = self.shape
        for top in range(0, height, self._native.band_rows):
            band: NDArray[Any] = np.empty((min(self._native.band_rows, height - top), width, channels), self.dtype)
            self._native.read(band)
            yield band

    def samples(self) -> NDArray[Any]:
        """All of them."""
        found: NDArray[Any] = np.empty(self.shape, self.dtype)
        for top in range(0, len(found), self._native.band_rows):
            self._native.read(found[top : top + self._native.band_rows])
        return found


def decode_samples(data: bytes, options: DecodeOptions) -> Decoded:
    """`coincodec.decode`, with a report."""
    rendering = Rendering(data, options)
    samples, space = rendering.samples(), rendering.colour
    notes: list[str] = []
    if options.srgb:
        samples, space = image.as_srgb(samples, space, notes), SRGB
    return Decoded(_without_axis(samples), rendering.missing, space, tuple(notes))


def decode(data: bytes, options: DecodeOptions = PLAIN) -> NDArray[Any]:
    """See `coincodec.decode`."""
    decoded = decode_samples(data, options)
    _warn(decoded.missing)
    return decoded.samples


def rows(data: bytes, options: DecodeOptions) -> Iterator[NDArray[Any]]:
    """See `CoinFile.rows`."""
    rendering = Rendering(data, options)
    _warn(rendering.missing)
    source = rendering.colour if options.srgb else SRGB
    return (_without_axis(image.as_srgb(band, source, [])) for band in rendering.bands())


def previews(data: bytes, threads: int | None = None, limits: Limits = DEFAULT_LIMITS) -> Iterator[Preview]:
    """See `coincodec.progressive`."""
    found = _native.Previews(data, False, native.resolve_threads(threads), limits.native, _BAND)
    header = container.read_layout(data).header
    return _previews(found, (header.width, header.height))


def _previews(found: _native.Previews, size: tuple[int, int]) -> Iterator[Preview]:
    while (preview := found.next()) is not None:
        samples, step, place, needed, work = preview
        yield Preview(_without_axis(samples), step, size, place, needed, work)


def _warn(missing: str) -> None:
    if missing:
        warnings.warn(missing, PartialWarning, stacklevel=4)


def _without_axis(samples: NDArray[Any]) -> NDArray[Any]:
    return samples[:, :, 0] if samples.shape[2] == 1 else samples


def metadata_of(data: bytes, limits: Limits = DEFAULT_LIMITS, *, cut: bool = False) -> Metadata:
    """What a stream says besides the picture. cut: it may end before its time.

    Raises `FormatError`.
    """
    _, sections = container.read(data, cut=cut)
    return metadata.of_sections([section for section in sections if not section.missing], limits.metadata)


def colour_of(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Colour:
    """What a stream's samples mean. Raises `FormatError`."""
    _, sections = container.read(data)
    return colour.of_sections(sections, limits.metadata)


def info(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Info:
    """See `coincodec.info`."""
    found = _native.inspect(data, limits.native, native.resolve_threads(None))
    header = container.read_layout(data).header
    space = Colour(*found["colour"])
    extras = {name: size for name, size in zip(metadata.NAMES, found["metadata_bytes"], strict=True) if size}
    if space != SRGB:
        extras = {"colour": found["colour_bytes"], **extras}
    model, sizes = found["model"], found["shape"]
    shape: SirenShape | LatentShape
    if model == siren_stream.NAME:
        shape, names = SirenShape(2, header.channels, *sizes), ["weights"]
    else:
        levels, *size = sizes
        shape = LatentShape.of(header.height, header.width, header.channels, levels, Size(*size))
        names = ["networks", *(f"grid 1:{2**level}" for level in reversed(range(levels)))]
    parts = dict(zip(names, found["parts"], strict=True))
    return Info(
        version=container.VERSION,
        model=model,
        size=(header.width, header.height),
        channels=header.channels,
        bit_depth=header.bit_depth,
        bytes=len(data),
        bpp=metrics.bits_per_pixel(len(data), header.width, header.height),
        header_bytes=len(data) - sum(parts.values()) - sum(extras.values()),
        parts=parts,
        network=str(shape),
        parameters=found["parameters"],
        macs_per_pixel=found["macs_per_pixel"],
        weights="fp16" if found["halves"] else "coded",
        layers=shape.layers if isinstance(shape, SirenShape) else None,
        width=shape.width if isinstance(shape, SirenShape) else None,
        metadata=extras,
        colour=space,
    )


def family_name(header: Header) -> str:
    """ "siren" or "latent". Raises `UnsupportedError` for another one."""
    if header.family not in _FAMILIES:
        raise UnsupportedError(f"unknown model family {header.family}")
    return _FAMILIES[header.family]
