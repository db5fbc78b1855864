"""<coin-image> in headless Chromium."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pages import HELD_SHARE, TOLERANCE, Browser, Site, expected, pixels

import coincodec

GOLDEN = Path(__file__).parents[1] / "golden/v1"


# A page with one element, and a promise of the events that it gets.
ELEMENT = """
    await page.evaluate(async ([src, style]) => {
      await import("/coincodec/element.js");
      document.body.style.margin = 0;
      window.picture = Object.assign(document.createElement("coin-image"), { alt: "A photograph", src });
      picture.style = style;
      window.event = (name) => new Promise((resolve) => picture.addEventListener(name, resolve, { once: true }));
      window.loaded = event("load");
      window.previewed = event("preview");
      picture.addEventListener("preview", ({ detail }) => { picture.shown = detail.step; });
      document.body.append(picture);
    }, given);
"""


def test_an_element_shows_a_tenth_of_a_download_then_all_of_it(
    browser: Browser, site: Site, picture: bytes, shots: Path
) -> None:
    there = [p for p in coincodec.progressive(picture) if p.bytes <= int(HELD_SHARE * len(picture))]
    script = f"""
    {ELEMENT}
    await page.waitForFunction((step) => picture.shown === step, given[4]);
    const box = await page.evaluate(() => [picture.clientWidth, picture.clientHeight, picture.complete]);
    await page.screenshot({{ path: given[2], clip: {{ x: 0, y: 0, width: 768, height: 512 }} }});
    await fetch(`${{site}}/release`);
    await page.evaluate(() => loaded);
    await page.screenshot({{ path: given[3], clip: {{ x: 0, y: 0, width: 768, height: 512 }} }});
    return box;
    """
    tenth, whole = shots / "element-tenth.png", shots / "element-whole.png"
    box = browser.show(site, script, "/held/photo.coin", "", tenth, whole, there[-1].step)
    assert box == [768, 512, False]
    # Enlarged by another filter than ours.
    assert np.abs(pixels(tenth) - there[-1].picture().astype(int)).mean() < 4
    assert np.abs(pixels(whole) - expected(picture)).max() <= TOLERANCE


@pytest.mark.parametrize(("ratio", "first", "grown"), [(1, (192, 128), (600, 400)), (2, (384, 256), (768, 512))])
def test_an_element_decodes_what_is_shown(
    browser: Browser,
    site: Site,
    picture: bytes,
    shots: Path,
    ratio: int,
    first: tuple[int, int],
    grown: tuple[int, int],
) -> None:
    script = f"""
    {ELEMENT}
    const size = () => page.evaluate(() => {{
      const canvas = picture.shadowRoot.querySelector("canvas");
      return [canvas.width, canvas.height];
    }});
    await page.evaluate(() => loaded);
    const first = await size();
    await page.screenshot({{ path: given[2], clip: {{ x: 0, y: 0, width: 192, height: 128 }} }});
    await page.evaluate(() => {{ picture.style.width = "600px"; }});
    await page.waitForFunction((width) => picture.shadowRoot.querySelector("canvas").width > width, first[0]);
    return [first, await size()];
    """
    path = shots / f"element-small-{ratio}.png"
    told = browser.show(site, script, "/photo.coin", "width: 192px", path, deviceScaleFactor=ratio)
    assert told == [list(first), list(grown)]
    assert np.abs(pixels(path) - expected(picture, size=first)).max() <= TOLERANCE


BOXES = [
    "", "width: 300px", "height: 200px", "width: 300px; height: 300px; object-fit: cover", "max-width: 100px",
    "width: 50%", "max-height: 60px", "width: 100%; height: auto", "padding: 10px; border: 3px solid; width: 200px",
    "display: block; width: 200px", "float: right; width: 150px", "min-height: 250px",
]  # fmt: skip


def test_an_element_takes_the_room_of_an_img(browser: Browser, site: Site) -> None:
    script = """
    const boxes = await page.evaluate(async ([styles, size]) => {
      await import("/coincodec/element.js");
      const png = document.createElement("canvas");
      [png.width, png.height] = size;
      const boxes = [];
      for (const attributes of [{}, { width: 400 }, { width: 400, height: 100 }]) {
        for (const style of styles) {
          const found = [];
          for (const [tag, src] of [["img", png.toDataURL()], ["coin-image", "/golden/latent-tiles-large.coin"]]) {
            const line = document.createElement("div");
            line.style = "width: 800px; font: 20px/1.5 serif";
            const picture = document.createElement(tag);
            for (const [name, value] of Object.entries(attributes)) picture.setAttribute(name, value);
            picture.style = style;
            const loaded = new Promise((resolve) => picture.addEventListener("load", resolve));
            picture.setAttribute("src", src);
            line.append("a", picture, "b");
            document.body.append(line);
            await loaded;
            const { x, y, width, height } = picture.getBoundingClientRect();
            const around = line.getBoundingClientRect();
            found.push([x - around.x, y - around.y, width, height, around.height]);
            line.remove();
          }
          boxes.push([style, attributes, ...found]);
        }
      }
      return boxes;
    }, given);
    return boxes;
    """
    size = coincodec.info((GOLDEN / "latent-tiles-large.coin").read_bytes()).size
    for style, attributes, of_img, ours in browser.show(site, script, BOXES, size):
        assert ours == pytest.approx(of_img, abs=0.02), (style, attributes)


def test_an_element_says_what_it_is(browser: Browser, site: Site) -> None:
    script = f"""
    {ELEMENT}
    await page.evaluate(() => loaded);
    const session = await page.context().newCDPSession(page);
    const told = async () => {{
      const {{ nodes }} = await session.send("Accessibility.getFullAXTree");
      return nodes.filter((node) => !node.ignored && node.role.value === "image").map((node) => node.name?.value);
    }};
    const named = await told();
    await page.evaluate(() => {{ picture.alt = ""; }});
    return [named, await told()];
    """
    assert browser.show(site, script, "/photo.coin", "") == [["A photograph"], []]


@pytest.mark.parametrize(
    ("data", "told"),
    [(None, "404"), (b"GIF89a", "not-coin"), (b"cut", "truncated"), (b"damaged", "corrupt")],
)
def test_an_element_says_what_is_wrong(
    browser: Browser, site: Site, picture: bytes, data: bytes | None, told: str
) -> None:
    if data is not None:
        changed = bytearray(picture)
        changed[len(changed) // 2] ^= 1
        site.files["wrong.coin"] = {b"cut": picture[:-100], b"damaged": bytes(changed)}.get(data, data)
    script = """
    const told = await page.evaluate(async () => {
      await import("/coincodec/element.js");
      document.body.innerHTML = '<coin-image alt="A photograph"></coin-image>';
      const picture = document.querySelector("coin-image");
      const failed = new Promise((resolve) => picture.addEventListener("error", resolve));
      picture.src = "/wrong.coin";
      const { error, message } = await failed;
      const { complete, shadowRoot, clientWidth } = picture;
      return [error.code ?? message.split(" ").at(-1), complete, shadowRoot.textContent, clientWidth > 50];
    });
    return told;
    """
    assert browser.show(site, script) == [told, True, "A photograph", True]


def test_another_src_ends_a_download(browser: Browser, site: Site) -> None:
    script = f"""
    {ELEMENT}
    const failed = page.waitForEvent("requestfailed");
    const size = await page.evaluate(async () => {{
      await previewed;
      const loaded = event("load");
      picture.src = "/golden/latent-photograph.coin";
      await loaded;
      return [picture.naturalWidth, picture.naturalHeight];
    }});
    return [size, new URL((await failed).url()).pathname];
    """
    told = browser.show(site, script, "/held/photo.coin", "")
    small = coincodec.info((GOLDEN / "latent-photograph.coin").read_bytes())
    assert told == [list(small.size), "/held/photo.coin"]


def test_a_lazy_element_waits_until_it_is_near(browser: Browser, site: Site) -> None:
    script = """
    const below = await page.evaluate(async () => {
      await import("/coincodec/element.js");
      document.body.innerHTML = `
        <p style="height: 5000px"></p>
        <coin-image src="/photo.coin" loading="lazy"></coin-image>
        <coin-image src="/golden/latent-photograph.coin"></coin-image>`;
      const [lazy, eager] = document.querySelectorAll("coin-image");
      await new Promise((resolve) => eager.addEventListener("load", resolve));
      const before = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/photo.coin")).length;
      const loaded = new Promise((resolve) => lazy.addEventListener("load", resolve));
      scrollTo(0, 4500);
      await loaded;
      return [before, lazy.naturalWidth];
    });
    return below;
    """
    assert browser.show(site, script) == [0, 768]


def test_an_element_moves_and_comes_back(browser: Browser, site: Site) -> None:
    script = f"""
    {ELEMENT}
    const told = await page.evaluate(async () => {{
      await previewed;
      const loaded = event("load");
      picture.remove();
      document.body.append(picture);
      await fetch("/release");
      await loaded;
      picture.remove();
      document.body.append(picture);
      return picture.complete;
    }});
    return told;
    """
    assert browser.show(site, script, "/held/photo.coin", "") is True
    assert site.asked.count("held/photo.coin") == 2
