"""Files of every released version decode to what they decoded to when they were written."""

from __future__ import annotations

import re
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


def test_the_hex_dump_in_the_format_document_is_the_golden_file() -> None:
    text = (ROOT.parent / "docs" / "format.md").read_text()
    dump = re.search(r"```hexdump\n(.*?)```", text, re.DOTALL)
    assert dump is not None
    pairs = [re.match(r"(?:[0-9A-F]{2} )*[0-9A-F]{2}(?= {2})", line) for line in dump[1].splitlines()]
    written = bytes.fromhex(" ".join(match[0] for match in pairs if match))
    assert len(pairs) == len([match for match in pairs if match])
    assert written == (ROOT / "golden" / "v1" / "siren-fp16-worked-example.coin").read_bytes()
    assert coincodec.decode(written).tolist() == [[41, 159, 248]] * 2
