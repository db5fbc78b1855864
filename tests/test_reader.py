"""Files opened and not yet decoded."""

from __future__ import annotations

import io
from dataclasses import fields
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import coincodec
from coincodec import container
from coincodec.errors import CorruptError, NotCoinError, TruncatedError, UnsupportedError, UsageError
from coincodec.options import DecodeArguments, DecodeOptions

FITS = {
    "siren": {"model": "siren", "layers": 2, "width": 8, "steps": 5},
    "latent": {"model": "latent", "steps": 5},
}


@pytest.fixture(scope="module", params=FITS)
def stream(request: pytest.FixtureRequest, photo: np.ndarray) -> tuple[str, bytes]:
    """A small part of a photograph, and its family."""
    return request.param, coincodec.encode(np.ascontiguousarray(photo[:90, :120]), **FITS[request.param])


class Pipe:
    """A file that gives a few bytes at a time and cannot seek."""

    def __init__(self, data: bytes) -> None:
        self.file, self.taken = io.BytesIO(data), 0

    def read(self, count: int = -1) -> bytes:
        part = self.file.read(count if count < 0 else min(count, 7))
        self.taken += len(part)
        return part


def test_what_the_header_says(tmp_path: Path, stream: tuple[str, bytes]) -> None:
    family, data = stream
    (tmp_path / "a.coin").write_bytes(data)
    with coincodec.open(tmp_path / "a.coin") as file:
        assert isinstance(file, coincodec.CoinFile)
        assert (file.family, file.size, file.channels, file.bit_depth) == (family, (120, 90), 3, 8)
        assert file.bytes == len(data)
        assert file.bpp == coincodec.info(data).bpp
        assert f"{family} 120x90" in repr(file)


def test_no_more_than_the_header_is_needed(stream: tuple[str, bytes]) -> None:
    family, data = stream
    start = data[: container.read_layout(data).header_bytes]
    file = coincodec.open(io.BytesIO(start))
    assert (file.family, file.bytes) == (family, len(data))
    with pytest.raises(TruncatedError):
        file.decode()


def test_decoding_is_that_of_the_stream(tmp_path: Path, stream: tuple[str, bytes]) -> None:
    _, data = stream
    path = tmp_path / "a.coin"
    path.write_bytes(data)
    with coincodec.open(str(path)) as file:
        for options in ({}, {"region": (3, 4, 50, 60)}, {"scale": 0.5}, {"size": (30, 20), "draft": True}):
            expected = coincodec.decode(data, **options)
            assert np.array_equal(file.decode(**options), expected)
            assert np.array_equal(np.concatenate(list(file.rows(**options))), expected)
        assert np.array_equal(list(file.progressive())[-1].samples, file.decode())


def test_any_file_object(stream: tuple[str, bytes]) -> None:
    _, data = stream
    pipe = Pipe(data)
    file = coincodec.open(pipe)  # type: ignore[arg-type]
    assert pipe.taken <= container.MAX_HEADER_BYTES
    assert np.array_equal(file.decode(), coincodec.decode(data))
    buffer = io.BytesIO(data)
    with coincodec.open(buffer) as file:
        file.decode()
    assert not buffer.closed


def test_rows_of_a_large_picture(stream: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    _, data = stream
    monkeypatch.setattr("coincodec.codec._BAND", 1000)
    bands = list(coincodec.open(io.BytesIO(data)).rows())
    assert len(bands) == 12
    assert all(band.shape[1:] == (120, 3) for band in bands)
    assert np.array_equal(np.concatenate(bands), coincodec.decode(data))


def test_rows_complain_at_once(stream: tuple[str, bytes]) -> None:
    file = coincodec.open(io.BytesIO(stream[1]))
    with pytest.raises(UsageError):
        file.rows(region=(0, 0, 999, 1))


def test_previews_keep_the_form_of_the_picture(stream: tuple[str, bytes]) -> None:
    file = coincodec.open(io.BytesIO(stream[1]))
    assert file.preview(40).shape == (30, 40, 3)
    assert np.array_equal(file.preview(40), file.decode(size=(40, 30), draft=True))
    assert np.array_equal(file.preview(5000), file.decode())
    with pytest.raises(UsageError, match="at least one pixel"):
        file.preview(0)


def test_after_close(tmp_path: Path, stream: tuple[str, bytes]) -> None:
    path = tmp_path / "a.coin"
    path.write_bytes(stream[1])
    file = coincodec.open(path)
    with file:
        pass
    assert file.size == (120, 90)
    with pytest.raises(UsageError, match="closed"):
        file.decode()


def test_what_is_no_coin_file(tmp_path: Path, stream: tuple[str, bytes]) -> None:
    with pytest.raises(NotCoinError):
        coincodec.open(io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(100)))
    with pytest.raises(FileNotFoundError):
        coincodec.open(tmp_path / "none.coin")
    broken = bytearray(stream[1])
    broken[10] ^= 1
    with pytest.raises(CorruptError):
        coincodec.open(io.BytesIO(bytes(broken)))
    header = container.Header(99, 5, 5, 3, 8, b"")
    with pytest.raises(UnsupportedError, match="family 99"):
        coincodec.open(io.BytesIO(container.write(header, [])))


def test_no_header_is_longer_than_is_read() -> None:
    side = container.MAX_SIDE
    header = container.Header(2, side, side, 4, 16, bytes(container.MAX_PARAMETERS))
    table = [(255, container.MAX_SECTION_BYTES)] * container.MAX_SECTIONS
    assert len(container._write_header(header, table)) <= container.MAX_HEADER_BYTES


def test_options_are_those_of_decode() -> None:
    names = [field.name for field in fields(DecodeOptions)]
    assert list(DecodeArguments.__annotations__) == names
    assert list(signature(coincodec.decode).parameters)[1:] == names


def test_a_notebook_shows_it(photo: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    data = coincodec.encode(np.ascontiguousarray(photo[:60, :80]), layers=2, width=8, steps=10)
    with coincodec.open(io.BytesIO(data)) as file:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(file._repr_png_()))), coincodec.decode(data))
        monkeypatch.setattr("coincodec.reader._SHOWN", 40)
        assert Image.open(io.BytesIO(file._repr_png_())).size == (40, 30)
