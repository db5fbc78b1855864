"""Fixtures: instruction sets, photographs, small pictures."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from coincodec import cli, native
from commands import Coin

# How long an example takes is no property of ours.
hypothesis.settings.register_profile("coincodec", deadline=None)
hypothesis.settings.load_profile("coincodec")

# A shell's background jobs ignore Ctrl-C, and so would the processes that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=native.supported_isas())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs the test once with each instruction set that the machine has."""
    usual = native.selected_isa()
    native.select_isa(request.param)
    yield request.param
    native.select_isa(usual)


@pytest.fixture(scope="session")
def photo() -> NDArray[np.uint8]:
    """A photograph: kodim15 where COINCODEC_KODAK says where Kodak is, else one that scikit-image ships."""
    if folder := os.environ.get("COINCODEC_KODAK"):
        return np.asarray(Image.open(Path(folder) / "kodim15.png").convert("RGB"))
    from skimage import data

    return np.asarray(data.astronaut())


@pytest.fixture
def small() -> NDArray[np.uint8]:
    """A smooth RGB picture, 24 wide and 16 high."""
    y, x = np.mgrid[0:16, 0:24]
    return np.stack([x * 10, y * 15, 255 - x * 5 - y * 5], -1).astype(np.uint8)


@pytest.fixture
def coin(capfd: pytest.CaptureFixture[str]) -> Coin:
    """Runs a command in this process: (exit status, stdout, stderr)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = cli.main(arguments)
        except SystemExit as stop:
            status = stop.code
        return status, *capfd.readouterr()

    return run
