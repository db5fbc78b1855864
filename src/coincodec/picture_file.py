"""A stream to a picture file: samples, their colours and what the file says besides."""

from __future__ import annotations

from . import codec, image
from .errors import FormatError
from .image import Written
from .metadata import NOTHING, Metadata
from .options import DecodeOptions


def of_stream(data: bytes, options: DecodeOptions, format: str, *, strip: bool = False) -> Written:
    """The picture of a stream as a file, with a note of everything that is missing, was done or could not be held.

    format: one of `image.output_format`'s. strip: without metadata. Raises `FormatError` like `coincodec.decode`,
    `ImageError` if the format cannot hold the picture.
    """
    decoded = codec.decode_samples(data, options)
    notes = [decoded.missing, *decoded.notes]
    extras = NOTHING if strip else _extras(data, options, notes)
    written = image.to_bytes(decoded.samples, format, extras, decoded.colour)
    return Written(written.data, tuple(note for note in (*notes, *written.notes) if note))


def _extras(data: bytes, options: DecodeOptions, notes: list[str]) -> Metadata:
    """The stream's metadata; what is wrong with it costs no picture."""
    try:
        return codec.metadata_of(data, options.limits, cut=options.partial)
    except FormatError as error:
        notes.append(f"{error}; the picture is written without it")
        return NOTHING
