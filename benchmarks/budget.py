"""What one price of a bit for all pictures gains over the same bits per pixel for each.

    python benchmarks/budget.py FOLDER [--mean-bpp 0.3] [--preset fast] [--tune psnr] [--workers 2] [--keep FOLDER]

Encodes all pictures of a folder twice: `coin batch --mean-bpp R`, and `coin batch --bpp R`. Prints bits, squared error
and looks of both. Files of the second end a bit below their bits; its error is also given for as many bits as the first
has, along the slope that the price is. With --keep a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import coincodec
from coincodec.collection.manifest import Row, read


def error_of(row: Row) -> float:
    """Squared error of a picture's samples in 0..1, mean over them, times its pixels."""
    return 0.0 if row.psnr is None else row.pixels * 10 ** (-row.psnr / 10)


def summary(name: str, rows: list[Row], seconds: float) -> tuple[float, float]:
    """Prints a line, and returns bits per pixel and mean squared error."""
    pixels = sum(row.pixels for row in rows)
    bits, error = 8 * sum(row.bytes or 0 for row in rows) / pixels, sum(map(error_of, rows)) / pixels
    scores = [row.ssimulacra2 for row in rows if row.ssimulacra2 is not None]
    psnr = statistics.mean(row.psnr for row in rows if row.psnr is not None)
    looks = f"{statistics.mean(scores):7.2f}{min(scores):7.2f}" if scores else ""
    print(f"{name:12}{bits:9.4f}{1e6 * error:10.2f}{psnr:8.3f}{looks}{seconds:9.0f} s", flush=True)
    return bits, error


@contextlib.contextmanager
def place(kept: str | None) -> Iterator[Path]:
    """Where files go."""
    if kept is not None:
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--mean-bpp", type=float, default=0.3)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--tune", default="psnr")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    common = {
        "preset": arguments.preset, "tune": arguments.tune, "score": True, "strip": True, "workers": arguments.workers,
    }  # fmt: skip
    print(f"{'':12}{'bpp':>9}{'mse/1e6':>10}{'PSNR':>8}{'score':>7}{'least':>7}{'time':>11}")
    with place(arguments.keep) as folder:
        one = coincodec.batch(arguments.folder, folder / "one", mean_bpp=arguments.mean_bpp, **common)
        rows = list(read(one.manifest).values())
        bits, error = summary("one price", rows, one.seconds)
        each = coincodec.batch(arguments.folder, folder / "each", bpp=arguments.mean_bpp, **common)
        bits_each, error_each = summary("each alike", list(read(each.manifest).values()), each.seconds)
    prices = [row.options["lambda_"] for row in rows]
    moved = error_each - statistics.median(prices) * (bits - bits_each)
    print(f"prices from {min(prices):.4g} to {max(prices):.4g}; of the budget {bits / arguments.mean_bpp:.2%}")
    print(f"squared error {error / error_each - 1:+.1%}, at as many bits {error / moved - 1:+.1%}")


if __name__ == "__main__":
    main()
