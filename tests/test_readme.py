"""The README's Python runs as printed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest


def test_python_example(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {"image": np.zeros((100, 100, 3), np.uint8)}
    exec(example, names)
    assert names["picture"].shape == (100, 100, 3)
    assert 0 < float(capsys.readouterr().out) <= 0.3
