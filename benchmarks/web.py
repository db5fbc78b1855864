"""Decoding in WebAssembly beside native decoding, 768x512 pictures on one thread of the same machine.

    python web/build.py && python benchmarks/web.py [PICTURE]

Needs node. Times that are compared are taken in turn, after rounds that warm up; the best of each. Without a picture
it is kodim15 where COINCODEC_KODAK says where Kodak is, else waves and noise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import coincodec
from coincodec import native

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT = 768, 512
TURNS, WARM = 15, 5

# Answers every line, a number of a file, with milliseconds and a checksum.
SERVER = """
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
const [module, folder, ...files] = process.argv.slice(1);
const coin = await import(`${folder}/coin.js`);
await coin.load(readFileSync(module));
const data = files.map((file) => new Uint8Array(readFileSync(file)));
for await (const line of createInterface(process.stdin)) {
  const start = performance.now();
  const { samples } = await coin.decode(data[line]);
  const time = performance.now() - start;
  console.log(JSON.stringify([time, samples.reduce((sum, value) => sum + value, 0)]));
}
"""


def picture() -> NDArray[np.uint8]:
    """What is coded."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if path is None and (folder := os.environ.get("COINCODEC_KODAK")):
        path = Path(folder) / "kodim15.png"
    if path is not None:
        return np.asarray(Image.open(path).convert("RGB").resize((WIDTH, HEIGHT)))
    y, x = np.ogrid[0:HEIGHT, 0:WIDTH]
    waves = np.stack([np.sin(x / 97 + k) * np.cos(y / 61 - k) * 90 + 128 for k in range(3)], -1)
    return np.clip(waves + np.random.default_rng(0).normal(0, 6, waves.shape), 0, 255).astype(np.uint8)


class Module:
    """A module in a process of Node."""

    def __init__(self, name: str, files: list[Path]) -> None:
        folder = ROOT / "web/dist"
        command = ["node", "--input-type=module", "-e", SERVER, "--", folder / name, folder.as_uri(), *files]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def decode(self, number: int) -> float:
        """Milliseconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        return float(json.loads(self.process.stdout.readline())[0])


def native_decode(data: bytes, isa: str) -> float:
    """Milliseconds."""
    native.select_isa(isa)
    start = time.perf_counter()
    coincodec.decode(data, threads=1)
    return 1e3 * (time.perf_counter() - start)


def main() -> None:
    """Prints times and ratios."""
    samples = picture()
    files = {
        "latent": coincodec.encode(samples, model="latent", preset="instant"),
        "siren, 10 layers of 28": coincodec.encode(samples, model="siren", layers=10, width=28, steps=20),
    }
    usual = native.selected_isa()
    isas = [usual, *(isa for isa in native.supported_isas() if isa == "baseline" != usual)]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.coin" for number in range(len(files))]
        for path, data in zip(paths, files.values(), strict=True):
            path.write_bytes(data)
        modules = {name: Module(name, paths) for name in ("coin-simd.wasm", "coin.wasm")}
        for number, (title, data) in enumerate(files.items()):
            times: dict[str, list[float]] = {name: [] for name in (*isas, *modules)}
            for turn in range(WARM + TURNS):
                found = {isa: native_decode(data, isa) for isa in isas}
                found |= {name: module.decode(number) for name, module in modules.items()}
                if turn >= WARM:
                    for name, milliseconds in found.items():
                        times[name].append(milliseconds)
            print(f"{title}, {WIDTH}x{HEIGHT}, {len(data):,} bytes")
            first = min(times[usual])
            for name, taken in times.items():
                milliseconds = min(taken)
                print(f"  {name:16}{milliseconds:9.2f} ms{milliseconds / first:9.2f}x", flush=True)
        for module in modules.values():
            module.process.communicate()


if __name__ == "__main__":
    main()
