"""What the viewer shows of pictures: tiles at any scale, previews from coarse to fine, what they say of themselves."""

from __future__ import annotations

import contextlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import codec, container, image
from ..colour import Colour
from ..errors import ImageError, UnsupportedError, UsageError
from ..image import Samples
from ..limits import DEFAULT_LIMITS, Limits
from ..options import DecodeOptions
from ..reader import CoinFile
from ..resample import resize
from ..view import Region
from .catalogue import Entry

# Most pixels along a side of what is made at a time.
MAX_SIDE = 2048

# Previews of more pixels are not sent: the page shows the picture's tiles then.
_MAX_PREVIEW = MAX_SIDE**2

# From so many pixels on, what is shown at a quarter of the sides or less may be a draft.
_LARGE = 2**21

# Bytes of originals, and of previews, that are kept.
_KEPT = 2**28

# Decodes at a time; each uses all cores.
_AT_ONCE = 2

LAYERS = ("coin", "original")

Value = TypeVar("Value")


class MissingError(UsageError):
    """There is no picture of that number."""


class Pictures:
    """The entries of a catalogue as the page asks for them, by number from 1; safe to use from several threads.

    What is asked for and cannot be is a `UsageError`, a file that cannot be shown a `FormatError`, an `ImageError` or
    an OSError.
    """

    def __init__(self, entries: Sequence[Entry], limits: Limits = DEFAULT_LIMITS, threads: int | None = None) -> None:
        self.entries, self.limits, self.threads = entries, limits, threads
        self._originals: _Kept[NDArray[np.uint8]] = _Kept(_KEPT, lambda samples: samples.nbytes)
        self._previews: _Kept[list[_Preview]] = _Kept(_KEPT, lambda found: sum(len(one.png) for one in found))
        self._decoding = threading.BoundedSemaphore(_AT_ONCE)

    def catalogue(self) -> dict[str, Any]:
        """All of them, for the grid, as JSON."""
        return {"pictures": [entry.facts() for entry in self.entries]}

    def info(self, number: int) -> dict[str, str]:
        """What `coin info` says of one."""
        data = self._entry(number).path.read_bytes()
        with self._decoding:
            return codec.info(data, self.limits).in_words()

    def tile(self, number: int, layer: str, region: Sequence[int], size: tuple[int, int]) -> bytes:
        """A region (left, top, right, bottom) of a picture, or of its original, as a PNG file of that size in sRGB."""
        return png(self.samples(number, layer, region, size))

    def samples(self, number: int, layer: str, region: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
        """The same as samples of shape (H, W) or (H, W, C)."""
        entry = self._entry(number)
        if not all(1 <= side <= MAX_SIDE for side in size):
            raise UsageError(f"a tile has 1 to {MAX_SIDE:,} pixels along a side, not {size[0]}x{size[1]}")
        if layer == "original":
            return without_axis(_resized(self.original(number), region, size))
        if layer != "coin":
            raise UsageError(f"a tile is of {' or '.join(LAYERS)}, not {layer!r}")
        data = entry.path.read_bytes()
        header = container.read_layout(data).header
        part = Region.within(region, header.width, header.height)
        draft = header.width * header.height >= _LARGE and part.width >= 4 * size[0]
        options = DecodeOptions(region=part, size=size, draft=draft, threads=self.threads, limits=self.limits)
        with self._decoding:
            rendering = codec.Rendering(data, options)
            return without_axis(_for_screens(rendering.samples(), rendering.colour))

    def original(self, number: int) -> NDArray[np.uint8]:
        """The original of a picture in sRGB, shape (H, W, C), uint8."""
        entry = self._entry(number)
        if entry.original is None:
            raise UsageError("there is no original beside it")
        path = str(entry.original)

        def load() -> NDArray[np.uint8]:
            with CoinFile(entry.path) as file:
                size = file.size
                picture = image.load(path, self.limits.pixels)
            if picture.samples.shape[1::-1] != size:
                raise ImageError("the original has another size")
            return _for_screens(picture.samples, picture.colour)

        return self._originals.get(path, load)

    def previews(self, number: int) -> list[dict[str, Any]]:
        """The coarse-to-fine sequence as JSON, the picture itself last: see `coincodec.Preview`.

        Those too large to be sent at once are left out.
        """
        return [preview.facts for preview in self._sequence(number)]

    def preview(self, number: int, step: int) -> bytes:
        """The samples of one of them as a PNG file. The picture itself, with a step of 1, comes in tiles."""
        for preview in self._sequence(number):
            if preview.facts["step"] == step and preview.png:
                return preview.png
        raise UsageError(f"there is no preview of 1:{step}")

    def _sequence(self, number: int) -> list[_Preview]:
        path = self._entry(number).path

        def make() -> list[_Preview]:
            data = path.read_bytes()
            with self._decoding:
                return _previews(data, self.threads, self.limits)

        return self._previews.get(path, make)

    def _entry(self, number: int) -> Entry:
        if not 1 <= number <= len(self.entries):
            raise MissingError(f"there are pictures 1 to {len(self.entries)}")
        return self.entries[number - 1]


def png(samples: NDArray[np.uint8]) -> bytes:
    """Samples, shape (H, W) or (H, W, C), as a PNG file that is soon made rather than small."""
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@dataclass(frozen=True)
class _Preview:
    """One of a sequence. png: its samples; nothing for the picture itself."""

    facts: dict[str, Any]
    png: bytes


def _previews(data: bytes, threads: int | None, limits: Limits) -> list[_Preview]:
    """Those that can be sent, and the picture itself."""
    layout, space = container.read_layout(data), codec.colour_of(data, limits)
    size = layout.header.width, layout.header.height
    found = []
    for preview in codec.previews(data, threads, limits):
        rows, columns = preview.samples.shape[:2]
        facts = {
            "step": preview.step,
            "place": preview.place,
            "width": columns,
            "height": rows,
            "bytes": preview.bytes,
            "work": preview.work,
        }
        if preview.step == 1:
            found.append(_Preview(facts, b""))
            break
        samples = preview.samples if preview.samples.ndim == 3 else preview.samples[:, :, None]
        found.append(_Preview(facts, png(without_axis(_for_screens(samples, space)))))
        if 4 * rows * columns > _MAX_PREVIEW:  # the next one is too large
            last = dict(zip(("width", "height"), size, strict=True))
            found.append(_Preview({"step": 1, "place": 0.5, **last, "bytes": layout.total_bytes, "work": 1.0}, b""))
            break
    return found


def _for_screens(samples: Samples, colour: Colour) -> NDArray[np.uint8]:
    """Samples of shape (H, W, C) with 8 bits in sRGB, or in their own colours where these cannot be converted."""
    with contextlib.suppress(UnsupportedError):
        samples = image.as_srgb(samples, colour, [])
    return image.to_8_bits(samples)


def _resized(samples: NDArray[np.uint8], region: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    part = Region.within(region, samples.shape[1], samples.shape[0])
    if size == (part.width, part.height):
        return samples[part.top : part.bottom, part.left : part.right]
    return resize(samples, *size, part)


def without_axis(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Samples of shape (H, W, C) as pictures have them: (H, W) where there is one channel."""
    return np.ascontiguousarray(samples[:, :, 0] if samples.shape[2] == 1 else samples)


class _Kept(Generic[Value]):
    """What took long to make, the last used of it within so many bytes, made one at a time."""

    def __init__(self, most: int, size: Callable[[Value], int]) -> None:
        self._most, self._size = most, size
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What was made for a key, or is made now."""
        with self._lock:
            if key not in self._values:
                self._values[key] = make()
            self._values.move_to_end(key)
            while len(self._values) > 1 and sum(map(self._size, self._values.values())) > self._most:
                self._values.popitem(last=False)
            return self._values[key]
