"""Files of every released version decode to what they decoded to when they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import coincodec

ROOT = Path(__file__).parent
FILES = sorted(ROOT.glob("golden/*/*.coin"))
# What docs/format.md lets two decoders differ by.
TOLERANCE = {8: 1, 16: 64}


def test_there_are_golden_files() -> None:
    assert len(FILES) >= 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("threads", [1, 3])
def test_golden_file(isa: str, path: Path, threads: int) -> None:
    data = path.read_bytes()
    decoded = coincodec.decode(data, threads=threads)
    expected = np.load(path.with_suffix(".npy"))
    assert decoded.dtype == expected.dtype
    assert decoded.shape == expected.shape
    difference = np.abs(decoded.astype(int) - expected).max()
    # The arrays were made with fused multiply-add, and all instruction sets that have it agree.
    assert difference <= (TOLERANCE[coincodec.info(data).bit_depth] if isa == "baseline" else 0)
