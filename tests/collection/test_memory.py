"""How much memory workers may take, and what fits are expected to."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import coincodec
from coincodec.collection import memory
from coincodec.collection.conversion import Decoding, Encoding
from coincodec.errors import ImageError, UsageError
from coincodec.options import EncodeOptions


def test_limits_of_control_groups(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/a/b\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "a" / "memory.max").write_text("1000\n")
    (tmp_path / "a" / "b" / "memory.max").write_text("2000\n")
    assert sorted(memory.limits(tmp_path, own)) == [1000, 2000]
    own.write_text("5:cpu,memory:/x\n3:pids:/y\n")
    (tmp_path / "memory" / "x").mkdir(parents=True)
    (tmp_path / "memory" / "x" / "memory.limit_in_bytes").write_text("3000\n")
    assert list(memory.limits(tmp_path, own)) == [3000]


def test_some_memory_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_free", lambda: 1000)
    monkeypatch.setattr(memory, "limits", lambda cgroups, own: [2000])
    assert memory.available() == 850
    monkeypatch.setattr(memory, "limits", lambda cgroups, own: [100])
    assert memory.available() == 85


def test_fits_are_expected_to_take_more_the_larger_pictures_are() -> None:
    for tune in ("psnr", "eye"):
        for scored in (False, True):
            sides = (32, 300, 1000, 1400, 3000, 10_000)
            needs = [memory.of_fit((side, side, 3), EncodeOptions(tune=tune), scored) for side in sides]
            assert needs == sorted(needs)
    shape, eye = (3000, 3000, 3), EncodeOptions(tune="eye")
    assert memory.of_fit(shape, eye, scored=True) > memory.of_fit(shape, eye)
    assert memory.of_fit(shape, eye) > memory.of_fit(shape, EncodeOptions(tune="psnr"))


def test_a_siren_takes_little_more_than_its_decoding() -> None:
    decoding = memory.of_decode(10**6, 3)
    assert decoding < memory.of_fit((1000, 1000, 3), EncodeOptions(model="siren")) < 1.2 * decoding


def test_what_a_fit_may_not_take_is_refused_as_the_encode_does() -> None:
    with pytest.raises(UsageError, match="of memory"):
        memory.of_fit((3000, 3000, 3), EncodeOptions(memory=1e6))


def test_headers_say_what_is_needed(small: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(small).save(file, "PNG")
    options, led = EncodeOptions(tune="psnr"), EncodeOptions(bytes=500)
    assert Encoding(options).need(file.getvalue()[:100]) == memory.of_fit(small.shape, options)  # no pixel of it
    array = io.BytesIO()
    np.save(array, small)
    assert Encoding(options).need(array.getvalue()) == memory.of_fit(small.shape, options)
    assert Encoding(led).need(array.getvalue()) == memory.of_fit(small.shape, led)
    assert Encoding(EncodeOptions(), max_pixels=383).need(array.getvalue()) == 0
    with pytest.raises(ImageError):
        Encoding(options).need(b"hello")
    data = coincodec.encode(small, model="siren", layers=1, width=2, steps=2)
    assert Decoding().need(data) == memory.of_decode(16 * 24, 3)
