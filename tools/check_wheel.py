"""Whether an installed coincodec does its main jobs: python tools/check_wheel.py [GOLDEN]

Needs what the wheel needs and nothing else. GOLDEN: the folder of golden files, to be decoded. Run it where there is no
compiler and no source; with GOLDEN, somewhere beside the package that is looked at.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import coincodec
from coincodec import native

# What docs/format.md lets two decoders differ by, where there is no fused multiply-add.
TOLERANCE = {8: 1, 16: 64}


def golden(folder: Path) -> int:
    """Decodes every golden file. Returns how many there are."""
    files = sorted(folder.glob("*/*.coin"))
    for path in files:
        data = path.read_bytes()
        decoded, expected = coincodec.decode(data), np.load(path.with_suffix(".npy"))
        difference = np.abs(decoded.astype(int) - expected).max()
        exact = native.selected_isa() != "baseline"
        assert difference <= (0 if exact else TOLERANCE[coincodec.info(data).bit_depth]), (path, difference)
    return len(files)


def command() -> None:
    """README's main job: a picture to a file and back."""
    y, x = np.mgrid[:120, :160]
    picture = np.stack([x, y, 255 - (x + y) // 2], -1).astype(np.uint8)
    coin = shutil.which("coin", path=str(Path(sys.executable).parent)) or shutil.which("coin")
    assert coin is not None
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photo.png"
        Image.fromarray(picture).save(source)
        subprocess.run([coin, "encode", source, "--preset", "instant", "-q"], check=True)
        subprocess.run([coin, "decode", source.with_suffix(".coin"), "-o", Path(folder) / "back.png", "-q"], check=True)
        with Image.open(Path(folder) / "back.png") as found:
            error = np.mean((np.asarray(found).astype(float) - picture) ** 2)
    assert error < 20, error


def main() -> None:
    """Checks everything."""
    parser = argparse.ArgumentParser(description="Checks an installed coincodec.")
    parser.add_argument("golden", type=Path, nargs="?", metavar="GOLDEN")
    arguments = parser.parse_args()
    count = golden(arguments.golden) if arguments.golden else 0
    command()
    version, isa = coincodec.__version__, native.selected_isa()
    python = sys.version.split()[0]
    print(f"coincodec {version}, {isa}, Python {python}: {count} golden files, a picture there and back")


if __name__ == "__main__":
    main()
