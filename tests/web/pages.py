"""Web pages: a server for them, a browser that shows them, and what it is to show."""

from __future__ import annotations

import http.server
import json
import mimetypes
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import coincodec
from coincodec import native

ROOT = Path(__file__).parents[2]

# How much of a held download is sent at once.
HELD_SHARE = 0.1

# What comes after it, in pieces of so many bytes and with so many seconds between them.
_PIECE, _PAUSE = 4096, 0.01

# Longer than any test takes.
_PATIENCE = 100

# Answers each line with one: what the body of a function returns that gets `page`, an empty one of the site; `site`,
# its address; `given`, the arguments. Uncaught errors of the page fail it.
_DRIVER = """
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
const browser = await chromium.launch({ executablePath: process.argv[1], args: ["--no-sandbox"] });
const Script = (async () => {}).constructor;
for await (const line of createInterface({ input: process.stdin })) {
  const { site, script, given, options } = JSON.parse(line);
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...options });
  const answer = {};
  try {
    const page = await context.newPage();
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(error.stack));
    await page.goto(`${site}/empty.html`);
    answer.value = (await new Script("page", "site", "given", script)(page, site, given)) ?? null;
    if (wrong.length) throw new Error(wrong.join("\\n"));
  } catch (error) {
    answer.error = error.stack;
  }
  await context.close();
  console.log(JSON.stringify(answer));
}
await browser.close();
"""


class Site:
    """Files at an address: those of folders by the first part of their paths, and single ones.

    `held/NAME` is a file whose first tenth is sent at once, and the rest, slowly, after somebody has asked for
    `release`. asked: paths in the order of requests. broken: paths whose downloads were given up.
    """

    def __init__(self, folders: Mapping[str, Path], headers: Mapping[str, str]) -> None:
        self.files: dict[str, bytes] = {"empty.html": b'<!doctype html><link rel="icon" href="data:,">'}
        self.release = threading.Event()
        self.asked: list[str] = []
        self.broken: list[str] = []
        self.address = ""
        self.headers = headers
        self._folders = folders

    def file(self, path: str) -> bytes | None:
        """What is there."""
        if path in self.files:
            return self.files[path]
        first, _, rest = path.partition("/")
        place = self._folders[first] / rest if first in self._folders else None
        return place.read_bytes() if place is not None and place.is_file() else None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        if path == "release":
            self.site.release.set()
        self.site.asked.append(path)
        held = path.startswith("held/")
        data = self.site.file(path.removeprefix("held/"))
        self.send_response(404 if data is None else 200)
        data = data or b"nothing here"
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", mimetypes.guess_type(path)[0] or "application/octet-stream")
        for name, value in self.site.headers.items():
            self.send_header(name, value)
        self.end_headers()
        first = int(HELD_SHARE * len(data)) if held else len(data)
        try:
            self.wfile.write(data[:first])
            if held:
                self.site.release.wait(_PATIENCE)
            for at in range(first, len(data), _PIECE):
                time.sleep(_PAUSE)
                self.wfile.write(data[at : at + _PIECE])
        except ConnectionError:
            self.site.broken.append(path)
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folders: Mapping[str, Path], **headers: str) -> Iterator[Site]:
    """A site while it is there. headers: of every answer, with _ for -."""
    site = Site(folders, {name.replace("_", "-"): value for name, value in headers.items()})
    handler = type("Handler", (_Handler,), {"site": site})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        site.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.release.set()
            server.shutdown()
            thread.join()


class Browser:
    """A browser without a window. modules: where npm has put what drives it. program: the browser's own."""

    def __init__(self, modules: Path, program: str) -> None:
        command = ["node", "--input-type=module", "-e", _DRIVER, "--", program]
        self._driver = subprocess.Popen(command, cwd=modules, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def show(self, site: Site, script: str, *given: object, **options: object) -> object:
        """What a script returns that has a page of its own. options: of its context, as Playwright names them."""
        told = {"site": site.address, "script": script, "given": given, "options": options}
        self._driver.stdin.write(json.dumps(told, default=str) + "\n")
        self._driver.stdin.flush()
        answer = json.loads(self._driver.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def close(self) -> None:
        """Ends it."""
        self._driver.communicate()


def expected(data: bytes, **options: object) -> NDArray[np.int32]:
    """Samples as a machine has them that does not fuse multiplication and addition, if ours can be one."""
    usual = native.selected_isa()
    try:
        if "baseline" in native.supported_isas():
            native.select_isa("baseline")
        return np.asarray(coincodec.decode(data, **options)).astype(np.int32)
    finally:
        native.select_isa(usual)


# How far samples of 8 bits may be from these.
TOLERANCE = 0 if "baseline" in native.supported_isas() else 1


def pixels(path: Path) -> NDArray[np.int32]:
    """Of a screenshot."""
    return np.asarray(Image.open(path).convert("RGB")).astype(np.int32)


def examples(language: str) -> list[str]:
    """Blocks of the documentation's chapter on pages."""
    chapter = (ROOT / "docs/embedding.md").read_text().split("\n## In a web page\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", chapter, re.DOTALL)
