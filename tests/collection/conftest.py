"""A folder of small pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from batches import Photos
from PIL import Image


@pytest.fixture
def photos(tmp_path: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Photos:
    """Makes the folder "in" with so many pictures, a third of them in one within."""
    monkeypatch.chdir(tmp_path)

    def make(count: int) -> Path:
        for number in range(count):
            path = Path("in") / ("deep" if number % 3 == 0 else "") / f"p{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            top, left = number * 23 % 400, number * 51 % 400
            Image.fromarray(photo[top : top + 40, left : left + 56]).save(path)
        return Path("in")

    return make
