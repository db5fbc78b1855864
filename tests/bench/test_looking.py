"""`coin bench look`: the same bytes from several codecs, names hidden until they are asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from coincodec.bench import codecs
from coincodec.cli import main
from coincodec.errors import TargetError

CROP = np.ascontiguousarray(data.astronaut()[40:136, 160:320])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(CROP).save(folder / "face.png")
    Image.fromarray(CROP[:, ::-1]).save(folder / "mirrored.png")
    return folder


def look(pictures: Path, *options: str) -> tuple[str, list[dict[str, Any]]]:
    """The page, and what it knows."""
    out = pictures.parent / "out"
    arguments = ["bench", "look", "--dataset", str(pictures), "-o", str(out), "--bpp", "0.8,2", *options]
    assert main(arguments) == 0
    text = (out / "index.html").read_text(encoding="utf-8")
    found = re.search(r"const trials = (.*), judges = ", text)
    assert found is not None
    return text, json.loads(found[1])


def image_in(pictures: Path, name: str) -> np.ndarray:
    with Image.open(pictures.parent / "out" / name) as image:
        return np.asarray(image)


def test_every_picture_at_every_rate_from_every_codec_within_its_bytes(pictures: Path) -> None:
    _, trials = look(pictures, "--codecs", "webp,avif-eye")
    assert [(t["picture"], t["bytes"]) for t in trials] == [
        (name, size) for name in ("face", "mirrored") for size in (1536, 3840)
    ]
    for trial in trials:
        assert {copy["title"] for copy in trial["copies"]} == {"WebP", "AVIF for the eye"}
        for copy in trial["copies"]:
            assert 0.8 * trial["bytes"] < copy["bytes"] <= trial["bytes"]
            assert copy["judged"]["psnr"] > 25
            assert image_in(pictures, copy["file"]).shape == CROP.shape
        original = CROP if trial["picture"] == "face" else CROP[:, ::-1]
        assert np.array_equal(image_in(pictures, trial["original"]), original)


def test_nothing_outside_the_script_names_a_codec(pictures: Path) -> None:
    text, trials = look(pictures, "--codecs", "webp,jpeg", "--only", "face")
    seen = text.partition("<script>")[0]
    assert "WebP" in text
    assert not {"WebP", "JPEG"} & set(re.findall(r"\w+", seen))
    assert not any("webp" in copy["file"] or "jpeg" in copy["file"] for t in trials for copy in t["copies"])
    assert not re.search(r"(src|href)=.?https?:", text)


def test_the_order_is_the_seeds(pictures: Path) -> None:
    orders = []
    for seed in ("0", "0", "1", "2", "3"):
        _, trials = look(pictures, "--codecs", "webp,jpeg", "--seed", seed)
        orders.append([copy["title"] for trial in trials for copy in trial["copies"]])
    assert orders[0] == orders[1]
    assert len(set(map(tuple, orders))) > 1


def test_a_codec_without_a_file_so_small_is_left_out(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, trials = look(pictures, "--codecs", "webp,avif-eye", "--only", "face", "--bpp", "0.02")
    assert all(not trial["copies"] for trial in trials)
    assert "face, 0.02 bpp: webp has no file of 38 bytes or less" in capsys.readouterr().err


def test_coin_is_asked_for_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}
    monkeypatch.setattr("coincodec.encode", lambda picture, **options: asked.update(options) or b"x")
    assert codecs.make("coin:latent-fast").encode_within(CROP, 2000) == b"x"
    assert asked == {"model": "latent", "preset": "fast", "tune": "psnr", "bytes": 2000}


def test_the_largest_file_within_a_size_is_found() -> None:
    codec = codecs.make("jpeg")
    files = [len(codec.encode(CROP, str(quality))) for quality in range(3, 96)]
    for size in (files[0], 2000, 4000, 10**6):
        assert len(codec.encode_within(CROP, size)) == max(n for n in files if n <= size)
    with pytest.raises(TargetError, match="jpeg has no file"):
        codec.encode_within(CROP, files[0] - 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--codecs", "webp"], "2 to 8 codecs, not 1"),
        (["--codecs", "webp,jpeg", "--bpp", "much"], "bpp must be numbers"),
        (["--codecs", "webp,jpeg", "--bpp", "0"], "more than 0"),
        (["--codecs", "webp,nonsense"], "unknown codec"),
    ],
)
def test_what_is_refused(pictures: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str) -> None:
    assert main(["bench", "look", "--dataset", str(pictures), "-o", str(pictures / "out"), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (pictures / "out").exists()
