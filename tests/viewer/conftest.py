"""A folder of pictures, and the server that shows it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, find
from folders import ALONE, DAMAGED, GOLDEN, LATENT, NAMES, NO_COIN, SIREN, original, serving
from PIL import Image

from coincodec.viewer import catalogue
from coincodec.viewer.pictures import Pictures
from coincodec.viewer.server import Server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of `NAMES`, beside a file that is none of them."""
    made = tmp_path / "pictures"
    made.mkdir()
    shutil.copy(GOLDEN / "latent-rgb8.coin", tmp_path / "secret.coin")
    for number in (LATENT, SIREN):
        shutil.copy(GOLDEN / f"{NAMES[number - 1]}.coin", made)
        Image.fromarray(original(number)).save(made / f"{NAMES[number - 1]}.png")
    shutil.copy(GOLDEN / f"{NAMES[ALONE - 1]}.coin", made)
    data = bytearray((made / f"{NAMES[LATENT - 1]}.coin").read_bytes())
    data[len(data) // 2] ^= 85
    (made / f"{NAMES[DAMAGED - 1]}.coin").write_bytes(data)
    (made / f"{NAMES[NO_COIN - 1]}.coin").write_bytes(b"nonsense")
    return made


@pytest.fixture
def pictures(folder: Path) -> Pictures:
    """What there is to see in it."""
    entries, notes = catalogue.find([str(folder)])
    assert not notes
    return Pictures(entries)


@pytest.fixture
def server(pictures: Pictures) -> Iterator[Server]:
    """Serves it."""
    with serving(pictures) as running:
        yield running


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """The browser."""
    return find(pytestconfig, tmp_path_factory.mktemp("screenshots"))
