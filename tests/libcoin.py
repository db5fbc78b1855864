"""What tests of libcoin share: commands that succeed, and its example's answers."""

from __future__ import annotations

import os
import runpy
import subprocess
from pathlib import Path

import numpy as np

import coincodec

ROOT = Path(__file__).parents[1]
# The samples of a PAM file.
read_pam = runpy.run_path(str(ROOT / "tools/check_libcoin.py"))["samples_of"]

GOLDEN = sorted((ROOT / "tests/golden/v1").glob("*.coin"))


def run(*command: str | Path, **environment: str) -> bytes:
    """Standard output of a command that succeeds."""
    result = subprocess.run(command, capture_output=True, env=os.environ | environment, check=False)
    assert result.returncode == 0, (result.stdout + result.stderr).decode(errors="replace")
    return result.stdout


def decoded_alike(program: Path, path: Path, **environment: str) -> bool:
    """Whether the example decodes a file as Python does."""
    return np.array_equal(read_pam(run(program, path, **environment)), coincodec.decode(path.read_bytes()))
