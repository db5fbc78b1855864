"""What sweeps damaged files would tell of a mistake of ours."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from coincodec import image
from coincodec.errors import ImageError

PATH = Path(__file__).parents[1] / "tools" / "sweep.py"


@pytest.fixture(scope="module")
def sweep() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("sweep", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sweep", module)  # where its processes look for it
        yield module


def test_nothing_leaves_as_anything_but_one_clear_error(sweep: ModuleType) -> None:
    files = list(sweep.damages(400))
    assert len(dict(files)) > 350
    assert set(sweep.attempts(files)) == {"read", "refused"}


def test_what_would_is_told(sweep: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def reading(error: BaseException | None) -> str:
        def load(file: object, most: int) -> None:
            if error is not None:
                raise error
            time.sleep(5)

        monkeypatch.setattr(image, "load", load)
        return sweep.attempt("a.png", b"")

    assert reading(ValueError("what")) == "a.png: ValueError: what"
    assert reading(ImageError("one\ntwo")) == "a.png: an error of several lines: 'one\\ntwo'"
    assert reading(ImageError("one")) == "refused"
    monkeypatch.setattr(sweep, "SECONDS", 1)
    assert reading(None) == "a.png: took more than 1 s"


def test_crashes_are_told(sweep: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "load", lambda file, most: os._exit(3))
    assert sweep.alone([("a.png", b"")]) == ["a.png: crashed the process"]


def test_what_libraries_log_is_a_note(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png")
    opened = Image.open

    def logs(*arguments: object) -> Image.Image:
        logging.getLogger("PIL.Image").warning("odd: %s\n", "tag")
        return opened(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "open", logs)
        assert image.load(str(tmp_path / "a.png")).notes == ("odd: tag",)
    assert capsys.readouterr().err == ""
