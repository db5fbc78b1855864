"""The Python of the documentation runs as printed."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import coincodec

ROOT = Path(__file__).parents[1]


def examples(name: str) -> list[str]:
    """Blocks of Python in a page."""
    return re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)


def test_readme(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = examples("README.md")
    names = {"image": np.zeros((100, 100, 3), np.uint8)}
    exec(example, names)
    assert names["picture"].shape == (100, 100, 3)
    assert 0 < float(capsys.readouterr().out) <= 0.3


def test_colour() -> None:
    (example,) = examples("docs/colour.md")
    encode = coincodec.encode
    names: dict[str, object] = {"array": np.zeros((40, 40, 3), np.uint8)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coincodec, "encode", lambda picture, **options: encode(picture, steps=2, **options))
        exec(example, names)
    assert coincodec.info(names["data"]).colour.name == "Display P3"


def test_decoding(
    tmp_path: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = examples("docs/decoding.md")
    assert len(blocks) == 8
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo[:192, :256]).save("photo.png")
    # Fits as short as a test needs.
    encode = coincodec.encode
    monkeypatch.setattr(coincodec, "encode", lambda picture, **options: encode(picture, steps=60, **options))
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", coincodec.PartialWarning)
        for number, block in enumerate(blocks):
            exec(block.replace('model="siren", bpp=0.2)', 'model="siren", bpp=0.2, steps=60)'), names)
            if number == 0:
                Path("photo.coin").write_bytes(names["latent"])
    shapes = {name: names[name].shape for name in ("eye", "double", "zoomed", "thumbnail", "quick", "half", "small")}
    assert shapes == {
        "eye": (64, 64, 3),
        "double": (384, 512, 3),
        "zoomed": (256, 256, 3),
        "thumbnail": (24, 32, 3),
        "quick": (24, 32, 3),
        "half": (192, 256, 3),
        "small": (24, 32, 3),
    }
    assert names["image"].size == (32, 24)
    assert capsys.readouterr().out == f"1 1.0\n(256, 192) latent {coincodec.info(names['latent']).bpp}\n"
    assert np.array_equal(names["preview"].samples, coincodec.decode(names["siren"]))


def test_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = examples("docs/many.md")
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    Image.new("RGB", (40, 40)).save("photos/a.png")
    exec(example, {"__name__": "__main__"})
    assert capsys.readouterr().out == "1 ()\n"
    assert Path("coded/a.coin").exists()
