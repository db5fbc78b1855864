"""Parts of a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import coincodec
from coincodec import Limits, cli
from coincodec.errors import LimitError, UsageError
from coincodec.region import Region, row_bands

WIDTH, HEIGHT = 233, 131
FITS = {
    "siren": {"layers": 3, "width": 12, "steps": 20},
    "latent": {"model": "latent", "preset": "fast", "steps": 20},
}


@pytest.fixture(scope="module", params=FITS)
def stream(request: pytest.FixtureRequest, photo: np.ndarray) -> bytes:
    """A photograph of odd sides in each family."""
    return coincodec.encode(np.ascontiguousarray(photo[:HEIGHT, :WIDTH]), **FITS[request.param])


sides = st.integers(1, 70)


@given(sides, sides, st.integers(1, 500))
def test_row_bands_cover_every_row_once(height: int, width: int, samples: int) -> None:
    rows = [row for band in row_bands(height, width, samples) for row in range(band.start, band.stop)]
    assert rows == list(range(height))


class TestDecode:
    def test_two_hundred_regions_are_those_of_the_whole_picture(self, stream: bytes, isa: str) -> None:
        whole = coincodec.decode(stream)
        rng = np.random.default_rng(0)
        for _ in range(200):
            left, right = np.sort(rng.choice(WIDTH + 1, 2, replace=False))
            top, bottom = np.sort(rng.choice(HEIGHT + 1, 2, replace=False))
            part = coincodec.decode(stream, region=(left, top, right, bottom))
            assert np.array_equal(part, whole[top:bottom, left:right])

    @pytest.mark.parametrize(
        "box", [(0, 0, WIDTH, HEIGHT), (0, 0, 1, 1), (WIDTH - 1, HEIGHT - 1, WIDTH, HEIGHT), (5, 0, 6, HEIGHT)]
    )
    def test_edges(self, stream: bytes, box: tuple[int, int, int, int]) -> None:
        left, top, right, bottom = box
        part = coincodec.decode(stream, region=box, threads=3)
        assert np.array_equal(part, coincodec.decode(stream)[top:bottom, left:right])

    def test_bands_of_a_large_picture(self, stream: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("coincodec.siren.decode._BAND", 1000)
        monkeypatch.setattr("coincodec.latent.decode._BAND", 1000)
        part = coincodec.decode(stream, region=(7, 11, 201, 129))
        assert np.array_equal(part, coincodec.decode(stream)[11:129, 7:201])

    def test_a_part_of_a_siren_may_be_decoded_where_the_whole_is_too_large(self, photo: np.ndarray) -> None:
        data = coincodec.encode(np.ascontiguousarray(photo[:64, :64]), **FITS["siren"])
        limits = Limits(pixels=100)
        assert coincodec.decode(data, region=(1, 2, 11, 12), limits=limits).shape == (10, 10, 3)
        with pytest.raises(LimitError):
            coincodec.decode(data, region=(1, 2, 12, 12), limits=limits)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 0, 5), (5, 5, 4, 9), (-1, 0, 5, 5), (0, 0, 11, 5), (0, 0, 5, 21), (0, 0, 5), (0, 0, 1, 2, 3)],
    ids=str,
)
def test_what_is_not_inside_is_refused(box: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="region"):
        Region.within(box, 10, 20)


class TestCommand:
    def test_writes_the_part(self, tmp_path: Path, stream: bytes) -> None:
        (tmp_path / "a.coin").write_bytes(stream)
        assert cli.main(["decode", str(tmp_path / "a.coin"), "--region", "10,20,42,52"]) == 0
        part = np.asarray(Image.open(tmp_path / "a.png"))
        assert np.array_equal(part, coincodec.decode(stream)[20:52, 10:42])

    @pytest.mark.parametrize("region", ["1,2,3", "a,b,c,d", "0,0,9999,1"])
    def test_nonsense_is_bad_use(self, tmp_path: Path, stream: bytes, region: str) -> None:
        (tmp_path / "a.coin").write_bytes(stream)
        try:
            status = cli.main(["decode", str(tmp_path / "a.coin"), "--region", region])
        except SystemExit as stop:
            status = stop.code
        assert status == 2
        assert not (tmp_path / "a.png").exists()
