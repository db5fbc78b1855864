"""The page in a browser: open, zoom, compare, coarse to fine; by hand and by keys."""

from __future__ import annotations

import numpy as np
import pytest
from browser import OF_DAMAGED, Browser, middle
from folders import DAMAGED, GOLDEN, LATENT, NAMES, SIREN, original, serving

import coincodec
from coincodec.viewer import catalogue
from coincodec.viewer.pictures import Pictures
from coincodec.viewer.server import Server


def of_golden(number: int, **options: object) -> np.ndarray:
    return coincodec.decode((GOLDEN / f"{NAMES[number - 1]}.coin").read_bytes(), **options)


def test_open(server: Server, browser: Browser) -> None:
    script = """
await filled();
await page.waitForFunction(() => document.querySelectorAll("#grid .broken").length === 2);
await shot("grid");
const alts = await page.$$eval("#grid img", (images) => images.map((image) => image.alt));
const broken = await page.$$eval("#grid .broken", (cards) => cards.map((card) => card.innerText));
await page.click('img[alt^="latent-photograph.coin"]');
await settled();
await shot("open");
await press("1");
await settled();
return { alts, broken, hash: await page.evaluate(() => location.hash), title: await page.title(),
  label: await attribute("#canvas", "aria-label"), meta: await text("#meta"), canvas: await canvas(),
  galleryHidden: await page.isHidden("#gallery"), summary: await text("#summary") };
"""
    seen = browser.run(server.url, script, OF_DAMAGED)
    assert seen["alts"] == [
        "latent-photograph.coin, 128 × 128 pixels",
        "siren-coded-photograph.coin, 128 × 128 pixels",
        "siren-fp16-grey16.coin, 30 × 20 pixels",
    ]
    assert "damaged.coin" in seen["broken"][0]
    assert "checksum" in seen["broken"][0]
    assert "not a .coin file" in seen["broken"][1]
    assert seen["summary"].startswith("5 files, ")
    assert (seen["hash"].split(",")[0], seen["title"]) == (f"#{LATENT}", "latent-photograph.coin")
    assert seen["label"] == "latent-photograph.coin, 128 × 128 pixels, at 100 %"
    assert seen["meta"] == "128 × 128 · latent · 2,235 bytes · 1.09 bpp"
    assert seen["galleryHidden"]
    assert np.array_equal(middle(seen["canvas"], 128, 128), of_golden(LATENT))


def test_zoom(server: Server, browser: Browser) -> None:
    script = """
await settled();
const scales = [];
const said = async () => { await settled(); scales.push(await text("#zoom")); };
await said();
await press("1"); await said();
await press("+", "+", "+", "+"); await said();
await shot("zoom-siren");
const larger = await canvas();
await press("+", "+", "+", "+"); await said();
await press("-", "-"); await said();
await press("0"); await said();
await page.click("#in"); await said();
await page.click("#out"); await page.click("#out"); await said();
await page.click("#fit"); await said();
await page.click("#zoom"); await said();
await page.mouse.move(700, 400);
const under = () => page.evaluate(() => {
  const [, x, y, scale] = location.hash.slice(1).split(",").map(Number);
  const box = document.getElementById("canvas").getBoundingClientRect();
  return [x + (700 - box.left - box.width / 2) / scale, y + (400 - box.top - box.height / 2) / scale];
});
await press("+", "+", "+", "+", "+", "+");
await remembered();
const before = await under();
const wheel = async (way) => {
  const old = await text("#zoom");
  await page.mouse.wheel(0, way);
  await page.waitForFunction((text) => document.getElementById("zoom").textContent !== text, old);
  await said();
};
await wheel(-200);
await remembered();
const after = await under();
await page.mouse.dblclick(700, 400); await said();
await wheel(100000);
return { scales, larger, before, after };
"""
    seen = browser.run(f"{server.url}#{SIREN}", script)
    whole, *scales, smallest = [float(text.removesuffix(" %")) for text in seen["scales"]]
    wheeled = 800 * np.exp(0.4)
    steps = [100, 400, 1600, 800, whole, whole * 2**0.5, whole / 2**0.5, whole, 100, wheeled, 2 * wheeled]
    assert scales == pytest.approx(steps, rel=0.01)
    assert smallest == 100  # a small picture is never shown smaller than it is
    # The function itself between the pixels, not an enlarged picture.
    assert np.array_equal(middle(seen["larger"], 512, 512), of_golden(SIREN, scale=4))
    assert np.allclose(seen["before"], seen["after"], atol=0.2)


