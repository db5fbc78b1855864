"""How much memory an encode takes, and the way of fitting that stays within what it may take."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from . import mosaic

# Bytes of a process before it fits anything. Bytes that a pixel takes: in a model, of three channels; in one whose
# goal moves with what is seen, and of a part of a picture in such a one; of a score; and of a large picture beside the
# models, samples and all latents.
_BASE, _MODEL, _MOVING, _MOVING_PART, _SCORE, _HELD = 50e6, 100, 215, 270, 140, 10

# Pictures of fewer pixels are fitted whole: there are no parts of them.
_LEAST_FOR_PARTS = 1 << 18


@dataclass(frozen=True)
class Way:
    """How a picture is fitted.

    large: by a sample and parts. scored: whether a SSIMULACRA 2 of the result is told. memory: about how many bytes the
    whole process then takes.
    """

    large: bool
    scored: bool
    memory: float

    @staticmethod
    def of(shape: tuple[int, ...], for_eyes: bool, must_score: bool, most: float | None) -> Way:
        """The usual way, or one that takes less if that is too much.

        shape: (height, width, channels). for_eyes: whether it is fitted for them. must_score: whether the target is a
        score. most: bytes that it may take.

        Raises `UsageError` if it cannot be done in so many.
        """
        pixels = shape[0] * shape[1]
        # Of a large picture the score takes more memory than the fit, and is left out where nothing depends on it.
        parts = pixels >= min(_LEAST_FOR_PARTS, mosaic.LEAST_PIXELS)
        ways = [_way(shape, for_eyes, large=True, scored=must_score)] if parts else []
        if pixels < mosaic.LEAST_PIXELS:
            ways = [_way(shape, for_eyes, large=False, scored=for_eyes), *ways]
        fitting = [way for way in ways if most is None or way.memory <= most]
        if not fitting:
            least = min(way.memory for way in ways)
            raise UsageError(f"a fit of this picture takes about {least / 1e6:,.0f} MB of memory")
        return fitting[0]


def of_score(pixels: float) -> float:
    """About how many bytes the SSIMULACRA 2 of so many pixels of three channels takes, beside the process itself."""
    return _SCORE * pixels


def _way(shape: tuple[int, ...], for_eyes: bool, large: bool, scored: bool) -> Way:
    pixels, channels = shape[0] * shape[1], shape[2] / 3
    each = (_MOVING if for_eyes else _MODEL) * channels
    score = of_score(channels * pixels) if scored else 0.0
    if not large:
        return Way(large, scored, _BASE + each * pixels + score)
    # Half the size has given up half of what it takes when it is the parts' turn.
    half, sample = each * pixels / 4, each * min(mosaic.LARGEST_SAMPLE, pixels)
    part = (_MOVING_PART if for_eyes else _MODEL) * channels * mosaic.largest_part(*shape[:2])
    return Way(large, scored, _BASE + _HELD * channels * pixels + max(sample + max(half, half / 2 + part), score))
