"""Pictures to be judged by eye: the same bytes from several codecs, without their names."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..errors import TargetError
from .codecs import Codec
from .datasets import Dataset, read
from .judges import judged


@dataclass(frozen=True)
class Copy:
    """What one codec made of a picture. file: of the page's folder. judged: by those judges that could."""

    title: str
    file: str
    bytes: int
    judged: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """One picture at one size of files. original: its file. copies: in the order in which they are shown."""

    picture: str
    bytes: int
    original: str
    copies: tuple[Copy, ...]


def compare(
    dataset: Dataset,
    codecs: Sequence[Codec],
    rates: Sequence[float],
    folder: Path,
    *,
    seed: int = 0,
    told: Callable[[str], None] = lambda note: None,
) -> Iterator[Comparison]:
    """Codes every picture at every rate (bits per pixel) with every codec, and leaves what they show in the folder.

    seed: of the order of copies. told: is given what was left out, because a codec has no file so small.
    """
    order = random.Random(seed)
    for path in dataset.paths:
        picture = read(path)
        original = f"{path.stem}.png"
        Image.fromarray(picture).save(folder / original)
        for rate in rates:
            size = int(rate * picture.shape[0] * picture.shape[1] / 8)
            shuffled = order.sample(list(codecs), len(codecs))
            copies = []
            for number, codec in enumerate(shuffled):
                try:
                    data = codec.encode_within(picture, size)
                except TargetError as error:
                    told(f"{path.stem}, {rate:g} bpp: {error}")
                    continue
                shown = codec.decode(data)[: picture.shape[0], : picture.shape[1]]
                file = f"{path.stem}-{rate:g}-{'abcdefgh'[number]}.png"
                Image.fromarray(shown).save(folder / file)
                said = {name: value for name, value in judged(picture, shown).items() if value is not None}
                copies.append(Copy(codec.title, file, len(data), said))
            yield Comparison(path.stem, size, original, tuple(copies))
