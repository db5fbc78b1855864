"""The decoder as WebAssembly over the conformance set: what is valid, and what must be refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from test_web import in_node

HERE = Path(__file__).parents[1] / "conformance"
VALID, INVALID = (json.loads((HERE / kind / "index.json").read_text()) for kind in ("valid", "invalid"))

# What JavaScript calls what Python raises. It is not asked for EXIF data and XMP.
CODES = {
    "NotCoinError": "not-coin",
    "TruncatedError": "truncated",
    "CorruptError": "corrupt",
    "UnsupportedError": "unsupported",
    "LimitError": "limit",
}

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node"),
    pytest.mark.parametrize("module", ["coin-simd.wasm", "coin.wasm"]),
]

READ = """
import { readFileSync, writeFileSync } from "node:fs";
const [module, folder, ...files] = process.argv.slice(1);
await coin.load(readFileSync(module));
for (const [i, file] of files.entries()) {
  const { width, height, channels, bitDepth, samples } = await coin.decode(readFileSync(file));
  writeFileSync(`${folder}/${i}`, new Uint8Array(samples.buffer));
  console.log(JSON.stringify([width, height, channels, bitDepth]));
}
"""

REFUSE = """
import { readFileSync } from "node:fs";
const [module, ...files] = process.argv.slice(1);
await coin.load(readFileSync(module));
for (const file of files) {
  try {
    await coin.decode(readFileSync(file));
    console.log("read");
  } catch (error) {
    console.log(error instanceof coin.CoinError ? error.code : error.stack);
  }
}
"""


def test_what_is_valid_is_read(package: Path, module: str, tmp_path: Path) -> None:
    paths = [HERE / "valid" / f"{name}.coin" for name in VALID]
    said = in_node(package, READ, package / module, tmp_path, *paths).splitlines()
    for number, (line, name) in enumerate(zip(said, VALID, strict=True)):
        facts = VALID[name]
        width, height, channels, depth = json.loads(line)
        assert [width, height, channels, depth] == [facts[key] for key in ("width", "height", "channels", "bits")]
        samples = np.fromfile(tmp_path / str(number), f"<u{depth // 8}").astype(np.int64)
        expected = facts.get("samples")
        if expected is None:
            expected = np.fromfile(HERE / "valid" / f"{name}.samples", f"<u{depth // 8}").astype(np.int64)
        else:
            samples = samples.reshape(-1, channels)
        assert int(np.abs(samples - expected).max()) <= facts["tolerance"], name


def test_what_is_invalid_is_refused(package: Path, module: str) -> None:
    asked = {name: CODES[facts["error"]] for name, facts in INVALID.items() if facts["of"] == "picture"}
    paths = [HERE / "invalid" / f"{name}.coin" for name in asked]
    said = in_node(package, REFUSE, package / module, *paths).splitlines()
    assert dict(zip(asked, said, strict=True)) == asked
