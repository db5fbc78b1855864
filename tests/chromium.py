"""A browser without a window, and what drives it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

# Debian's name, and others'.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# What npm is to install: the driver, and what checks types.
TOLD = Path(__file__).parents[1] / "web/package.json"


def found() -> str:
    """The browser; skips the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    return CHROMIUM


def installed(config: pytest.Config) -> Path:
    """A folder in which npm has installed what tests need, kept between runs; skips the test where that cannot be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm")
    assert config.cache is not None
    worker = getattr(config, "workerinput", {}).get("workerid", "alone")
    folder: Path = config.cache.mkdir(f"npm-{worker}")  # processes side by side would be in each other's way
    if not (folder / "node_modules").exists() or (folder / "package.json").read_bytes() != TOLD.read_bytes():
        shutil.copy(TOLD, folder)
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            (folder / "package.json").unlink()
            pytest.skip(f"npm does not install what tests need: {result.stderr}")
    return folder
