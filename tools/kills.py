"""Kills encodes and writes at random moments, which must leave the old file, the new one, or none, never half.

    python tools/kills.py --kills 200

Half of the kills (`kill -9`) are of `coin encode`, from its start to shortly after its end, half of writes of a large
file, which take longer than that of an encode. A temporary file may be left, of another name; how many there were is
told. The exit status is 1 if any kill has left something else.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from coincodec.errors import FormatError

ENCODE = ["encode", "photo.png", "-o", "photo.coin", "-q", "--model", "siren", "--weights", "fp16"]
ENCODE += ["--layers", "2", "--width", "8", "--steps", "50"]

OLD, NEW = b"old" * 1000, b"new" * 1_500_000

# Writes the same file again and again until it is killed.
WRITES = f"""
from coincodec.files import write_atomically
data = {NEW[:3]!r} * {len(NEW) // 3}
print(flush=True)
while True:
    write_atomically("photo.coin", data)
"""


def killed_encode(folder: Path, longest: float, rng: random.Random) -> str:
    """Kills an encode after at most so many seconds; what is there then."""
    with subprocess.Popen([sys.executable, "-m", "coincodec", *ENCODE], cwd=folder) as child:
        time.sleep(rng.uniform(0, longest))
        child.kill()
    return state(folder / "photo.coin")


def killed_write(folder: Path, rng: random.Random) -> str:
    """Kills writes of a large file."""
    with subprocess.Popen([sys.executable, "-c", WRITES], cwd=folder, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(rng.uniform(0, 0.1))
        child.kill()
    return state(folder / "photo.coin")


def state(path: Path) -> str:
    """ "none", "old", "new" or "half"."""
    import coincodec

    if not path.exists():
        return "none"
    data = path.read_bytes()
    if data in (OLD, NEW):
        return "old" if data == OLD else "new"
    try:
        coincodec.decode(data)
    except FormatError:
        return "half"
    return "new"


def run(kills: int, seed: int) -> Counter[str]:
    """What kills have left, half of them where there was an old file before. The same moments for the same seed."""
    rng, counts = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        y, x = np.mgrid[:48, :64]
        Image.fromarray((x * 3 + y).astype(np.uint8)).save(folder / "photo.png")
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "coincodec", *ENCODE], cwd=folder, check=True)
        longest = 1.1 * (time.monotonic() - begun)
        for number in range(kills):
            path = folder / "photo.coin"
            path.unlink(missing_ok=True)
            if old := number % 4 < 2:
                path.write_bytes(OLD)
            found = killed_encode(folder, longest, rng) if number % 2 else killed_write(folder, rng)
            counts["half" if found == ("none" if old else "old") else found] += 1
            for left in folder.glob(".photo.coin.*"):
                counts["temporary"] += 1
                left.unlink()
            if sys.stderr.isatty():
                print(f"\r{number + 1} of {kills}", end="", file=sys.stderr)
    return counts


def main() -> int:
    """Runs it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    counts = run(arguments.kills, arguments.seed)
    told = ", ".join(f"{counts[name]} {name}" for name in ("old", "new", "none", "half"))
    print(f"{arguments.kills} kills left: {told}; {counts['temporary']} temporary files beside them")
    return int(counts["half"] > 0)


if __name__ == "__main__":
    sys.exit(main())
