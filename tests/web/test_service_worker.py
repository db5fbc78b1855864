"""Plain images in headless Chromium, and colours, theirs and those of <coin-image>."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pages import TOLERANCE, Browser, Site, examples, expected, pixels
from PIL import Image

import coincodec

GOLDEN = Path(__file__).parents[1] / "golden/v1"


PLAIN = """
    await page.goto(`${site}/plain.html`);
    await page.waitForFunction(() => document.querySelector("img").naturalWidth > 0);
"""


def test_plain_images_show_by_the_service_worker(browser: Browser, site: Site, picture: bytes, shots: Path) -> None:
    _, plain, _ = examples("html")
    (worker,) = examples("js")
    site.files |= {"plain.html": plain.encode(), "coin-images.js": worker.encode()}
    script = f"""
    {PLAIN}
    const again = await page.reload();
    await page.waitForFunction(() => document.querySelector("img").complete);
    await page.evaluate(() => {{ document.body.style.margin = 0; }});
    await page.screenshot({{ path: given[0], clip: {{ x: 0, y: 0, width: 768, height: 512 }} }});
    const told = await page.evaluate(async () => [
      document.querySelector("img").naturalWidth,
      (await (await fetch("/photo.coin")).arrayBuffer()).byteLength,
    ]);
    return told;
    """
    path = shots / "service-worker.png"
    assert browser.show(site, script, path) == [768, len(picture)]
    assert np.abs(pixels(path) - expected(picture)).max() <= TOLERANCE


def test_the_service_worker_passes_on_what_is_wrong(browser: Browser, site: Site, picture: bytes) -> None:
    _, plain, _ = examples("html")
    (worker,) = examples("js")
    other = io.BytesIO()
    Image.new("RGB", (20, 10)).save(other, "PNG")
    site.files |= {
        "plain.html": plain.encode(),
        "coin-images.js": worker.encode(),
        "cut.coin": picture[:-100],
        "other.coin": other.getvalue(),
    }
    script = f"""
    {PLAIN}
    const answers = [];
    page.on("response", (response) => answers.push(response));
    const sizes = await page.evaluate(async (names) => {{
      const shown = (src) => new Promise((resolve) => {{
        const image = new Image();
        image.onload = image.onerror = () => resolve(image.naturalWidth);
        image.src = src;
      }});
      const sizes = [];
      for (const name of names) sizes.push(await shown(name));
      return sizes;
    }}, given);
    const told = [];
    for (const response of answers.filter((response) => response.fromServiceWorker()))
      told.push([response.status(), response.headers()["content-type"]]);
    return [sizes, told];
    """
    names = ["/cut.coin", "/nowhere.coin", "/other.coin", "/golden/latent-rgba8.coin"]
    sizes, told = browser.show(site, script, *names)
    width, _ = coincodec.info((GOLDEN / "latent-rgba8.coin").read_bytes()).size
    assert sizes == [0, 0, 20, width]
    png, raw = "image/png", "application/octet-stream"
    assert told == [[422, "text/plain"], [404, raw], [200, raw], [200, png]]


def in_colours(photo: NDArray[np.uint8]) -> tuple[bytes, NDArray[np.int32]]:
    """A file in Display P3, and what it shows in sRGB."""
    colour = coincodec.Colour(primaries=12, transfer=13)
    data = coincodec.encode(photo[:128, :192], model="latent", preset="instant", steps=60, colour=colour)
    return data, np.asarray(coincodec.decode(data, srgb=True)).astype(np.int32)


@pytest.mark.parametrize("tag", ["coin-image", "img"])
def test_colours_are_shown_as_they_are_meant(
    browser: Browser, site: Site, photo: NDArray[np.uint8], shots: Path, tag: str
) -> None:
    site.files["p3.coin"], meant = in_colours(photo)
    site.files["coin-images.js"] = b'import "/coincodec/service-worker.js";'
    script = """
    await page.evaluate(async (tag) => {
      const { serviceWorker } = navigator;
      if (tag === "coin-image") await import("/coincodec/element.js");
      else {
        const there = new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve));
        await serviceWorker.register("/coin-images.js", { type: "module" });
        await there;
      }
      document.body.style.margin = 0;
      const picture = document.createElement(tag);
      const loaded = new Promise((resolve) => picture.addEventListener("load", resolve));
      picture.setAttribute("src", "/p3.coin");
      document.body.append(picture);
      await loaded;
    }, given[0]);
    await page.screenshot({ path: given[1], clip: { x: 0, y: 0, width: 192, height: 128 } });
    """
    path = shots / f"colours-{tag}.png"
    browser.show(site, script, tag, path)
    assert np.abs(pixels(path) - meant).mean() < 1