def test_zoom_of_a_latent_picture(server: Server, browser: Browser) -> None:
    script = """
await press("1", "+", "+", "+", "+"); await settled();
await shot("zoom-latent");
const smooth = await canvas();
await press("p"); await settled();
await shot("zoom-pixels");
return { smooth, squares: await canvas(), pressed: await attribute("#pixels", "aria-pressed") };
"""
    seen = browser.run(f"{server.url}#{LATENT}", script)
    picture = of_golden(LATENT)
    assert np.array_equal(middle(seen["squares"], 512, 512), picture.repeat(4, 0).repeat(4, 1))
    assert seen["pressed"] == "true"
    smooth = middle(seen["smooth"], 512, 512).astype(float)
    assert np.abs(smooth.reshape(128, 4, 128, 4, 3).mean((1, 3)) - picture).mean() < 8
    assert np.abs(np.diff(smooth, axis=1)).max() < np.abs(np.diff(picture.astype(float), axis=1)).max() / 2


def test_compare(server: Server, browser: Browser) -> None:
    script = """
await press("1"); await settled();
const seen = { plain: await canvas() };
await press("c"); await settled();
seen.divided = await canvas();
seen.pressed = await attribute("#compare", "aria-pressed");
seen.labels = [await text("#left-label"), await text("#right-label")];
await press("c");
seen.without = [await page.isHidden("#divider"), await page.isHidden("#left-label")];
await press(" ");  // down and up again
await settled();
seen.released = await canvas();
await page.keyboard.down(" "); await settled();
seen.held = await canvas();
await page.keyboard.up(" ");
await page.click("#compare"); await press("0"); await settled();
await shot("compare");
await page.focus("#divider");
const moves = [await attribute("#divider", "aria-valuenow")];
for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End", "Shift+ArrowLeft"]) {
  await press(key);
  moves.push(await attribute("#divider", "aria-valuenow"));
}
await page.mouse.move(1280 * 0.9, 300); await page.mouse.down(); await page.mouse.move(320, 300); await page.mouse.up();
moves.push(await attribute("#divider", "aria-valuenow"));
return { ...seen, moves };
"""
    seen = browser.run(f"{server.url}#{LATENT}", script)
    picture, before = of_golden(LATENT), original(LATENT)
    assert np.array_equal(middle(seen["plain"], 128, 128), picture)
    divided = middle(seen["divided"], 128, 128)
    assert np.array_equal(divided[:, :64], before[:, :64])
    assert np.array_equal(divided[:, 64:], picture[:, 64:])
    assert seen["pressed"] == "true"
    assert seen["labels"] == ["original", "2,235 bytes"]
    assert seen["without"] == [True, True]
    assert np.array_equal(middle(seen["held"], 128, 128), before)
    assert np.array_equal(middle(seen["released"], 128, 128), picture)
    assert seen["moves"] == ["50", "52", "54", "52", "0", "100", "90", "25"]


def test_a_picture_without_an_original_is_not_compared(server: Server, browser: Browser) -> None:
    script = """
await press("c", " "); await settled();
return [await page.isHidden("#compare"), await page.isHidden("#flip"), await page.isHidden("#divider")];
"""
    assert browser.run(f"{server.url}#5", script) == [True, True, True]


def test_coarse_to_fine(server: Server, browser: Browser) -> None:
    script = """
await press("1", "p"); await settled();
await press("s");
await page.waitForFunction(() => document.getElementById("said").textContent.includes("The picture"));
const last = [await text("#said"), await canvas()];
await page.focus("#step");
await press("ArrowLeft", "ArrowLeft");
await stepped();
await shot("coarse-to-fine");
const coarse = [await attribute("#step", "aria-valuetext"), await canvas()];
await page.click("#play");
const playing = await text("#play");
await page.waitForFunction(() => document.getElementById("play").textContent === "Play");
await settled();
const end = [await text("#said"), await canvas()];
await press("s");
return { last, coarse, playing, end, hidden: await page.isHidden("#sequence") };
"""
    seen = browser.run(f"{server.url}#{SIREN}", script)
    size = (GOLDEN / "siren-coded-photograph.coin").stat().st_size
    assert seen["last"][0] == f"The picture, 128 × 128 samples, {size} bytes of {size} (100 %)"
    assert seen["coarse"][0].startswith("1:4, 32 × 32 samples, ")
    preview = next(p for p in coincodec.progressive((GOLDEN / f"{NAMES[SIREN - 1]}.coin").read_bytes()) if p.step == 4)
    shown = middle(seen["coarse"][1], 128, 128).astype(int)
    places = np.minimum(np.round((np.arange(128) + 0.5 - preview.place) / 4).astype(int), 31)
    expected = preview.samples[places][:, places]
    assert (np.abs(shown - expected).max(-1) == 0).mean() > 0.7  # the rest lies where two squares meet
    assert seen["playing"] == "Pause"
    assert seen["end"] == seen["last"]
    assert np.array_equal(middle(seen["end"][1], 128, 128), of_golden(SIREN))
    assert seen["hidden"]


