"""Crops of photographs at many sizes, to train on.

Photographs are those of Debian's packages mate-backgrounds, lomiri-wallpapers-16.04, lomiri-wallpapers-20.04 and
plasma-workspace-wallpapers (free licences, see their copyright files), and of scikit-image. Left out are those that
docs/large.md measures and that README shows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from coincodec.image import Samples

BACKGROUNDS, WALLPAPERS = Path("/usr/share/backgrounds"), Path("/usr/share/wallpapers")
LEFT_OUT = ("sunset", "Dragonfly", "Kleiber")
OF_SKIMAGE = ("coffee", "rocket", "chelsea", "hubble_deep_field", "immunohistochemistry", "retina")

# Pictures are taken in no more than so many columns, and a crop is from one whose shorter side was reduced to at most
# so many pixels: small pictures are mostly reduced ones.
_LARGEST, _MOST = 2400, 900

# Sides of crops, and how often each is.
_SIDES, _OFTEN = (64, 96, 128, 192, 256), (0.15, 0.15, 0.2, 0.25, 0.25)

# Crops that vary less have nothing to teach.
_LEAST_DEVIATION = 4


def photographs() -> list[Image.Image]:
    """The pictures, as RGB."""
    names = [path for path in sorted(BACKGROUNDS.glob("*.jpg")) if not path.name.startswith(LEFT_OUT)]
    names += sorted((BACKGROUNDS / "mate" / "nature").glob("*.jpg"))
    for folder in sorted(WALLPAPERS.glob("*/contents/images")):
        largest = max(folder.iterdir(), key=lambda path: int(np.prod(Image.open(path).size)))
        if largest.suffix == ".jpg":
            names.append(largest)
    found = [_taken(Image.open(name)) for name in names]
    return found + [Image.fromarray(getattr(skimage.data, name)()[:, :, :3]) for name in OF_SKIMAGE]


def crops(count: int, seed: int) -> list[Samples]:
    """About so many squares of them, each picture's turn coming as often."""
    rng, pictures, found = np.random.default_rng(seed), photographs(), []
    for number in range(count):
        picture = pictures[number % len(pictures)]
        side, shortest = int(rng.choice(_SIDES, p=_OFTEN)), min(picture.size)
        reduced = np.exp(rng.uniform(np.log(side), np.log(max(min(shortest, _MOST), side + 1))))
        filtered = Image.Resampling.BOX if rng.random() < 0.5 else Image.Resampling.LANCZOS
        small = picture.resize([max(side, round(n * reduced / shortest)) for n in picture.size], filtered)
        left, top = (int(rng.integers(n - side + 1)) for n in small.size)
        samples = np.asarray(small.crop((left, top, left + side, top + side)))
        if samples.std() >= _LEAST_DEVIATION:
            found.append(np.ascontiguousarray(samples[:, ::-1] if rng.random() < 0.5 else samples))
    return found


def _taken(picture: Image.Image) -> Image.Image:
    picture.draft("RGB", (_LARGEST, _LARGEST * 2 // 3))
    picture = picture.convert("RGB")
    longest = max(picture.size)
    if longest <= _LARGEST:
        return picture
    return picture.resize([n * _LARGEST // longest for n in picture.size], Image.Resampling.BOX)
