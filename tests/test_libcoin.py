"""libcoin: built, installed into an empty prefix, and linked by a program in C."""

from __future__ import annotations

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
from libcoin import GOLDEN, ROOT, decoded_alike, run

EXAMPLE = ROOT / "examples/coin2pam.c"
STRICT = ["-std=c99", "-pedantic-errors", "-Wall", "-Wextra", "-Werror"]

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("cmake", "cc", "c++")), reason="needs cmake and a compiler"
)


def built(folder: Path, *options: str) -> Path:
    """The prefix into which a build with these options is installed."""
    ninja = ["-G", "Ninja"] if shutil.which("ninja") else []
    run("cmake", "-S", ROOT / "native/libcoin", "-B", folder / "build", "-DCOINCODEC_WERROR=ON", *ninja, *options)
    run("cmake", "--build", folder / "build", "--parallel", "2")
    run("cmake", "--install", folder / "build", "--prefix", folder / "prefix")
    return folder / "prefix"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is installed, in a place that the build does not know."""
    folder = tmp_path_factory.mktemp("libcoin")
    return built(folder, "-DCMAKE_INSTALL_LIBDIR=lib").rename(folder / "elsewhere")


@pytest.fixture(scope="module")
def program(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, with the shared library."""
    path = tmp_path_factory.mktemp("program") / "coin2pam"
    library = prefix / "lib"
    run("cc", *STRICT, EXAMPLE, "-o", path, f"-I{prefix}/include", f"-L{library}", "-lcoin", f"-Wl,-rpath,{library}")
    return path


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_golden_file_is_decoded_as_in_python(program: Path, path: Path) -> None:
    assert native.selected_isa() == native.supported_isas()[-1]
    assert decoded_alike(program, path)


def test_the_example_is_short() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 50


def test_the_documentation_s_example(prefix: Path, tmp_path: Path) -> None:
    code = re.findall(r"```c\n(.*?)```", (ROOT / "docs/embedding.md").read_text(), re.DOTALL)[0]
    (tmp_path / "corner.c").write_text(
        code
        + """
#include <stdio.h>
static unsigned char data[100000];
int main(int count, char **names) {
  FILE *file = fopen(names[count - 1], "rb");
  const size_t size = file ? fread(data, 1, sizeof data, file) : 0;
  coin_error error;
  int width, height;
  unsigned char *samples = corner(data, size, &width, &height, &error);
  if (samples) fwrite(samples, 3, (size_t)(width * height), stdout);
  free(samples);
  return !samples;
}
"""
    )
    library = prefix / "lib"
    link = [f"-I{prefix}/include", f"-L{library}", "-lcoin", f"-Wl,-rpath,{library}"]
    run("cc", *STRICT, tmp_path / "corner.c", "-o", tmp_path / "corner", *link)
    path = next(path for path in GOLDEN if path.stem == "latent-photograph")
    found = np.frombuffer(run(tmp_path / "corner", path), np.uint8)
    width, height = coincodec.info(path.read_bytes()).size
    region = (width // 2, height // 2, width, height)
    size = (-(-(width - width // 2) // 4), -(-(height - height // 2) // 4))
    assert np.array_equal(found, coincodec.decode(path.read_bytes(), region=region, size=size).ravel())


def test_a_damaged_file_is_one_clear_error(program: Path, tmp_path: Path) -> None:
    data = GOLDEN[0].read_bytes()
    for damaged in (b"", b"no picture", data[:-1], data[:20], data + b"?", data[:-1] + bytes([data[-1] ^ 1])):
        path = tmp_path / "damaged.coin"
        path.write_bytes(damaged)
        result = subprocess.run([program, path], capture_output=True, check=False)
        assert result.returncode == 1
        assert result.stdout == b""
        if damaged:
            with pytest.raises(coincodec.FormatError) as caught:
                coincodec.decode(damaged)
            assert result.stderr.decode().strip() == f"{path}: {caught.value}"


def test_pkg_config_and_the_static_library(prefix: Path, tmp_path: Path) -> None:
    if shutil.which("pkg-config") is None:
        pytest.skip("needs pkg-config")
    where = {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    assert run("pkg-config", "--modversion", "libcoin", **where).decode().strip() == coincodec.__version__
    flags = run("pkg-config", "--cflags", "libcoin", **where).decode().split()
    libraries = run("pkg-config", "--static", "--libs-only-l", "libcoin", **where).decode().split()
    libraries[libraries.index("-lcoin")] = str(prefix / "lib/libcoin.a")
    run("cc", *STRICT, EXAMPLE, "-o", tmp_path / "coin2pam", *flags, *libraries)
    assert decoded_alike(tmp_path / "coin2pam", GOLDEN[-1])


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_a_cmake_project_finds_it(prefix: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(reader C CXX)\n"
        "find_package(libcoin 0.2 REQUIRED)\n"
        f"add_executable(reader {EXAMPLE})\n"
        f"target_link_libraries(reader PRIVATE libcoin::{kind})\n"
        "set_target_properties(reader PROPERTIES C_STANDARD 99)\n"
    )
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path / "build")
    assert decoded_alike(tmp_path / "build/reader", GOLDEN[0])


def test_nothing_but_the_api_is_exported(prefix: Path) -> None:
    symbols = run("nm", "-D", "--defined-only", "-C", prefix / "lib/libcoin.so").decode().splitlines()
    functions = {line.split(" ", 2)[2] for line in symbols if " T " in line}
    assert functions == {
        "coin_close", "coin_open", "coin_options_init", "coin_picture_info", "coin_picture_metadata",
        "coin_previews_close", "coin_previews_colour", "coin_previews_next", "coin_previews_open", "coin_version",
        "coin_view_close", "coin_view_colour", "coin_view_height", "coin_view_missing", "coin_view_open",
        "coin_view_read", "coin_view_width",
    }  # fmt: skip


@pytest.fixture(scope="module")
def helpers(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with programs of tests/native that measure."""
    folder = tmp_path_factory.mktemp("helpers")
    for name in ("bombs", "memory"):
        source, link = ROOT / f"tests/native/{name}.c", [prefix / "lib/libcoin.a", "-lstdc++", "-lm", "-pthread"]
        run("cc", "-O1", source, "-o", folder / name, f"-I{prefix}/include", *link)
    return folder


def test_memory_is_flat(helpers: Path) -> None:
    """10,000 decodes of all kinds of files, whole and not; 1 MiB is for what allocators keep."""
    small = [path for path in sorted((ROOT / "tests/conformance/valid").glob("*.coin")) if path.stat().st_size < 1000]
    assert int(run(helpers / "memory", *small[:63])) < 2**20


# Those of coin.h.
CODES = {"TruncatedError": 2, "CorruptError": 3, "UnsupportedError": 4, "LimitError": 5}


def test_bombs_are_refused_within_100_megabytes(helpers: Path) -> None:
    folder = ROOT / "tests/conformance/invalid"
    index = json.loads((folder / "index.json").read_text())
    bombs = [name for name in index if name.startswith("bomb-")]
    assert len(bombs) >= 21
    for name in bombs:
        code, _, peak = map(int, run(helpers / "bombs", folder / f"{name}.coin").split())
        assert (name, code) == (name, CODES[index[name]["error"]])
        assert peak < 100e6


def test_what_is_installed_passes_the_check_of_a_release(prefix: Path) -> None:
    said = run(sys.executable, ROOT / "tools/check_libcoin.py", prefix).decode()
    assert said.startswith(f"{len(GOLDEN)} files, ")
