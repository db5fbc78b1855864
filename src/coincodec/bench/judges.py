"""What pictures are judged by: how good a copy is, by several measures of it."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..metrics import rgb_psnr
from .codecs import program
from .quality import Rgb, ms_ssim

BUTTERAUGLI = "butteraugli_main"


@dataclass(frozen=True)
class Judge:
    """One measure of quality.

    id: the field of a result that has it. title, axis: as in a page and at a plot. against: what a rate is compared at,
    rising with quality, from a value. worth: by how much the plot's axis goes beyond the points, in that.
    """

    id: str
    title: str
    axis: str
    judge: Callable[[Rgb, Rgb], float | None]
    against: Callable[[float], float] = float
    worth: float = 0.5


def ssimulacra2(original: Rgb, copy: Rgb) -> float | None:
    """SSIMULACRA 2 by the package of that name, up to 100; None where that is not installed."""
    try:
        from ssimulacra2 import compute_ssimulacra2
    except ImportError:
        return None
    with _Files(original, copy) as paths:
        return float(compute_ssimulacra2(*paths))


def butteraugli(original: Rgb, copy: Rgb) -> float | None:
    """The 3-norm of Butteraugli by libjxl's tool, 0 for no difference; None where that is not installed."""
    if shutil.which(BUTTERAUGLI) is None:
        return None
    with _Files(original, copy) as paths:
        printed = program.run([BUTTERAUGLI, *paths]).decode()
    return float(printed.partition("3-norm:")[2].split()[0])


class _Files:
    """Both pictures as files for as long as it is open, for what reads nothing else."""

    def __init__(self, *pictures: Rgb) -> None:
        self.pictures, self.folder = pictures, tempfile.TemporaryDirectory()

    def __enter__(self) -> list[str]:
        paths = [Path(self.folder.name, f"{number}.png") for number in range(len(self.pictures))]
        for path, picture in zip(paths, self.pictures, strict=True):
            Image.fromarray(picture).save(path, compress_level=1)
        return [str(path) for path in paths]

    def __exit__(self, *exception: object) -> None:
        self.folder.cleanup()


def _decibels(similarity: float) -> float:
    return -10 * math.log10(max(1 - similarity, 1e-6))


PSNR = Judge("psnr", "PSNR", "PSNR over RGB, dB", rgb_psnr, worth=0.8)
SSIMULACRA2 = Judge("ssimulacra2", "SSIMULACRA 2", "SSIMULACRA 2", ssimulacra2, worth=2)
JUDGES = {
    judge.id: judge
    for judge in (
        SSIMULACRA2,
        Judge("butteraugli", "Butteraugli", "Butteraugli, 3-norm, negated", butteraugli, float.__neg__, worth=0.2),
        Judge("ms_ssim", "MS-SSIM", "MS-SSIM, dB", ms_ssim, _decibels),
        PSNR,
    )
}


def judged(original: Rgb, copy: Rgb) -> dict[str, float | None]:
    """What each judge says of a copy, None from those that cannot."""
    return {judge.id: judge.judge(original, copy) for judge in JUDGES.values()}
