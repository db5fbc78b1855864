"""The second decoder, written from docs/format.md alone, reads what coincodec has written, and sees the same."""

from __future__ import annotations

from pathlib import Path

import pytest

import coincodec
import second

# All but photographs of latents, of which each takes seconds; one in tiles and one whole are among the others.
FILES = [
    path
    for path in sorted((Path(__file__).parent / "golden" / "v1").glob("*.coin"))
    if not path.stem.startswith("latent-") or path.with_suffix(".npy").stat().st_size < 48_000
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_file(path: Path) -> None:
    data = path.read_bytes()
    samples = coincodec.decode(data)
    picture = second.decode(data)
    assert picture.samples.dtype == samples.dtype
    assert picture.within(samples.reshape(picture.samples.shape))


def test_another_picture_is_not_within() -> None:
    """The check above can fail."""
    picture = second.decode(FILES[0].read_bytes())
    moved = picture.samples.copy()
    moved[0, 0, 0] ^= 1 << 10
    assert picture.within(picture.samples)
    assert not picture.within(moved)
