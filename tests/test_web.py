"""The decoder as WebAssembly: built, and in Node the same pictures as in Python."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import coincodec
from coincodec import native

ROOT = Path(__file__).parents[1]
GOLDEN = sorted((ROOT / "tests/golden/v1").glob("*.coin"))

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ziglang") is None or shutil.which("node") is None, reason="needs ziglang and node"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm package, built."""
    folder = tmp_path_factory.mktemp("web") / "dist"
    subprocess.run([sys.executable, ROOT / "web/build.py", "--to", folder], check=True, capture_output=True)
    return folder


def in_node(package: Path, script: str, *arguments: str | Path) -> str:
    """Standard output of a module that has the package as `coin`."""
    code = f"import * as coin from {json.dumps((package / 'coin.js').as_uri())};\n{script}"
    command = ["node", "--input-type=module", "-e", code, "--", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


DECODE = """
import { readFileSync, writeFileSync } from "node:fs";
const [module, folder, ...files] = process.argv.slice(1);
await coin.load(readFileSync(module));
for (const [i, file] of files.entries()) {
  const data = readFileSync(file), name = `${folder}/${i}`;
  const { width, height, channels, bitDepth, samples } = await coin.decode(data);
  writeFileSync(`${name}.raw`, new Uint8Array(samples.buffer));
  let last;
  for await (const preview of coin.previews(data)) last = preview;
  if (last.step !== 1 || !samples.every((value, k) => value === last.samples[k])) throw new Error(`${file}: previews`);
  console.log(JSON.stringify([width, height, channels, bitDepth]));
}
"""


@pytest.mark.parametrize("module", ["coin-simd.wasm", "coin.wasm"])
def test_every_golden_file_is_decoded_as_without_fused_multiply_add(package: Path, module: str, tmp_path: Path) -> None:
    out = in_node(package, DECODE, package / module, tmp_path, *GOLDEN)
    before = native.selected_isa()
    try:
        if "baseline" in native.supported_isas():
            native.select_isa("baseline")
        for number, (line, path) in enumerate(zip(out.splitlines(), GOLDEN, strict=True)):
            width, height, channels, depth = json.loads(line)
            samples = np.frombuffer((tmp_path / f"{number}.raw").read_bytes(), f"u{depth // 8}")
            expected = coincodec.decode(path.read_bytes()).reshape(height, width, channels)
            difference = np.abs(samples.reshape(expected.shape).astype(int) - expected)
            assert difference.max() <= (0 if native.selected_isa() == "baseline" else 1 if depth == 8 else 64)
    finally:
        native.select_isa(before)


def test_parts_and_sizes(package: Path) -> None:
    script = """
import { readFileSync } from "node:fs";
const data = readFileSync(process.argv[1]);
const { samples } = await coin.decode(data, { region: [10, 20, 30, 50], scale: 0.5 });
console.log(JSON.stringify(Array.from(samples)), JSON.stringify(await coin.head(data)));
"""
    path = next(path for path in GOLDEN if path.stem == "latent-photograph")
    found, head = in_node(package, script, path).rsplit(" ", 1)
    expected = coincodec.decode(path.read_bytes(), region=(10, 20, 30, 50), size=(10, 15))
    assert np.abs(np.array(json.loads(found)).reshape(expected.shape) - expected).max() <= 1
    assert json.loads(head)["bytes"] == path.stat().st_size


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("data.subarray(0, 40)", "truncated"),
        ("new Uint8Array(0)", "not-coin"),
        ("data.fill(0, 60, 61)", "corrupt"),
    ],
)
def test_errors_have_codes(package: Path, change: str, code: str) -> None:
    script = f"""
import {{ readFileSync }} from "node:fs";
const data = new Uint8Array(readFileSync(process.argv[1]));
try {{ await coin.decode({change}); }} catch (error) {{ console.log(error instanceof coin.CoinError, error.code); }}
"""
    assert in_node(package, script, GOLDEN[0]) == f"true {code}\n"


def test_a_signal_stops_it(package: Path) -> None:
    script = """
import { readFileSync } from "node:fs";
const stop = new AbortController();
stop.abort(new Error("enough"));
const decoding = coin.decode(readFileSync(process.argv[1]), { signal: stop.signal });
await decoding.catch((error) => console.log(error.message));
"""
    assert in_node(package, script, GOLDEN[0]) == "enough\n"


def test_previews_of_a_download_come_before_its_end(package: Path) -> None:
    script = """
import { readFileSync } from "node:fs";
const data = readFileSync(process.argv[1]);
let sent = 0;
const body = new ReadableStream({
  pull(to) {
    to.enqueue(new Uint8Array(data.subarray(sent, sent += 100)));
    if (sent >= data.length) to.close();
  },
}, { highWaterMark: 0 });
const seen = [];
for await (const { step } of coin.stream(new Response(body))) seen.push([step, Math.min(sent, data.length)]);
console.log(JSON.stringify(seen));
"""
    path = next(path for path in GOLDEN if path.stem == "latent-photograph")
    seen = json.loads(in_node(package, script, path))
    steps = [step for step, _ in seen]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] == 1
    assert seen[0][1] < path.stat().st_size


def test_the_documentation_s_example(package: Path, tmp_path: Path) -> None:
    code = re.findall(r"```js\n(.*?)```", (ROOT / "docs/embedding.md").read_text(), re.DOTALL)[0]
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/coincodec").symlink_to(package)
    (tmp_path / "example.mjs").write_text(code)
    path = next(path for path in GOLDEN if path.stem == "latent-photograph")
    shutil.copy(path, tmp_path / "photo.coin")
    result = subprocess.run(["node", "example.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    height, width, channels = coincodec.decode(path.read_bytes()).shape
    assert result.stdout == f"{width} {height} 8 {height * width * channels} {round(width / 4)}\n"


def test_npm_packs_it(package: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    command = ["npm", "pack", "--dry-run", "--json", "--offline"]
    result = subprocess.run(command, cwd=package, capture_output=True, text=True, check=True)
    (packed,) = json.loads(result.stdout)
    assert {file["path"] for file in packed["files"]} == {
        "LICENSE", "coin-simd.wasm", "coin.d.ts", "coin.js", "coin.wasm", "package.json"
    }  # fmt: skip


def test_it_is_small(package: Path) -> None:
    for module in ("coin-simd.wasm", "coin.wasm"):
        assert len(gzip.compress((package / module).read_bytes())) < 120_000
    assert json.loads((package / "package.json").read_text())["version"] == coincodec.__version__
