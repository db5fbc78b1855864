"""Reads everything, and reports what is neither read nor refused by one clear error of ours.

    python tools/sweep.py FOLDER...              # every file in these folders
    python tools/sweep.py --damages 20000        # small files of many formats, with one byte changed in each copy

Each file goes through `coincodec.image.load`, or `coincodec.decode` if it is one of ours. What else than a
`CoincodecError` they raise, an error of more than one line, a crash of the process, and more than a minute for one file
are told, with the file (damaged ones are kept in --keep). The exit status is 1 if there was anything to tell.
"""

from __future__ import annotations

import argparse
import io
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import FrameType

import numpy as np
from PIL import Image

import coincodec
from coincodec import container, image
from coincodec.errors import CoincodecError

MOST_PIXELS = 2**24
SECONDS = 60
CHUNK = 200

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "AVIF", "GIF", "BMP", "JPEG2000", "PPM", "TGA", "ICO")


class _TookTooLong(BaseException):
    """Not an Exception, so that nothing takes it for a damaged file."""


def _alarm(signum: int, frame: FrameType | None) -> None:
    raise _TookTooLong


def attempt(name: str, data: bytes) -> str:
    """ "read", "refused", or what went wrong."""
    signal.signal(signal.SIGALRM, _alarm)
    signal.alarm(SECONDS)
    try:
        if data.startswith(container.SIGNATURE[:4]):
            coincodec.decode(data)
        else:
            image.load(io.BytesIO(data), MOST_PIXELS)
    except CoincodecError as error:
        text = str(error)
        return f"{name}: an error of several lines: {text!r}" if "\n" in text or not text else "refused"
    except _TookTooLong:
        return f"{name}: took more than {SECONDS} s"
    except BaseException as error:
        return f"{name}: {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return "read"


def originals() -> dict[str, bytes]:
    """Small files of many formats, some with what else a file can say."""
    y, x = np.mgrid[:24, :40]
    rgb = np.stack([x * 6, y * 10, (x * y) % 256], axis=2).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a picture"
    profile = coincodec.Colour(12, 13).profile(grey=False)
    files = {}
    for format in FORMATS:
        for mode in ("RGB", "L", "RGBA", "P"):
            picture = Image.fromarray(rgb).convert(mode)
            file = io.BytesIO()
            try:
                picture.save(file, format, exif=exif, icc_profile=profile, dpi=(300, 300))
            except (OSError, ValueError):
                continue  # formats that lack the mode
            files[f"{format}-{mode}"] = file.getvalue()
    wide = rgb.astype(np.uint16) * np.uint16(257)
    files["PNG-16"] = image.to_bytes(wide, "PNG", colour=coincodec.Colour(9, 16)).data
    for model in ("siren", "latent"):
        files[f"COIN-{model}"] = coincodec.encode(rgb, model=model, steps=20, colour=coincodec.Colour(12, 13))
    return files


def damages(count: int) -> Iterator[tuple[str, bytes]]:
    """Copies of the small files, each with one byte of another value, the same every time."""
    rng = np.random.default_rng(0)
    files = list(originals().items())
    for number in range(count):
        name, data = files[number % len(files)]
        damaged = bytearray(data)
        place = int(rng.integers(len(data)))
        damaged[place] ^= int(rng.integers(1, 256))
        yield f"{name}-{place}-{damaged[place]:02x}", bytes(damaged)


def files_in(folders: list[Path]) -> Iterator[tuple[str, bytes]]:
    """All of them."""
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if path.is_file():
                yield str(path), path.read_bytes()


def attempts(files: list[tuple[str, bytes]]) -> list[str]:
    """What became of each."""
    return [attempt(name, data) for name, data in files]


def alone(files: list[tuple[str, bytes]]) -> list[str]:
    """The same for files of which one has crashed its process: each in its own."""
    found = []
    for name, data in files:
        with ProcessPoolExecutor(1) as pool:
            try:
                found.append(pool.submit(attempt, name, data).result())
            except BrokenProcessPool:
                found.append(f"{name}: crashed the process")
    return found


def main() -> int:
    """Runs it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--damages", type=int, default=0, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where damaged files go that something is told of")
    arguments = parser.parse_args()
    files = [*files_in(arguments.folders), *damages(arguments.damages)]
    by_name, counts, told = dict(files), Counter[str](), []
    chunks = [files[i : i + CHUNK] for i in range(0, len(files), CHUNK)]
    with ProcessPoolExecutor() as pool:
        waiting = {pool.submit(attempts, chunk): chunk for chunk in chunks}
        for done in as_completed(waiting):
            try:
                found = done.result()
            except BrokenProcessPool:
                found = alone(waiting[done])
            for text in found:
                if text in ("read", "refused"):
                    counts[text] += 1
                else:
                    told.append(text)
                    print(text, flush=True)
    if arguments.keep is not None:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        for text in told:
            name = text.split(": ")[0]
            if not Path(name).exists():
                (arguments.keep / name).write_bytes(by_name[name])
    print(f"{len(files):,} files: {counts['read']:,} read, {counts['refused']:,} refused, {len(told):,} otherwise")
    return int(bool(told))


if __name__ == "__main__":
    sys.exit(main())
