"""`coin view --export`: the page as files, whole or not at all."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import os
import stat
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from browser import Browser, middle
from folders import ALONE, DAMAGED, GOLDEN, LATENT, NAMES, NO_COIN, SIREN, original
from PIL import Image

import coincodec
from coincodec.viewer import export
from commands import Coin

BUILT = next((folder for folder in export.DECODERS if (folder / "package.json").is_file()), None)


@pytest.fixture
def decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like the decoder's."""
    made = tmp_path / "decoder"
    made.mkdir()
    for name in ("coin.js", "coin.wasm", "coin-simd.wasm", "directions.bin", "coin.d.ts", "LICENSE"):
        (made / name).write_text(name)
    (made / "package.json").write_text(json.dumps({"version": coincodec.__version__}))
    monkeypatch.setattr(export, "DECODERS", (tmp_path / "none", made))
    return made


def names(folder: Path) -> set[str]:
    """Files in it, and in folders within."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_an_export_has_all_that_the_page_needs(folder: Path, decoder: Path, coin: Coin) -> None:
    out = folder.parent / "out"
    status, said, notes = coin("view", str(folder), "--export", f"{out}/")
    assert (status, said) == (0, "")
    assert "damaged.coin: " in notes
    assert "nonsense.coin: not a .coin file" in notes
    assert notes.splitlines()[-1] == f"{out}/index.html: 3 pictures, for any web host"
    pictures = {f"pictures/{n}.coin" for n in (LATENT, SIREN, ALONE)}
    pictures |= {f"pictures/{n}-small.jpg" for n in (LATENT, SIREN, ALONE)}
    pictures |= {f"pictures/{n}-original.png" for n in (LATENT, SIREN)}
    module = {f"decoder/{name}" for name in ("coin.js", "coin.wasm", "coin-simd.wasm", "directions.bin", "LICENSE")}
    page = {
        "index.html",
        "style.css",
        "picture.css",
        "viewer.js",
        "source.js",
        "icon.svg",
        "catalogue.json",
    }
    assert names(out) >= pictures | module | page
    assert not {name for name in names(out) if name.endswith((".py", ".pyc", ".d.ts"))}
    catalogue = json.loads((out / "catalogue.json").read_text())
    assert catalogue["decoder"] == "decoder/coin.js"
    shown = catalogue["pictures"]
    assert [picture["name"] for picture in shown] == [f"{name}.coin" for name in NAMES]
    assert set(shown[DAMAGED - 1]) == set(shown[NO_COIN - 1]) == {"name", "error"}
    named = {p[key] for p in shown for key in ("file", "thumbnail", "original") if isinstance(p.get(key), str)}
    assert named == pictures
    assert shown[SIREN - 1]["info"]["network"].startswith("3x")
    assert str(folder.parent) not in (out / "catalogue.json").read_text()
    for number in (LATENT, SIREN):
        name = NAMES[number - 1]
        assert (out / f"pictures/{number}.coin").read_bytes() == (GOLDEN / f"{name}.coin").read_bytes()
        written = np.asarray(Image.open(out / f"pictures/{number}-original.png"))
        assert np.array_equal(written, original(number))


def test_an_export_is_for_all_to_read(folder: Path, decoder: Path, coin: Coin) -> None:
    out = folder.parent / "out"
    mask = os.umask(0o022)
    try:
        assert coin("view", "-q", "--export", str(out), str(folder))[0] == 0
    finally:
        os.umask(mask)
    assert stat.S_IMODE(out.stat().st_mode) == 0o755


def test_an_export_goes_to_an_empty_folder(folder: Path, decoder: Path, coin: Coin) -> None:
    out = folder.parent / "out"
    out.mkdir()
    assert coin("view", "-q", "--export", str(out), str(folder))[0] == 0
    assert "index.html" in names(out)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_there_is_not_replaced(folder: Path, decoder: Path, coin: Coin, kind: str) -> None:
    out = folder.parent / "out"
    (out / "mine").mkdir(parents=True) if kind == "folder" else out.write_text("mine")
    status, _, said = coin("view", "--export", str(out), str(folder))
    assert status == 2
    assert said == f"coin: {out} exists and is not empty; an export goes to a new or an empty folder\n"
    assert (out / "mine").is_dir() if kind == "folder" else out.read_text() == "mine"


def test_an_export_that_fails_leaves_nothing(
    folder: Path, decoder: Path, coin: Coin, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(folder.parent)

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "_small_file", fail)
    assert coin("view", "-q", "--export", str(folder.parent / "out"), str(folder))[0] == 1
    assert names(folder.parent) == before
    assert not list(folder.parent.glob(".out*"))


def test_an_interrupted_export_leaves_nothing(
    folder: Path, decoder: Path, coin: Coin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_small_file", interrupt)
    status, _, said = coin("view", "-q", "--export", str(folder.parent / "out"), str(folder))
    assert (status, said) == (130, "coin: interrupted\n")
    assert not list(folder.parent.glob("*out*"))


def test_nothing_sound_is_no_export(folder: Path, decoder: Path, coin: Coin) -> None:
    status, _, said = coin("view", "--export", str(folder.parent / "out"), str(folder / "nonsense.coin"))
    assert (status, said) == (
        1,
        "coin: there is nothing to show: nonsense.coin: not a .coin file (the signature is missing)\n",
    )
    assert not (folder.parent / "out").exists()


def test_a_decoder_that_was_not_built_is_told(
    folder: Path, coin: Coin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "DECODERS", (tmp_path / "none",))
    status, _, said = coin("view", "--export", str(tmp_path / "out"), str(folder))
    assert status == 1
    assert said.startswith("coin: the decoder for browsers has not been built; make it by: pip install ziglang")
    assert said.count("\n") == 1


def test_a_decoder_of_another_version_is_told(folder: Path, decoder: Path, coin: Coin, tmp_path: Path) -> None:
    (decoder / "package.json").write_text('{"version": "0.0.1"}')
    status, _, said = coin("view", "--export", str(tmp_path / "out"), str(folder))
    assert status == 1
    assert f"is of version 0.0.1, not {coincodec.__version__}" in said


def test_pictures_with_alpha_stay_so_in_the_grid(decoder: Path, coin: Coin, tmp_path: Path) -> None:
    assert coin("view", "-q", "--export", str(tmp_path / "out"), str(GOLDEN / "siren-coded-rgba8.coin"))[0] == 0
    small = Image.open(io.BytesIO((tmp_path / "out/pictures/1-small.png").read_bytes()))
    assert np.array_equal(np.asarray(small), np.load(GOLDEN / "siren-coded-rgba8.npy"))


@contextlib.contextmanager
def hosting(folder: Path) -> Iterator[str]:
    """The address of a folder on some web host."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


