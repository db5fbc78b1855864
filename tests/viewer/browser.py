"""A headless Chromium for tests."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chromium

# What Chromium logs of a picture of the damaged file.
OF_DAMAGED = ("Failed to load resource: the server responded with a status of 422",)


@dataclass(frozen=True)
class Browser:
    """Where it is, where playwright-core was installed, and where screenshots go."""

    chromium: str
    playwright: Path
    screenshots: Path

    def run(self, url: str, script: str, complaints: tuple[str, ...] = (), **context: Any) -> Any:
        """The value of a script of drive.mjs in a page of that address.

        complaints: beginnings of what the page may log; anything else fails. context: of playwright's newContext.
        """
        settings = {
            "chromium": self.chromium,
            "playwright": str(self.playwright),
            "screenshots": str(self.screenshots),
            "url": url,
            "script": script,
            "context": context,
        }
        command = ["node", Path(__file__).parent / "drive.mjs"]
        result = subprocess.run(command, input=json.dumps(settings), capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        told = json.loads(result.stdout)
        assert not [text for text in told["complaints"] if not text.startswith(complaints or ("\0",))]
        return told["value"]


def find(config: pytest.Config, screenshots: Path) -> Browser:
    """The browser; skips the test where something is missing."""
    chosen = Path(os.environ.get("COINCODEC_SCREENSHOTS", screenshots))
    chosen.mkdir(parents=True, exist_ok=True)
    return Browser(chromium.found(), chromium.installed(config), chosen)


def samples(canvas: dict[str, Any]) -> np.ndarray:
    """What drive.mjs says of a canvas, shape (height, width, 4)."""
    data = np.frombuffer(base64.b64decode(canvas["data"]), np.uint8)
    return data.reshape(canvas["height"], canvas["width"], 4)


def middle(canvas: dict[str, Any], width: int, height: int) -> np.ndarray:
    """RGB of the part of that size in its middle, where a picture of that size lies."""
    left, top = round((canvas["width"] - width) / 2 + 1e-9), round((canvas["height"] - height) / 2 + 1e-9)
    return samples(canvas)[top : top + height, left : left + width, :3]
