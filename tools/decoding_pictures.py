"""Makes the pictures and tables of docs/decoding.md, from a photograph that scikit-image ships.

    python tools/decoding_pictures.py     # about a minute on two cores; tables to standard output

astronaut: NASA, Eileen Collins; public domain.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageDraw

import coincodec
from coincodec.metrics import rgb_psnr

FOLDER = Path(__file__).parents[1] / "docs" / "decoding"
FITS = {"siren": {"model": "siren", "preset": "fast", "bpp": 0.3}, "latent": {"model": "latent", "preset": "fast"}}
REGION = (170, 60, 234, 124)
SIZES = (256, 128, 64, 32)
SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
GAP, CAPTION, FONT = 6, 20, 13


def strip(panels: Sequence[tuple[str, np.ndarray]]) -> Image.Image:
    """Pictures of one height in a row, each with its caption above it."""
    width = sum(samples.shape[1] + GAP for _, samples in panels) - GAP
    sheet = Image.new("RGB", (width, panels[0][1].shape[0] + CAPTION), "white")
    draw, x = ImageDraw.Draw(sheet), 0
    for caption, samples in panels:
        draw.text((x + 2, 2), caption, fill="black", font_size=FONT)
        sheet.paste(Image.fromarray(samples), (x, CAPTION))
        x += samples.shape[1] + GAP
    return sheet


def save(name: str, rows: Sequence[Image.Image]) -> None:
    """Writes strips below one another."""
    sheet = Image.new("RGB", (max(row.width for row in rows), sum(row.height + GAP for row in rows) - GAP), "white")
    y = 0
    for row in rows:
        sheet.paste(row, (0, y))
        y += row.height + GAP
    sheet.save(FOLDER / f"{name}.webp", quality=88, method=6)


def resized(samples: np.ndarray, side: int, how: Image.Resampling = Image.Resampling.LANCZOS) -> np.ndarray:
    """A square picture at another size."""
    return np.asarray(Image.fromarray(samples).resize((side, side), how))


def thumbnails(data: dict[str, bytes], photo: np.ndarray) -> None:
    """Thumbnails, faithful and drafts, against the photograph made as small by Lanczos's filter."""
    panels = [("photograph", resized(photo, 128))]
    panels += [(model, coincodec.decode(stream, size=(128, 128))) for model, stream in data.items()]
    panels += [("latent, draft", coincodec.decode(data["latent"], size=(128, 128), draft=True))]
    save("thumbnails", [strip(panels)])
    print("| size | siren | siren, draft | latent | latent, draft |\n| --- | --- | --- | --- | --- |")
    for side in SIZES:
        small = resized(photo, side)
        kinds = [(stream, draft) for stream in data.values() for draft in (False, True)]
        shown = [coincodec.decode(stream, size=(side, side), draft=draft) for stream, draft in kinds]
        print(f"| {side}x{side} | " + " | ".join(f"{rgb_psnr(picture, small):.1f}" for picture in shown) + " |")
    print()


def zoom(data: dict[str, bytes], photo: np.ndarray) -> None:
    """A region four times as large."""
    left, top, right, bottom = REGION
    side = 4 * (right - left)
    original = ("photograph, bicubic", resized(photo[top:bottom, left:right], side, Image.Resampling.BICUBIC))
    rows = []
    for model, stream in data.items():
        part = resized(coincodec.decode(stream, region=REGION), side, Image.Resampling.BICUBIC)
        shown = coincodec.decode(stream, region=REGION, scale=4)
        rows.append(strip([original, (f"{model}, decoded, bicubic", part), (f"{model}, scale=4", shown)]))
    save("zoom", rows)
    save("region", [strip([(model, coincodec.decode(stream, region=REGION)) for model, stream in data.items()])])


def previews(data: dict[str, bytes], photo: np.ndarray) -> None:
    """The sequence of previews, and what they are worth against the photograph."""
    rows = []
    for model, stream in data.items():
        found = list(coincodec.progressive(stream))
        panels = [(f"{model} 1:{p.step}", resized(p.picture(), 128)) for p in found[-6:]]
        rows.append(strip(panels))
        print(f"| {model} | samples | bytes | work | PSNR |\n| --- | --- | --- | --- | --- |")
        for p in found:
            height, width = p.samples.shape[:2]
            share, quality = p.bytes / len(stream), rgb_psnr(p.picture(), photo)
            print(f"| 1:{p.step} | {width}x{height} | {share:.1%} | {p.work:.2%} | {quality:.1f} dB |")
        print()
    save("previews", rows)


def partial(stream: bytes, photo: np.ndarray) -> None:
    """What the beginning of a latent stream is worth."""
    warnings.simplefilter("ignore", coincodec.PartialWarning)
    print("| share of the bytes | " + " | ".join(f"{share:.0%}" for share in SHARES) + " |")
    print("| --- " * (len(SHARES) + 1) + "|")
    shown = {share: coincodec.decode(stream[: round(share * len(stream))], partial=True) for share in SHARES}
    print("| PSNR, dB | " + " | ".join(f"{rgb_psnr(shown[share], photo):.1f}" for share in SHARES) + " |")
    save("partial", [strip([(f"{share:.0%}", resized(shown[share], 192)) for share in (0.3, 0.5, 0.8, 1.0)])])


def main() -> None:
    """Makes them all."""
    FOLDER.mkdir(exist_ok=True)
    photo = skimage.data.astronaut()
    data = {model: coincodec.encode(photo, **options) for model, options in FITS.items()}
    for model, stream in data.items():
        quality = rgb_psnr(coincodec.decode(stream), photo)
        print(f"{model}: {len(stream):,} bytes, {coincodec.info(stream).bpp:.3f} bpp, {quality:.2f} dB\n")
    thumbnails(data, photo)
    zoom(data, photo)
    previews(data, photo)
    partial(data["latent"], photo)


if __name__ == "__main__":
    main()
