"""What is done to each picture of a collection: a file's bytes to another file's bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

from .. import container
from ..errors import UsageError
from ..files import EXTENSION
from ..limits import DEFAULT_LIMITS
from ..options import DecodeOptions, EncodeOptions
from . import memory


@dataclass(frozen=True, slots=True)
class Converted:
    """data: the output file. notes: one short sentence for each thing that was done to the picture. See `Row`."""

    data: bytes
    width: int
    height: int
    psnr: float | None = None
    ssimulacra2: float | None = None
    notes: tuple[str, ...] = ()


class Conversion(Protocol):
    """The same for all pictures; small enough to be sent with each."""

    @property
    def described(self) -> Mapping[str, Any]:
        """The options that were given, of those that decide the bytes."""

    def check(self) -> None:
        """Raises `CoincodecError` for options that no picture could be converted with."""

    def need(self, data: bytes) -> int:
        """Bytes of memory that the work on this input takes, looked up in its header. Raises `CoincodecError`."""

    def convert(self, data: bytes, threads: int) -> Converted:
        """Does it. Raises `CoincodecError`."""

    def renamed(self, name: str) -> str:
        """An input's name as the output's."""

    def takes(self, name: str) -> bool:
        """Whether a file of that name in a folder is an input."""


@dataclass(frozen=True)
class Encoding:
    """Pictures to streams, as `coin encode` makes them. score: SSIMULACRA 2 of each, whatever led its fit."""

    options: EncodeOptions
    srgb: bool = False
    max_pixels: int = DEFAULT_LIMITS.pixels
    score: bool = False

    @property
    def described(self) -> Mapping[str, Any]:
        """The options that were given, of those that decide the bytes."""
        extra = {"srgb": True} if self.srgb else {}
        return _given(self.options) | extra | ({"score": True} if self.score else {})

    def check(self) -> None:
        """See `Conversion`."""
        from .. import codec

        codec.check_options(self.options)

    def check_for_budget(self) -> None:
        """Raises `UsageError` for options that a price of a bit for all pictures cannot be given with."""
        if (target := self.options.target) is not None:
            raise UsageError(f"a budget for all pictures is their target; {target} cannot be given too")
        if self.options.siren_only is not None or self.options.model == "siren":
            raise UsageError("a budget for all pictures is spent by the latent model")

    def at_price(self, price: float) -> Encoding:
        """The same where a bit has that price."""
        return replace(self, options=replace(self.options, lambda_=price))

    def need(self, data: bytes) -> int:
        """See `Conversion`."""
        from .. import image

        width, height = image.size_of(io.BytesIO(data))
        if width * height > self.max_pixels:
            return 0  # since it is refused
        return memory.of_fit((height, width, 3), self.options, self.score)

    def convert(self, data: bytes, threads: int) -> Converted:
        """See `Conversion`."""
        from .. import codec, image
        from ..looks.ssimulacra2 import LEAST_SIDE, Ssimulacra2

        picture = image.load(io.BytesIO(data), self.max_pixels)
        if self.srgb:
            picture = image.in_srgb(picture)
        rows, columns, channels = picture.samples.shape
        options = replace(self.options, threads=threads)
        encoded = codec.encode_samples(picture.samples, options, None, picture.metadata, picture.colour)
        score = encoded.ssimulacra2
        if self.score and score is None and min(rows, columns) >= LEAST_SIDE:
            shown = codec.decode(encoded.data, DecodeOptions(threads=threads)).reshape(rows, columns, channels)
            score = Ssimulacra2(picture.samples, threads)(shown)
        psnr = encoded.psnr if encoded.psnr < float("inf") else None
        return Converted(encoded.data, columns, rows, psnr, score, (*picture.notes, *encoded.notes))

    def renamed(self, name: str) -> str:
        """See `Conversion`."""
        return _with_suffix(name, EXTENSION)

    def takes(self, name: str) -> bool:
        """See `Conversion`."""
        from .. import image

        return image.is_picture(name)


@dataclass(frozen=True)
class Decoding:
    """Streams to pictures, as `coin decode` writes them. suffix: of their files, which names the format."""

    options: DecodeOptions = field(default_factory=DecodeOptions)
    suffix: str = ".png"
    strip: bool = False

    @property
    def described(self) -> Mapping[str, Any]:
        """The options that were given, of those that decide the bytes."""
        return _given(self.options) | {"suffix": self.suffix} | ({"strip": True} if self.strip else {})

    def check(self) -> None:
        """See `Conversion`."""
        from .. import image

        image.output_format(self.suffix)

    def need(self, data: bytes) -> int:
        """See `Conversion`."""
        header = container.read_layout(data).header
        return memory.of_decode(header.width * header.height, header.channels * header.bit_depth // 8)

    def convert(self, data: bytes, threads: int) -> Converted:
        """See `Conversion`."""
        from .. import image, picture_file
        from ..view import View

        options = replace(self.options, threads=threads)
        view = View.of(container.read_layout(data).header, options)
        written = picture_file.of_stream(data, options, image.output_format(self.suffix), strip=self.strip)
        return Converted(written.data, view.width, view.height, notes=written.notes)

    def renamed(self, name: str) -> str:
        """See `Conversion`."""
        return _with_suffix(name, self.suffix)

    def takes(self, name: str) -> bool:
        """See `Conversion`."""
        return name.lower().endswith(EXTENSION)


def _given(options: EncodeOptions | DecodeOptions) -> dict[str, Any]:
    """Options that are not their defaults, without those that change no bytes."""
    usual = type(options)()
    names = (f.name for f in fields(options) if f.name not in ("threads", "limits"))
    return {name: value for name in names if (value := getattr(options, name)) != getattr(usual, name)}


def _with_suffix(name: str, suffix: str) -> str:
    folder, slash, file = name.rpartition("/")
    stem, dot, _ = file.rpartition(".")
    return f"{folder}{slash}{stem if dot and stem else file}{suffix}"
