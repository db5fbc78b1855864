"""The decoder as WebAssembly: built, and in Node the same pictures as in Python."""

from __future__ import annotations

import gzip
import json
import re
import runpy
import shutil
import subprocess
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

import coincodec
from coincodec import native

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "tests/golden/v1").glob("*.coin"))

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


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


def test_a_module_that_runs_out_of_memory_is_replaced(package: Path) -> None:
    # (module (memory (export "memory") 1) (func (export "allocate") (param i32) (result i32) unreachable))
    script = """
import { readFileSync } from "node:fs";
const memory = [5, 3, 1, 0, 1], type = [1, 6, 1, 96, 1, 127, 1, 127], body = [10, 5, 1, 3, 0, 0, 11];
const text = (words) => [words.length, ...new TextEncoder().encode(words)];
const names = [2, ...text("memory"), 2, 0, ...text("allocate"), 0, 0];
const sections = [...type, 3, 2, 1, 0, ...memory, 7, names.length, ...names, ...body];
await coin.load(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, ...sections]));
const data = readFileSync(process.argv[1]);
await coin.decode(data).catch((error) => console.log(error.code, error.message));
console.log((await coin.decode(data)).width);
"""
    width, _ = coincodec.info(GOLDEN[0].read_bytes()).size
    assert in_node(package, script, GOLDEN[0]) == f"memory there is not enough memory\n{width}\n"


def test_samples_that_no_array_can_hold_are_an_error(package: Path) -> None:
    script = """
import { readFileSync } from "node:fs";
const huge = coin.decode(readFileSync(process.argv[1]), { size: [1 << 20, 1 << 20], limits: { pixels: 2 ** 41 } });
await huge.catch((error) => console.log(error.code));
"""
    assert in_node(package, script, GOLDEN[0]) == "memory\n"


WORKERS = """
import { readFileSync } from "node:fs";
const decoder = new coin.Decoder({ workers: 3 });
const same = (a, b) => a.width === b.width && a.height === b.height &&
  Buffer.from(a.samples.buffer).equals(Buffer.from(b.samples.buffer));
for (const file of process.argv.slice(1)) {
  const data = readFileSync(file), { width, height } = await coin.head(data);
  const region = [width >> 2, height >> 3, width, height], scale = 0.5;
  for (const options of [{}, { region }, { region, scale }])
    if (!same(await coin.decode(data, options), await decoder.decode(data, options))) console.log(file, options);
  const steps = [];
  for await (const preview of decoder.previews(data)) steps.push(preview);
  if (!same(await coin.decode(data), steps.at(-1))) console.log(file, "previews");
  if (data.length !== readFileSync(file).length) console.log("taken away");
}
decoder.close();
await decoder.head(readFileSync(process.argv[1])).catch((error) => console.log(error.code, error.message));
"""


def test_workers_decode_the_same(package: Path, tmp_path: Path, photo: np.ndarray) -> None:
    large = np.tile(photo, (3, 2, 1))[:1100, :1000]
    pictures = {
        "tiles": coincodec.encode(large, model="latent", preset="instant", steps=4),
        "siren": coincodec.encode(large[:300, :400], model="siren", layers=2, width=8, steps=4),
    }
    for name, data in pictures.items():
        (tmp_path / name).write_bytes(data)
    files = [tmp_path / name for name in pictures]
    assert in_node(package, WORKERS, *files, *GOLDEN) == "usage this decoder is closed\n"


def test_a_signal_stops_workers(package: Path) -> None:
    script = """
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
const data = readFileSync(process.argv[2]);
const decoder = new coin.Decoder();
const stop = new AbortController();
const decoding = decoder.decode(data, { size: [8000, 8000], signal: stop.signal });
stop.abort(new Error("enough"));
await decoding.catch((error) => console.log(error.message));
console.log((await decoder.head(data)).width > 0);
decoder.close();

const worker = new Worker(new URL(process.argv[1]), { execArgv: [] });
worker.postMessage({ task: 1, method: "decode", data, options: { size: [8000, 8000] } });
worker.postMessage({ task: 1, method: "stop" });
worker.on("message", ({ task, error }) => {
  console.log(task, error?.name);
  worker.terminate();
});
"""
    photograph = next(path for path in GOLDEN if path.stem == "siren-fp16-rgb8")
    out = in_node(package, script, (package / "worker.js").as_uri(), photograph)
    assert out == "enough\ntrue\n1 AbortError\n"


def test_errors_of_workers_have_codes(package: Path) -> None:
    script = """
import { readFileSync } from "node:fs";
const data = readFileSync(process.argv[1]);
const decoder = new coin.Decoder();
const cut = data.subarray(0, 40);
const wrong = [decoder.decode(cut), decoder.decode(data, { scale: 0 }), decoder.head(new Uint8Array(3))];
for (const { reason } of await Promise.allSettled(wrong)) console.log(reason instanceof coin.CoinError, reason.code);
for (const workers of [0, 1.5]) {
  try { new coin.Decoder({ workers }); } catch (error) { console.log(error.code); }
}
decoder.close();
"""
    expected = "true truncated\ntrue usage\ntrue not-coin\nusage\nusage\n"
    assert in_node(package, script, GOLDEN[0]) == expected


