"""Builds the npm package of the decoder in web/dist, or elsewhere:  python web/build.py [--to FOLDER]

Needs `pip install ziglang==0.17.1`, a C++ compiler for WebAssembly in one wheel.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NATIVE, WEB = ROOT / "native", ROOT / "web"

# As native/core.cmake has them.
KERNELS = (
    "latent/integer.cpp", "latent/picture_kernel.cpp", "latent/synthesis.cpp", "latent/upsample.cpp",
    "siren/forward_kernel.cpp",
)  # fmt: skip
SOURCES = (
    "base/floats.cpp", "base/isa.cpp", "base/threads_none.cpp", "entropy/laplace.cpp", "entropy/logistic.cpp",
    "latent/coder.cpp", "latent/context_model.cpp", "latent/picture.cpp", "siren/forward.cpp", "libcoin/api.cpp",
    "libcoin/wasm.cpp",
)  # fmt: skip
# What symbols and pixels go through; the rest is small rather than fast.
FAST = (*KERNELS, "entropy/laplace.cpp", "latent/coder.cpp", "latent/picture.cpp")

COMMON = (
    "-target", "wasm32-wasi", "-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
    "-ffp-contract=off", "-fno-math-errno", "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden",
    "-Wall", "-Wextra", "-Wshadow", "-Werror",
)  # fmt: skip
LINK = ("-mexec-model=reactor", "-s", "-Wl,--gc-sections", "-Wl,-z,stack-size=262144")

# Name of the module, and what its instruction set adds.
MODULES = {"coin-simd.wasm": ("-msimd128",), "coin.wasm": ()}


def zig(*arguments: str | Path) -> None:
    """Runs zig's C++ compiler."""
    subprocess.run([sys.executable, "-m", "ziglang", "c++", *map(str, arguments)], check=True)


def starts_of(work: Path, target: Path) -> Path:
    """Writes the starts as a source, and their directions, which few files need, beside the modules."""
    source, directions = work / "starts_data.cpp", work / "directions"
    data = [ROOT / "src/coincodec/latent" / name for name in ("starts.npz", "directions.npz")]
    subprocess.run([sys.executable, ROOT / "tools/embed_starts.py", *data, source, directions], check=True)
    (target / "directions.bin").write_bytes(zlib.compress(directions.read_bytes(), 9))
    return source


def module(path: Path, options: tuple[str, ...], work: Path, starts: Path) -> None:
    """Compiles and links one module."""
    decoder = [source.relative_to(NATIVE).as_posix() for source in sorted((NATIVE / "decoder").rglob("*.cpp"))]
    objects = []

    def compile_one(name: str | Path) -> None:
        target = work / (str(name).replace("/", "_") + f"{len(options)}.o")
        objects.append(target)
        level = "-O3" if name in FAST else "-Os"
        isa = ("-DCOIN_ISA=native",) if name in KERNELS else ()
        include = (f"-I{NATIVE}", f"-I{NATIVE / 'libcoin/include'}")
        zig("-c", NATIVE / name, "-o", target, level, *COMMON, *options, *isa, *include)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, [*decoder, *SOURCES, *KERNELS, starts]))
    zig(*sorted(objects), "-o", path, "-Os", *COMMON[:2], *options, *LINK)


def main() -> None:
    """Builds everything."""
    parser = argparse.ArgumentParser(description="Builds the npm package of the decoder.")
    parser.add_argument("--to", type=Path, default=WEB / "dist", metavar="FOLDER")
    target: Path = parser.parse_args().to
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(WEB / "src", target)
    with tempfile.TemporaryDirectory() as work:
        starts = starts_of(Path(work), target)
        for name, options in MODULES.items():
            module(target / name, options, Path(work), starts)
    version = re.search(r'__version__ = "(.*)"', (ROOT / "src/coincodec/__init__.py").read_text())
    assert version is not None
    package = json.loads((target / "package.json").read_text()) | {"version": version[1]}
    (target / "package.json").write_text(json.dumps(package, indent=2) + "\n")
    shutil.copy(ROOT / "LICENSE", target)
    for path in sorted(target.iterdir()):
        data = path.read_bytes()
        print(f"{path.name}: {len(data):,} bytes, {len(gzip.compress(data, 9, mtime=0)):,} gzipped")


if __name__ == "__main__":
    main()
