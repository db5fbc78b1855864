"""coincodec: fits a tiny function to each picture and ships the function.

>>> data = coincodec.encode(image, bpp=0.3)
>>> picture = coincodec.decode(data)
>>> coincodec.info(data).bpp
>>> thumbnail = coincodec.open("photo.coin").preview(256)
"""

from __future__ import annotations

import builtins
import importlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import IO, TYPE_CHECKING, Any

from .errors import (
    CheckpointError,
    CoincodecError,
    ConversionWarning,
    CorruptError,
    FitError,
    FormatError,
    ImageError,
    LimitError,
    NotCoinError,
    PartialWarning,
    ShortfallWarning,
    TargetError,
    TruncatedError,
    UnsupportedError,
    UsageError,
)
from .limits import DEFAULT_LIMITS, Limits
from .options import DecodeOptions, EncodeOptions
from .progress import Progress
from .report import Info

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from .collection.run import BatchProgress, BatchReport
    from .colour import Colour
    from .preview import Preview
    from .reader import CoinFile

__version__ = "0.2.0"

__all__ = [
    "BatchProgress",
    "BatchReport",
    "CheckpointError",
    "CoinFile",
    "CoincodecError",
    "Colour",
    "ConversionWarning",
    "CorruptError",
    "FitError",
    "FormatError",
    "ImageError",
    "Info",
    "LimitError",
    "Limits",
    "NotCoinError",
    "PartialWarning",
    "Preview",
    "Progress",
    "ShortfallWarning",
    "TargetError",
    "TruncatedError",
    "UnsupportedError",
    "UsageError",
    "batch",
    "decode",
    "encode",
    "info",
    "open",
    "progressive",
]


