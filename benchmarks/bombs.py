"""Time and memory that files take which ask for more than anyone has, to be refused by Python and by C.

    python benchmarks/bombs.py

The files are the bombs of tests/conformance/invalid. Times are those of the library's calls alone, in C the first of
their process, in Python after a sound file. Memory is ru_maxrss: for Python what it grows by, for C the whole process.
Needs cmake and a C++ compiler.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOMBS = sorted((ROOT / "tests/conformance/invalid").glob("bomb-*.coin"))
SOUND = ROOT / "tests/conformance/valid/latent-rgb8.coin"
PYTHON = """
import io, resource, sys, time
import coincodec, numpy
sound, data = (open(path, "rb").read() for path in sys.argv[1:])
coincodec.decode(sound)
before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
try:
    coincodec.decode(data)
    coincodec.open(io.BytesIO(data)).metadata()
except coincodec.FormatError as error:
    spent, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{1e6 * spent:.0f} {1024 * (after - before)}")
"""


def built(folder: str) -> Path:
    """The program in C that measures."""
    options = ["-DCOINCODEC_CHECKS=ON", "-DCOINCODEC_ONE_ISA=ON"]
    for command in (
        ["cmake", "-S", str(ROOT / "native/libcoin"), "-B", folder, *options],
        ["cmake", "--build", folder, "--target", "bombs", "--parallel", "2"],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Path(folder) / "checks/bombs"


def told(*command: str | Path) -> list[int]:
    """The numbers that a command prints."""
    return [int(number) for number in subprocess.run(command, check=True, capture_output=True).stdout.split()]


def main() -> None:
    """Prints a row for each file, then the largest numbers."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        program = built(folder)
        print(f"{'':<42}{'bytes':>9}{'Python':>12}{'':>12}{'C':>12}")
        for path in BOMBS:
            python, (_, *c) = told(sys.executable, "-c", PYTHON, SOUND, path), told(program, path)
            rows.append((path.stat().st_size, *python, *c))
            _print(path.stem, rows[-1])
    _print("at most", tuple(map(max, zip(*rows, strict=True))))


def _print(name: str, row: tuple[int, ...]) -> None:
    size, *numbers = row
    cells = "".join(
        f"{time / 1000:>9.1f} ms{memory / 1e6:>9.1f} MB"
        for time, memory in zip(numbers[::2], numbers[1::2], strict=True)
    )
    print(f"{name:<42}{size:>9,}{cells}", flush=True)


if __name__ == "__main__":
    main()
