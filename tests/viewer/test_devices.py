"""The page by touch on a phone, in light and on dark."""

from __future__ import annotations

import numpy as np
import pytest
from browser import OF_DAMAGED, Browser
from folders import LATENT, NAMES, SIREN

from coincodec.viewer.server import Server

PHONE = {"viewport": {"width": 390, "height": 780}, "deviceScaleFactor": 2, "hasTouch": True, "isMobile": True}


def test_touch_on_a_phone(server: Server, browser: Browser) -> None:
    script = """
await filled();
await shot("phone-grid");
const lefts = await page.$$eval("#grid li", (items) => items.map((item) => item.getBoundingClientRect().left));
const wide = await page.evaluate(() => document.documentElement.scrollWidth);
await page.tap('img[alt^="latent-photograph.coin"]'); await settled();
await shot("phone-open");
const client = await page.context().newCDPSession(page);
const touch = (type, ...points) => client.send("Input.dispatchTouchEvent",
  { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
const names = [await text("#name")];
const swipe = async (from, to) => {
  await touch("touchStart", [from, 400]);
  await touch("touchMove", [(from + to) / 2, 402]);
  await touch("touchMove", [to, 404]);
  await touch("touchEnd");
  names.push(await text("#name"));
};
await swipe(300, 100);
await swipe(100, 300);
await settled();
const scale = async () => parseFloat(await text("#zoom"));
const scales = [await scale()];
await touch("touchStart", [150, 300], [250, 300]);
await touch("touchMove", [125, 300], [275, 300]);
await touch("touchMove", [100, 300], [300, 300]);
await touch("touchEnd");
await settled();
scales.push(await scale());
const taps = [touch("touchStart", [200, 300]), touch("touchEnd")];
taps.push(touch("touchStart", [200, 300]), touch("touchEnd"));
await Promise.all(taps);
await settled();
scales.push(await scale());
await page.tap("#fit"); await page.tap("#compare"); await settled();
await touch("touchStart", [195, 400]);
await touch("touchMove", [150, 400]);
await touch("touchMove", [100, 400]);
await touch("touchEnd");
await shot("phone-compare");
const divider = await attribute("#divider", "aria-valuenow");
await settled();
await page.click("#info-toggle"); await page.waitForSelector("#facts dd");
await shot("phone-info");
const small = await page.evaluate(() => [...document.querySelectorAll("#viewer button")].filter((b) => b.offsetParent)
  .filter((b) => b.offsetWidth < 34 || b.offsetHeight < 34).map((b) => b.id));
return { lefts, wide, names, scales, divider, small };
"""
    seen = browser.run(server.url, script, OF_DAMAGED, **PHONE)
    assert len(set(seen["lefts"])) == 2
    assert seen["wide"] <= 390
    assert seen["names"] == [f"{NAMES[n - 1]}.coin" for n in (LATENT, SIREN, LATENT)]
    fitted, pinched, doubled = seen["scales"]
    assert pinched == pytest.approx(2 * fitted, rel=0.02)
    assert doubled == pytest.approx(2 * pinched, rel=0.02)
    assert seen["divider"] == "26"
    assert seen["small"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(server: Server, browser: Browser, scheme: str) -> None:
    script = f"""
await filled();
await shot("grid-{scheme}");
const colours = (selector) => page.$eval(selector, (element) => {{
  const parse = (text) => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
  let under = element;
  while (getComputedStyle(under).backgroundColor.endsWith(", 0)")) under = under.parentElement ?? undefined;
  return [parse(getComputedStyle(element).color), parse(getComputedStyle(under).backgroundColor)];
}});
const seen = [];
for (const selector of ["h1", "#summary", ".broken p", "#grid .muted"]) seen.push(await colours(selector));
await page.click('img[alt^="siren-coded"]'); await settled();
await press("c", "s"); await settled();
await page.waitForFunction(() => document.getElementById("said").textContent.includes("The picture"));
await shot("picture-{scheme}");
return [...seen, await colours("#meta"), await colours("#compare"), await colours("#said"), await colours("#place")];
"""
    pairs = browser.run(server.url, script, OF_DAMAGED, colorScheme=scheme)
    grounds = [np.mean(ground) for _, ground in pairs[:4]]
    assert all((mean > 128) == (scheme == "light") for mean in grounds)
    assert min(contrast(*map(np.array, pair)) for pair in pairs) >= 4.5


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """Of two sRGB colours in 0..255, as WCAG 2 has it."""

    def luminance(colour: np.ndarray) -> float:
        share = colour / 255
        light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        return float(light @ [0.2126, 0.7152, 0.0722])

    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)