# Classes whose modules are loaded when they are asked for, by name.
_LAZY = {
    "BatchProgress": "collection.run",
    "BatchReport": "collection.run",
    "CoinFile": "reader",
    "Colour": "colour",
    "Preview": "preview",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def encode(
    image: NDArray[Any] | Image,
    *,
    model: str | None = None,
    preset: str | None = None,
    tune: str | None = None,
    bytes: int | None = None,
    bpp: float | None = None,
    psnr: float | None = None,
    ssimulacra2: float | None = None,
    quality: float | None = None,
    lambda_: float | None = None,
    weights: str | None = None,
    bits: float | None = None,
    layers: int | None = None,
    width: int | None = None,
    architectures: str | None = None,
    steps: int | None = None,
    time: float | None = None,
    seed: int = 0,
    threads: int | None = None,
    strip: bool = False,
    best_effort: bool = False,
    progressive: bool = False,
    memory: float | None = None,
    colour: Colour | None = None,
    srgb: bool = False,
    checkpoint: str | PathLike[str] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> builtins.bytes:
    """Codes a picture as a .coin stream.

    image: array of shape (H, W) or (H, W, C), uint8 or uint16, C = 1 grey, 2 grey and alpha, 3 RGB,
        4 RGBA; or a Pillow image, which is turned upright and converted to one of these, each conversion being told
        by a `ConversionWarning`.
    model: family of the model; "siren" is COIN's network, "latent" grids of integers with tiny networks. If None,
        "siren" where an option is given that only that has, or fewer than 1,500 bytes and 0.2 bpp are asked for, else
        "latent".
    preset: "fast", "default" or "best", each four times or more the time of the one before; for "latent" also
        "instant", a third of "fast"; for "siren" also "paper", the recipe of Dupont et al. 2021 (50,000 full-image
        steps, half-float weights). If None, "default", or for "latent" what suits `time`.
    tune: of "latent", what the picture is to be best by: "eye", how it looks, or "psnr". If None, "psnr" where a PSNR
        is asked for, else "eye". Pictures of fewer than 32 rows or columns are too small to be looked at, and have the
        best PSNR.
    bytes, bpp: most bytes the stream may have, or bits per pixel, header included.
    psnr: least PSNR in dB of the decoded picture; the stream is as small as it was found.
    ssimulacra2: least SSIMULACRA 2 of it, likewise: below 100, 90 where nobody sees a difference, 30 for a low quality.
        Of a picture with an alpha channel it is that on dark or on light grey, whichever is less.
    lambda_: price of a bit per pixel in units of mean squared error of samples in 0..1, with tune "eye" weighted and 1
        on average; the stream is as large as makes error + lambda_ * bpp about least.
    quality: of "latent", 1 to 100. With tune "eye" it leads near a SSIMULACRA 2: 20, 50 and 80 to 30, 60 and 80. With
        "psnr" half the price of a bit every 8.8 of it.
        At most one of these targets; with none, "siren" takes 0.3 bpp, less extreme for very small and large
        pictures, and "latent" quality 50.
    weights to architectures are of "siren" only.
    weights: "coded" for range-coded integers, "fp16" for the paper's half floats; the preset's own if None.
    bits: about how many bits a coded weight gets, 1 to 16 (default 5.6); fewer bits, larger networks.
    layers, width: sine layers and their width, 10 and 28 for the paper's 10x28, instead of what the target
        leads to. Without a target they and `bits` decide the size.
    architectures: a file of `coin search` that says which networks are good, instead of the shipped one.
    steps: optimiser steps, of "latent" in units of one at the picture's full size. time: most seconds for a "siren"'s
        fit, for all of a "latent" encode; without `preset` and `steps` as much of them is used as pays. The result then
        depends on the machine; a `ShortfallWarning` tells where there was hardly time for a fit.
    seed: of the initial weights and the sampled pixels.
    threads: default `COINCODEC_THREADS`, else every core. The stream does not depend on it.
    strip: leave out the EXIF data, XMP and resolution of a Pillow image, which are kept otherwise, and count.
    best_effort: if a PSNR or a SSIMULACRA 2 is out of reach, return what comes nearest, told by a `ShortfallWarning`,
        instead of raising a `TargetError`.
    progressive: previews from the first bytes look like the picture, for some more bytes (docs/decoding.md); "latent"
        alone.
    memory: about how many bytes the process may take; of "latent" alone. A picture that would take more is fitted in
        parts, as those of two megapixels and more are (docs/large.md), or refused by a `UsageError` if that is too
        much, too.
    colour: what the samples mean. If None, what a Pillow image says, else sRGB.
    srgb: convert them to sRGB, where colours beyond it are clipped; otherwise they are coded as they are.
    checkpoint: a file that is written every half a minute, and taken away when the encode is over. Where it is there
        from one that was stopped, of the same picture with the same options, this one goes on from it, to the bytes
        that would have come of it; not with `time`.
    progress: called after every step.

    Raises `UsageError` (`TargetError` if no network is small enough), `ImageError`, `FitError`, or `CheckpointError`
    for the checkpoint of another encode.
    """
    from . import codec  # here, so that importing the package does not yet load NumPy and Pillow
    from .checkpoint import Checkpoint

    options = EncodeOptions(
        model,
        preset,
        tune,
        bytes,
        bpp,
        psnr,
        ssimulacra2,
        quality,
        lambda_,
        weights,
        bits,
        layers,
        width,
        architectures,
        steps,
        time,
        seed,
        threads,
        strip,
        best_effort,
        progressive,
        memory,
    )
    picture = codec.as_picture(image, colour, srgb)
    kept = None if checkpoint is None else Checkpoint(checkpoint)
    encoded = codec.encode_samples(picture.samples, options, progress, picture.metadata, picture.colour, kept)
    if kept is not None:
        kept.remove()
    for note in encoded.notes:
        warnings.warn(note, ShortfallWarning, stacklevel=2)
    return encoded.data


def decode(
    data: bytes,
    *,
    region: Sequence[int] | None = None,
    size: tuple[int, int] | None = None,
    scale: float | None = None,
    draft: bool = False,
    partial: bool = False,
    srgb: bool = False,
    threads: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> NDArray[Any]:
    """Decodes a .coin stream, or a part of its picture, at any size.

    region: (left, top, right, bottom) in pixels of the picture, right and bottom exclusive, as Pillow's `crop` takes
        them; the samples are those that the whole picture has there. Of "siren" work and memory are in proportion
        to the region. Of "latent" all integers are decoded, since each helps to decode the next, and only the
        rendering, less than a tenth of the time, is in proportion to the region's rows.
    size: (width, height) in pixels to show the region in, or scale: the factor of both sides. Of "siren" the function
        is evaluated at the middles of the new pixels; of "latent" the picture is resampled, by Lanczos's filter. By
        that both are made smaller.
    draft: take less work for less fidelity where the picture is made smaller. Of "siren" the function is evaluated at
        4 places for each new pixel instead of 16; of "latent" the finest grids, most of the work, are left out of what
        is shown at a quarter of its sides or less.
    partial: decode what a cut stream, the beginning of a whole one, says of the picture, and tell what is missing by
        a `PartialWarning`. Of "latent" half of the bytes make a picture; of "siren" nothing does but all of them.

    srgb: convert to sRGB what is in other colours; otherwise `CoinFile.colour` and `info` tell what samples mean. What
        only a profile tells is converted by Little CMS with the precision of 8 bits.

    Returns an array of shape (H, W) for grey, else (H, W, C), uint8 or uint16 as it was coded.

    Raises a `FormatError` if the data is not a whole and sound stream, or passes the `limits` that are
    checked before memory is taken; `UsageError` for a region that is not inside the picture or an impossible size.
    """
    from . import codec

    return codec.decode(data, DecodeOptions(region, size, scale, draft, partial, srgb, threads, limits))


def progressive(data: bytes, *, threads: int | None = None, limits: Limits = DEFAULT_LIMITS) -> Iterator[Preview]:
    """The picture of a stream from coarse to fine: for each `Preview`, twice as many samples along both sides.

    Of "siren" every sample is computed once; of "latent" each preview takes one grid more. The last one is the picture.

    Raises like `decode`, before the first preview.
    """
    from . import codec

    return codec.previews(data, threads, limits)


def open(file: str | PathLike[str] | IO[bytes]) -> CoinFile:
    """Opens a .coin file and reads no more than its header: see `CoinFile`.

    file: a path, or a binary file that need not be seekable.

    Raises a `FormatError` if it is not a .coin file, OSError if it cannot be opened.
    """
    from .reader import CoinFile

    return CoinFile(file)


def batch(
    inputs: str | PathLike[str] | Iterable[str | PathLike[str]],
    output: str | PathLike[str],
    *,
    decode: bool = False,
    workers: int | None = None,
    scheduler: Any = None,
    threads: int | None = None,
    manifest: str | PathLike[str] | None = None,
    total_bytes: int | None = None,
    mean_bpp: float | None = None,
    score: bool = False,
    suffix: str = ".png",
    force: bool = False,
    retries: int = 2,
    max_pixels: int = DEFAULT_LIMITS.pixels,
    progress: Callable[[BatchProgress], None] | None = None,
    **options: Any,
) -> BatchReport:
    """Encodes many pictures, or decodes many streams, on all cores of this machine or on a cluster (docs/many.md).

    inputs: files, folders with all pictures in them and in folders within, or patterns ("photos/**/*.jpg"); paths, or
        URLs that fsspec opens, with `coincodec[cluster]` and what their scheme needs.
    output: a folder, likewise. Names in it are those in the folders that were given, with another suffix. Each file is
        written whole or not at all.
    decode: decode .coin files to pictures; `suffix` names their format.
    workers: processes, one for each core if None. scheduler: the address of a scheduler of Dask's ("tcp://host:8786"),
        "local" for Dask's workers on this machine, or a `distributed.Client`.
    threads: of each fit; if None, 1 while there are more pictures than cores, and all cores for the last ones. No byte
        depends on it.
    manifest: a file of this machine, lines of JSON with what became of each picture; if None, manifest.jsonl in the
        output folder. What it says was done, of the same contents by the same options and version, and is there, is not
        done again. At the end a table of the same name, .parquet, if pyarrow is there.
    total_bytes, mean_bpp: most bytes of all outputs together, or bits of them over all pixels. One price of a bit for
        all pictures leads there, so that those get more that gain more by it.
    score: measure SSIMULACRA 2 of every picture, whatever its fit aims at.
    force: replace files that are in the output folder and that no manifest knows.
    retries: attempts beyond the first, on another worker, for what fails by no fault of the picture or the options.
    max_pixels: pictures of more are refused. progress: called after every picture.
    options: those of `encode`, or of `decode`, with `strip` for no metadata, but for `limits`, `colour` and `region`.

    A program that calls this must do so below `if __name__ == "__main__":`, since workers load it too.

    A picture that fails is told in the report, and stops no other. Raises `UsageError` for what cannot be meant,
    `CoincodecError` where workers or the scheduler are gone for good.
    """
    from .collection import batch as of_collection

    return of_collection.batch(
        inputs, output, decode=decode, workers=workers, scheduler=scheduler, threads=threads, manifest=manifest,
        total_bytes=total_bytes, mean_bpp=mean_bpp, score=score, suffix=suffix, force=force, retries=retries,
        max_pixels=max_pixels, progress=progress, options=options,
    )  # fmt: skip


def info(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Info:
    """What a stream says of itself, every checksum verified. Raises a `FormatError` like `decode`.

    limits: of work and memory; latents are read, to tell how many bytes each grid takes.
    """
    from . import codec

    return codec.info(data, limits)
