"""A .coin file whose header is known and whose picture is decoded when it is asked for."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, Unpack

from numpy.typing import NDArray

from . import codec, container, image, metrics
from .colour import Colour
from .errors import UsageError
from .limits import DEFAULT_LIMITS, Limits
from .metadata import Metadata
from .options import DecodeArguments, DecodeOptions
from .preview import Preview
from .view import fit_within

# Pixels along the longer side of what a notebook shows.
_SHOWN = 768


class CoinFile:
    """What `coincodec.open` returns; a context manager.

    size: (width, height) in pixels. channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. bit_depth: 8 or 16.
    family: of the model, "siren" or "latent". bytes: of the whole stream, as its header says. bpp: bits per pixel.

    The rest of the file is read, and kept, when a picture is asked for the first time.
    """

    def __init__(self, file: str | PathLike[str] | IO[bytes]) -> None:
        self._close = ExitStack()
        try:
            if isinstance(file, str | PathLike):
                file = self._close.enter_context(Path(file).open("rb"))  # noqa: SIM115 (closed with this object)
            self._file: IO[bytes] | None = file
            self._data: bytes | None = _read(self._file, container.MAX_HEADER_BYTES)
            layout = container.read_layout(self._data)
            self.family = codec.family_name(layout.header)
        except BaseException:
            self._close.close()
            raise
        header = layout.header
        self.size = (header.width, header.height)
        self.channels, self.bit_depth, self.bytes = header.channels, header.bit_depth, layout.total_bytes
        self.bpp = metrics.bits_per_pixel(self.bytes, *self.size)

    def decode(self, **options: Unpack[DecodeArguments]) -> NDArray[Any]:
        """See `coincodec.decode`."""
        return codec.decode(self._all(), DecodeOptions(**options))

    def rows(self, **options: Unpack[DecodeArguments]) -> Iterator[NDArray[Any]]:
        """What `decode` returns, in bands of whole rows from top to bottom, so that pictures may be larger than memory.

        Each band has the shape (rows, W) or (rows, W, C), some rows at a time. Raises like `decode`, at once.
        """
        return codec.rows(self._all(), DecodeOptions(**options))

    def preview(self, max_side: int, *, threads: int | None = None, limits: Limits = DEFAULT_LIMITS) -> NDArray[Any]:
        """A draft of the picture with at most that many pixels along its longer side; never enlarged.

        Raises like `decode`.
        """
        if max_side < 1:
            raise UsageError(f"a side must have at least one pixel, not {max_side}")
        return self.decode(size=fit_within(*self.size, max_side), draft=True, threads=threads, limits=limits)

    def progressive(self, *, threads: int | None = None, limits: Limits = DEFAULT_LIMITS) -> Iterator[Preview]:
        """See `coincodec.progressive`."""
        return codec.previews(self._all(), threads, limits)

    def metadata(self, *, limits: Limits = DEFAULT_LIMITS) -> Metadata:
        """The EXIF data, the XMP packet and the resolution that came with the picture.

        Raises `FormatError`.
        """
        return codec.metadata_of(self._all(), limits)

    @property
    def colour(self) -> Colour:
        """What the samples mean. Raises `FormatError`."""
        return codec.colour_of(self._all())

    def close(self) -> None:
        """Closes the file if `coincodec.open` opened it. Nothing can be decoded after."""
        self._close.close()
        self._file, self._data = None, None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _repr_png_(self) -> builtins.bytes:
        """How a notebook shows it: a draft of at most _SHOWN pixels along a side."""
        shown = self.preview(_SHOWN)
        return image.to_bytes(shown, "PNG", colour=self.colour).data

    def __repr__(self) -> str:
        width, height = self.size
        return f"<coincodec.CoinFile {self.family} {width}x{height}, {self.bytes:,} bytes>"

    def _all(self) -> builtins.bytes:
        """The whole stream, read once."""
        if self._data is None:
            raise UsageError("the file is closed")
        if self._file is not None:
            self._data += _read(self._file, -1)
            self._close.close()
            self._file = None
        return self._data


def _read(file: IO[bytes], count: int) -> bytes:
    """So many bytes, or all for -1; fewer only at the end of the file."""
    parts = [file.read(count)]
    while count > 0 and parts[-1] and (left := count - sum(map(len, parts))) > 0:
        parts.append(file.read(left))
    return b"".join(parts)
