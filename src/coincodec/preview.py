"""Pictures from coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .resample import resize


@dataclass(frozen=True)
class Preview:
    """A whole picture before all of it is known.

    samples: shape (h, w) for grey, else (h, w, C), uint8 or uint16: one sample for every `step` pixels, both ways.
    step: a power of two, at last 1; `samples` then are what `coincodec.decode` returns.
    size: (width, height) of the picture.
    place: of the first sample, in pixels from the left and the top: 0.5 is the middle of the first pixel.
    bytes: of the stream that were needed. work: multiply-accumulates done so far, in units of a decode of the picture
        alone; previews of "latent" come on top of that.
    """

    samples: NDArray[Any]
    step: int
    size: tuple[int, int]
    place: float
    bytes: int
    work: float

    def picture(self) -> NDArray[Any]:
        """The preview at the picture's size, shape (H, W) or (H, W, C), between samples by Lanczos's filter."""
        if self.step == 1:
            return self.samples
        width, height = self.size
        samples = self.samples if self.samples.ndim == 3 else self.samples[:, :, None]
        # The last samples stand for what lies beyond them.
        samples = np.pad(samples, ((0, 1), (0, 1), (0, 0)), "edge")
        first = 0.5 - self.place / self.step
        enlarged = resize(samples, width, height, (first, first, first + width / self.step, first + height / self.step))
        return enlarged[:, :, 0] if self.samples.ndim == 2 else enlarged