needs_decoder = pytest.mark.skipif(BUILT is None, reason="needs the decoder for browsers: python web/build.py")


@needs_decoder
def test_the_page_decodes_by_itself(folder: Path, coin: Coin, browser: Browser) -> None:
    out = folder.parent / "out"
    assert coin("view", "-q", "--export", str(out), str(folder))[0] == 0
    script = """
await filled();
await shot("export-grid");
const errors = await page.$$eval("#grid .broken p", (texts) => texts.map((text) => text.textContent));
await page.click('img[alt^="siren-coded-photograph"]'); await settled();
await press("1", "+", "+", "+", "+"); await settled();
await shot("export-zoom");
const siren = await canvas();
await press("1", "c"); await settled();
const divided = await canvas();
await press("i"); await page.waitForSelector("#facts dd");
const info = [await page.innerText("#facts"), await page.getAttribute("#download a", "download")];
await press("i", "c", "PageUp"); await settled();
await press("1"); await settled();
const latent = await canvas();
await press("s");
await page.waitForFunction(() => document.getElementById("said").textContent.includes("The picture"));
const steps = await attribute("#step", "max");
await page.focus("#step"); await press("Home"); await stepped();
await shot("export-coarse");
return { errors, siren, divided, info, latent, steps, coarse: await canvas() };
"""
    with hosting(out) as url:
        seen = browser.run(url, script)
    assert len(seen["errors"]) == 2
    latent, siren = ((GOLDEN / f"{NAMES[n - 1]}.coin").read_bytes() for n in (LATENT, SIREN))

    def far(shown: np.ndarray, expected: np.ndarray) -> int:
        return int(np.abs(shown.astype(int) - expected).max())

    # Without fused multiply and add samples may differ by one.
    assert far(middle(seen["siren"], 512, 512), coincodec.decode(siren, scale=4)) <= 1
    assert far(middle(seen["latent"], 128, 128), coincodec.decode(latent)) <= 1
    divided = middle(seen["divided"], 128, 128)
    assert np.array_equal(divided[:, :64], original(SIREN)[:, :64])
    assert far(divided[:, 64:], coincodec.decode(siren)[:, 64:]) <= 1
    assert "multiply-accumulates per pixel" in seen["info"][0]
    assert seen["info"][1] == "siren-coded-photograph.coin"
    assert int(seen["steps"]) == len(list(coincodec.progressive(latent))) - 1
    assert far(middle(seen["coarse"], 128, 128), coincodec.decode(latent)) > 30


@needs_decoder
@pytest.mark.parametrize("colour", [(12, 13), (9, 13)])
def test_the_page_converts_colours_by_itself(
    tmp_path: Path, coin: Coin, browser: Browser, colour: tuple[int, int]
) -> None:
    y, x = np.mgrid[0:40, 0:40]
    picture = np.stack([60 + 3 * x, 80 + 2 * y, 120 - x - y], -1).astype(np.uint8)
    data = coincodec.encode(picture, model="siren", bpp=2, steps=200, colour=coincodec.Colour(*colour))
    (tmp_path / "wide.coin").write_bytes(data)
    assert coin("view", "-q", "--export", str(tmp_path / "out"), str(tmp_path / "wide.coin"))[0] == 0
    with hosting(tmp_path / "out") as url:
        shown = middle(browser.run(f"{url}#1", 'await press("1"); await settled(); return canvas();'), 40, 40)
    converted = coincodec.decode(data, srgb=True).astype(int)
    assert np.abs(converted - coincodec.decode(data)).max() > 8
    assert np.abs(converted - shown).max() <= 3
