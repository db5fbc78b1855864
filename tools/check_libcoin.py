"""Whether an installed libcoin decodes, maybe one for another processor, in an emulator:

    python tools/check_libcoin.py PREFIX --cc aarch64-linux-gnu-gcc --run "qemu-aarch64 -L /usr/aarch64-linux-gnu"

Runs the C API's test (tests/native/api.c) on the golden files, and compares what examples/coin2pam.c makes of each
with what it is to be. Needs NumPy.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = sorted((ROOT / "tests/golden").glob("*/*.coin"))


def samples_of(pam: bytes) -> np.ndarray:
    """The samples of a PAM file, grey without an axis of channels."""
    header, body = pam.split(b"ENDHDR\n", 1)
    fields = dict(line.split(b" ") for line in header.splitlines()[1:])
    height, width, depth = (int(fields[name]) for name in (b"HEIGHT", b"WIDTH", b"DEPTH"))
    samples = np.frombuffer(body, np.uint8 if fields[b"MAXVAL"] == b"255" else ">u2").reshape(height, width, depth)
    return samples[:, :, 0] if depth == 1 else samples


def main() -> None:
    """Compiles, runs, compares, and tells how far off samples are."""
    parser = argparse.ArgumentParser(description="Checks an installed libcoin.")
    parser.add_argument("prefix", type=Path, metavar="PREFIX")
    parser.add_argument("--cc", default="cc", help="compiles C for it (default: cc)")
    parser.add_argument("--run", default="", metavar="COMMAND", help="what runs programs for it, if not this machine")
    arguments = parser.parse_args()
    prefix, runner = arguments.prefix.resolve(), shlex.split(arguments.run)
    with tempfile.TemporaryDirectory() as folder:
        for source in (ROOT / "tests/native/api.c", ROOT / "examples/coin2pam.c"):
            command = [arguments.cc, "-std=c99", "-O1", source, "-o", f"{folder}/{source.stem}", f"-I{prefix}/include"]
            subprocess.run([*command, prefix / "lib/libcoin.a", "-lstdc++", "-lm", "-lpthread"], check=True)
        told = subprocess.run([*runner, f"{folder}/api", *GOLDEN], check=True, stdout=subprocess.PIPE, text=True)
        assert told.stdout == f"{len(GOLDEN)} files\n", told.stdout
        differences = []
        for path in GOLDEN:
            pam = subprocess.run([*runner, f"{folder}/coin2pam", path], check=True, stdout=subprocess.PIPE).stdout
            found, expected = samples_of(pam), np.load(path.with_suffix(".npy"))
            assert found.shape == expected.shape, path
            differences.append(int(np.abs(found.astype(int) - expected).max()))
            # What docs/format.md lets two decoders differ by; those with fused multiply-add agree.
            assert differences[-1] <= (1 if expected.dtype == np.uint8 else 64), (path, differences[-1])
    print(f"{len(GOLDEN)} files, {differences.count(0)} of them to the last bit; {max(differences)} off at most")


if __name__ == "__main__":
    main()