def test_keyboard(server: Server, browser: Browser) -> None:
    script = """
await filled();
const went = [];
const at = async () => went.push(await focused());
await press("Tab"); await at();
await press("ArrowRight"); await at();
await press("ArrowRight"); await at();
await press("ArrowRight"); await at();
await press("Home"); await at();
await press("End", "ArrowLeft"); await at();
await shot("keyboard-grid");
await press("Enter"); await settled(); await at();
const names = [];
const named = async () => names.push(await text("#name"));
await named();
await press("ArrowLeft"); await named();
await press("ArrowLeft"); await named();
await press("PageDown"); await named();
await press("1", "+", "+", "+", "+", "+", "+", "+", "+"); await settled();
await remembered();
const place = () => page.evaluate(() => location.hash.split(",").map((n) => Number(n.replace("#", ""))));
const before = await place();
await press("ArrowRight", "ArrowDown"); await named();
await page.waitForFunction(([, x, y]) => {
  const [, newX, newY] = location.hash.split(",").map(Number);
  return newX !== x && newY !== y;
}, before);
const after = await place();
await press("i");
await page.waitForFunction(() => document.querySelector("#facts dd"));
await shot("keyboard-info");
const info = await page.innerText("#facts");
await press("?");
await shot("keyboard-help");
const help = await page.evaluate(() => document.getElementById("help").open);
await press("Escape");
const open = [await page.isVisible("#info"), await page.isVisible("#viewer")];
await press("Escape");
open.push(await page.isVisible("#info"), await page.isVisible("#viewer"));
await press("Escape");
await page.waitForSelector("#gallery:not([hidden])");
open.push(await page.isVisible("#viewer"));
await at();
const unnamed = await page.evaluate(() => [...document.querySelectorAll("button, a, [role=slider], input")]
  .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.querySelector("img[alt]"))).length);
return { went, names, before, after, info, help, open, unnamed };
"""
    seen = browser.run(server.url, script, OF_DAMAGED)
    latent, siren, alone = (f"picture-{number}" for number in (LATENT, SIREN, 5))
    assert seen["went"] == [latent, siren, alone, alone, latent, siren, "canvas", siren]
    assert seen["names"] == [f"{NAMES[n - 1]}.coin" for n in (SIREN, LATENT, LATENT, SIREN, SIREN)]
    assert seen["before"][0] == seen["after"][0] == SIREN
    assert seen["before"][3] == seen["after"][3] == 16
    assert seen["after"][1] > seen["before"][1] + 5
    assert seen["after"][2] > seen["before"][2] + 2
    assert "multiply-accumulates per pixel" in seen["info"]
    assert seen["help"]
    assert seen["open"] == [True, True, False, True, False]
    assert seen["unnamed"] == 0


def test_the_address_says_where_one_looks(server: Server, browser: Browser) -> None:
    script = """
await settled();
const first = await text("#zoom");
await page.goBack(); await page.goForward(); await settled();
await page.reload(); await settled();
const again = [await text("#zoom"), await page.evaluate(() => location.hash)];
await page.evaluate(() => { location.hash = "#99"; });
await page.waitForSelector("#gallery:not([hidden])");
return [first, ...again];
"""
    hash = f"#{SIREN},60.0,70.0,16.00"
    assert browser.run(f"{server.url}{hash}", script, OF_DAMAGED) == ["1600 %", "1600 %", hash]


def test_a_damaged_file_says_so_where_it_is_opened(server: Server, browser: Browser) -> None:
    script = """
await page.waitForSelector("#error:not([hidden])");
await shot("damaged");
return text("#error");
"""
    assert "checksum" in browser.run(f"{server.url}#{DAMAGED}", script, OF_DAMAGED)


def test_transparent_pictures_lie_on_squares(browser: Browser) -> None:
    coded = GOLDEN / "latent-rgba8.coin"
    entries, _ = catalogue.find([str(coded)])
    script = """
await press("1"); await settled();
await shot("transparent");
return canvas();
"""
    decoded = coincodec.decode(coded.read_bytes()).astype(float)
    height, width, _ = decoded.shape
    with serving(Pictures(entries)) as server:
        shown = middle(browser.run(f"{server.url}#1", script), width, height).astype(float)
    alpha = decoded[:, :, 3:] / 255
    far = [np.abs(alpha * decoded[:, :, :3] + (1 - alpha) * under - shown).max(-1) for under in (255, 221)]
    assert np.minimum(*far).max() <= 2
    clear = alpha[:, :, 0] < 0.5
    assert (far[0][clear] > 2).any()
    assert (far[1][clear] > 2).any()
