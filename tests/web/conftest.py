"""Fixtures: the npm package, a browser, what it shows."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pages import Browser, Site, serving
from PIL import Image

import chromium
import coincodec

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm package: the one that COINCODEC_WEB names, else it is built, which takes minutes."""
    if folder := os.environ.get("COINCODEC_WEB"):
        return Path(folder).resolve()
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("needs ziglang, or COINCODEC_WEB")
    target = tmp_path_factory.mktemp("web") / "dist"
    command = [sys.executable, ROOT / "web/build.py", "--to", target]
    subprocess.run(command, check=True, capture_output=True)
    return target


@pytest.fixture(scope="session")
def modules(pytestconfig: pytest.Config) -> Path:
    """A folder in which npm has installed what drives the browser, and what checks types."""
    return chromium.installed(pytestconfig)


@pytest.fixture(scope="session")
def browser(modules: Path) -> Iterator[Browser]:
    """One for all tests."""
    browser = Browser(modules, chromium.found())
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def picture(photo: NDArray[np.uint8]) -> bytes:
    """A latent file of a photograph, 768x512."""
    samples = np.asarray(Image.fromarray(photo).resize((768, 512)))
    return coincodec.encode(samples, model="latent", preset="instant", steps=60)


@pytest.fixture
def site(package: Path, picture: bytes) -> Iterator[Site]:
    """The package, the golden files and a photograph."""
    with serving({"coincodec": package, "golden": ROOT / "tests/golden/v1"}) as site:
        site.files["photo.coin"] = picture
        yield site


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go."""
    return Path(os.environ.get("COINCODEC_SCREENSHOTS", tmp_path)).resolve()