@pytest.mark.parametrize(
    ("channels", "dtype"), [(c, d) for c in (1, 2, 3, 4) for d in (np.uint8, np.uint16)], ids=lambda value: str(value)
)
def test_png_files_have_all_that_pictures_have(package: Path, tmp_path: Path, channels: int, dtype: type) -> None:
    picture = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (9, 7, channels), dtype, endpoint=True)
    (tmp_path / "samples").write_bytes(picture.tobytes())
    script = """
import { readFileSync, writeFileSync } from "node:fs";
const [folder, channels, bitDepth] = process.argv.slice(1);
const bytes = new Uint8Array(readFileSync(`${folder}/samples`)).buffer;
const samples = bitDepth === "16" ? new Uint16Array(bytes) : new Uint8Array(bytes);
const picture = { width: 7, height: 9, channels: Number(channels), bitDepth: Number(bitDepth), samples };
const colours = [undefined, { primaries: 9, transfer: 16 }, { primaries: 2, transfer: 2, icc: Uint8Array.of(1, 2, 3) }];
for (const [i, colour] of colours.entries()) {
  const blob = await coin.toPNG({ ...picture, colour });
  if (blob.type !== "image/png") throw new Error(blob.type);
  writeFileSync(`${folder}/${i}.png`, new Uint8Array(await blob.arrayBuffer()));
}
"""
    in_node(package, script, tmp_path, str(channels), str(picture.itemsize * 8))
    files = [(tmp_path / f"{i}.png").read_bytes() for i in range(3)]
    for data in files:
        assert np.array_equal(imagecodecs.png_decode(data).reshape(picture.shape), picture)
    assert b"sRGB\0" in files[0]
    assert b"cICP" + bytes([9, 16, 0, 1]) in files[1]
    at = files[2].index(b"iCCPICC\0\0") + 9
    assert zlib.decompressobj().decompress(files[2][at:]) == b"\1\2\3"


def test_previews_of_a_download_come_before_its_end(package: Path) -> None:
    script = """
import { readFileSync } from "node:fs";
const data = readFileSync(process.argv[1]);
let sent = 0;
const body = new ReadableStream({
  async pull(to) {
    await new Promise((resolve) => setTimeout(resolve, 5));
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
    code = re.findall(r"```js\n(.*?)```", (ROOT / "docs/embedding.md").read_text(), re.DOTALL)[1]
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/coincodec").symlink_to(package)
    (tmp_path / "example.mjs").write_text(code)
    path = next(path for path in GOLDEN if path.stem == "latent-photograph")
    shutil.copy(path, tmp_path / "photo.coin")
    result = subprocess.run(["node", "example.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    height, width, channels = coincodec.decode(path.read_bytes()).shape
    assert result.stdout == f"{width} {height} 8 {height * width * channels} {round(width / 4)}\n"


def test_types_are_those_of_what_there_is(package: Path, modules: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/coincodec").symlink_to(package)
    shutil.copy(Path(__file__).with_name("types.ts"), tmp_path)
    compiler = modules / "node_modules/typescript/bin/tsc"
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.iterable"]
    result = subprocess.run(["node", compiler, *options, "types.ts"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    told = re.findall(r"^export (?:async )?(?:function|class) (\w+)", (package / "coin.d.ts").read_text(), re.MULTILINE)
    assert in_node(package, "console.log(Object.keys(coin).sort().join());") == ",".join(sorted(set(told))) + "\n"


def test_npm_packs_it(package: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    command = ["npm", "pack", "--dry-run", "--json", "--offline"]
    result = subprocess.run(command, cwd=package, capture_output=True, text=True, check=True)
    (packed,) = json.loads(result.stdout)
    assert {file["path"] for file in packed["files"]} == {
        "LICENSE", "README.md", "coin-simd.wasm", "coin.d.ts", "coin.js", "coin.wasm", "decoder.js", "directions.bin",
        "download.js", "element.d.ts", "element.js", "errors.js", "package.json", "png.js", "service-worker.js",
        "worker.js",
    }  # fmt: skip


def test_it_is_small_but_for_its_starts(package: Path) -> None:
    arrays_of = runpy.run_path(str(ROOT / "tools/embed_starts.py"))["arrays_of"]
    latent = ROOT / "src/coincodec/latent"
    arrays = {n: a for name in ("starts.npz", "directions.npz") for n, (_, a) in arrays_of(latent / name).items()}
    apart = [values.tobytes() for name, values in arrays.items() if name.endswith(" directions")]
    assert zlib.decompress((package / "directions.bin").read_bytes()) == b"".join(apart)
    for module in ("coin-simd.wasm", "coin.wasm"):
        data = (package / module).read_bytes()
        for name, values in arrays.items():
            if not name.endswith(" directions"):
                assert values.tobytes() in data
                data = data.replace(values.tobytes(), b"", 1)
        assert len(gzip.compress(data)) < 120_000


def test_its_version_is_ours(package: Path) -> None:
    assert json.loads((package / "package.json").read_text())["version"] == coincodec.__version__
