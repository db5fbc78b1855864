"""The npm package in headless Chromium. Screenshots are kept in COINCODEC_SCREENSHOTS, if that is a folder."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pages import TOLERANCE, Browser, Site, examples, expected, serving

import coincodec

GOLDEN = Path(__file__).parents[1] / "golden/v1"


def test_every_golden_file_is_decoded_in_a_worker(browser: Browser, site: Site) -> None:
    script = """
    const found = await page.evaluate(async (names) => {
      const { Decoder } = await import("/coincodec/coin.js");
      const decoder = new Decoder();
      const found = [];
      for (const name of names) {
        const data = await (await fetch(`/golden/${name}`)).arrayBuffer();
        const { width, height, channels, bitDepth, samples } = await decoder.decode(data);
        const bytes = Array.from(new Uint8Array(samples.buffer), (byte) => String.fromCharCode(byte));
        found.push([width, height, channels, bitDepth, btoa(bytes.join(""))]);
      }
      return found;
    }, given);
    return found;
    """
    files = sorted(GOLDEN.glob("*.coin"))
    found = browser.show(site, script, *(path.name for path in files))
    for (width, height, channels, depth, samples), path in zip(found, files, strict=True):
        shown = np.frombuffer(base64.b64decode(samples), f"<u{depth // 8}").reshape(height, width, channels)
        difference = np.abs(shown.astype(int) - expected(path.read_bytes()).reshape(shown.shape))
        assert difference.max() <= TOLERANCE * (1 if depth == 8 else 64), path.name


def test_a_stream_shows_a_tenth_of_a_download(browser: Browser, site: Site, picture: bytes, shots: Path) -> None:
    script = """
    await page.evaluate(async () => {
      const { stream, toImageData } = await import("/coincodec/coin.js");
      window.steps = [];
      window.done = (async () => {
        for await (const preview of stream("/held/photo.coin")) {
          const canvas = document.createElement("canvas");
          canvas.width = preview.width;
          canvas.height = preview.height;
          canvas.style = "display: block; width: 768px";
          canvas.getContext("2d").putImageData(toImageData(preview), 0, 0);
          document.body.replaceChildren(canvas);
          steps.push(preview.step);
        }
      })();
    });
    await page.waitForFunction(() => steps.length > 0);
    await page.screenshot({ path: given[0] });
    const before = await page.evaluate(() => [...steps]);
    await fetch(`${site}/release`);
    await page.evaluate(() => done);
    return [before, await page.evaluate(() => steps)];
    """
    before, steps = browser.show(site, script, shots / "stream-tenth.png")
    assert before == steps[: len(before)]
    assert steps == sorted(set(steps), reverse=True)
    assert before[-1] > steps[-1] == 1


def test_the_documentation_s_pages(browser: Browser, site: Site, picture: bytes, shots: Path) -> None:
    element, _, code = examples("html")
    site.files |= {"element.html": element.encode(), "code.html": code.encode()}
    script = """
    await page.goto(`${site}/element.html`);
    await page.waitForFunction(() => {
      const { complete, naturalWidth } = document.querySelector("coin-image");
      return complete && naturalWidth;
    });
    await page.screenshot({ path: given[0] });
    await page.goto(`${site}/code.html`);
    await page.waitForFunction(() => document.title !== "Previews");
    await page.screenshot({ path: given[1] });
    return page.title();
    """
    out = browser.show(site, script, shots / "docs-element.png", shots / "docs-code.png")
    assert out == f"150x100, {150 * 100 * 3} bytes"


def test_workers_of_another_origin(browser: Browser, site: Site, package: Path, picture: bytes) -> None:
    script = """
    const width = await page.evaluate(async (address) => {
      const { Decoder } = await import(`${address}/coincodec/coin.js`);
      const decoder = new Decoder();
      const { width } = await decoder.decode(await (await fetch("/photo.coin")).arrayBuffer());
      decoder.close();
      return width;
    }, given[0]);
    return width;
    """
    with serving({"coincodec": package}, Access_Control_Allow_Origin="*") as elsewhere:
        assert browser.show(site, script, elsewhere.address) == 768


def test_a_worker_that_does_not_start_is_an_error(browser: Browser, site: Site, package: Path, tmp_path: Path) -> None:
    shutil.copytree(package, tmp_path / "broken")
    (tmp_path / "broken/worker.js").unlink()
    script = """
    return (await page.evaluate(async () => {
      const { Decoder } = await import("/coincodec/coin.js");
      return new Decoder().head(new Uint8Array(9)).catch((error) => error.message);
    }));
    """
    with serving({"coincodec": tmp_path / "broken"}) as broken:
        assert "a worker does not work" in browser.show(broken, script)


@pytest.mark.parametrize("isolated", [False, True])
def test_bands_of_a_picture_are_shared_between_workers(
    browser: Browser, package: Path, photo: NDArray[np.uint8], isolated: bool
) -> None:
    script = """
    const told = await page.evaluate(async () => {
      const { Decoder } = await import("/coincodec/coin.js");
      const { samples } = await new Decoder({ workers: 3 }).decode(await (await fetch("/siren.coin")).arrayBuffer());
      return [crossOriginIsolated, samples.reduce((sum, sample) => sum + sample, 0)];
    });
    return [...told, page.workers().length];
    """
    siren = coincodec.encode(photo[:300, :400], model="siren", layers=2, width=8, steps=4)
    policies = {"Cross_Origin_Opener_Policy": "same-origin", "Cross_Origin_Embedder_Policy": "require-corp"}
    with serving({"coincodec": package}, **(policies if isolated else {})) as site:
        site.files["siren.coin"] = siren
        found, total, workers = browser.show(site, script)
    assert (found, workers) == (isolated, 3)
    assert abs(total - expected(siren).sum()) <= TOLERANCE * 300 * 400 * 3
