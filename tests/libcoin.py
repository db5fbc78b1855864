"""What tests of libcoin share: commands that succeed, and its example's answers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np

import coincodec

ROOT = Path(__file__).parents[1]
GOLDEN = sorted((ROOT / "tests/golden/v1").glob("*.coin"))


def run(*command: str | Path, **environment: str) -> bytes:
    """Standard output of a command that succeeds."""
    result = subprocess.run(command, capture_output=True, env=os.environ | environment, check=False)
    assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")
    return result.stdout


def read_pam(data: bytes) -> np.ndarray:
    """The samples of a PAM file, grey without an axis of channels."""
    header, body = data.split(b"ENDHDR\n", 1)
    fields = dict(line.split(b" ") for line in header.splitlines()[1:])
    height, width, depth = (int(fields[name]) for name in (b"HEIGHT", b"WIDTH", b"DEPTH"))
    samples = np.frombuffer(body, np.uint8 if fields[b"MAXVAL"] == b"255" else ">u2").reshape(height, width, depth)
    return samples[:, :, 0] if depth == 1 else samples


def decoded_alike(program: Path, path: Path, **environment: str) -> bool:
    """Whether the example decodes a file as Python does."""
    return np.array_equal(read_pam(run(program, path, **environment)), coincodec.decode(path.read_bytes()))
