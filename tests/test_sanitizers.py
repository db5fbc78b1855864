"""libcoin under sanitizers: every function, damaged files, failing allocations, many threads (tests/native)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import corpus
from libcoin import GOLDEN, ROOT, decoded_alike, run

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or any(shutil.which(tool) is None for tool in ("cmake", "cc", "c++")),
    reason="needs Linux, cmake and a compiler",
)
SMALL = ROOT / "tests/conformance/valid"
# Every way that a file can have its model, and everything else that it can have.
FILES = [
    SMALL / f"{name}.coin"
    for name in (
        "siren-half-rgb8", "siren-coded-grey16", "latent-rgb8", "latent-tiles-32", "latent-start-1-e0-4-grids",
        "latent-codes-few-of-8-e-3-9-grids", "colour-profile", "metadata-all",
    )
]  # fmt: skip


def built(folder: Path, sanitizers: str, *programs: str) -> Path:
    """The folder with these programs of tests/native, of one instruction set: the best of this machine."""
    flags = f"-O1 -g1 -march=native -fsanitize={sanitizers} -fno-sanitize-recover=all"
    ninja = ["-G", "Ninja"] if shutil.which("ninja") else []
    options = ["-DCOINCODEC_CHECKS=ON", "-DCOINCODEC_ONE_ISA=ON", "-DCMAKE_BUILD_TYPE=None"]
    options += [f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_CXX_FLAGS={flags}"]
    run("cmake", "-S", ROOT / "native/libcoin", "-B", folder, *ninja, *options)
    run("cmake", "--build", folder, "--parallel", "2", "--target", *programs)
    return folder / "checks"


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs with address and undefined-behaviour sanitizers."""
    programs = ("fuzz_targets", "api", "coin2pam", "allocations")
    return built(tmp_path_factory.mktemp("address"), "address,undefined", *programs)


def test_every_function(checks: Path) -> None:
    assert run(checks / "api", *GOLDEN).decode() == f"{len(GOLDEN)} files\n"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_files_are_decoded_as_in_python(checks: Path, path: Path) -> None:
    assert decoded_alike(checks / "coin2pam", path)


@pytest.mark.parametrize("target", corpus.TARGETS)
def test_damaged_files(checks: Path, tmp_path: Path, target: str) -> None:
    """The corpus of a fuzz target, and what is made of it without regard to what is reached."""
    first = corpus.write(target, tmp_path / "first")
    found = run(checks / f"fuzz_{target}", "-runs=1500", "-seed=1", first).decode()
    assert int(found.split()[0]) == 1500 + len(list(first.iterdir()))


def test_every_allocation_that_fails_is_one_error(checks: Path) -> None:
    found = re.fullmatch(r"(\d+) files, (\d+) failures\n", run(checks / "allocations", *FILES).decode())
    assert found is not None
    assert int(found[1]) == len(FILES)
    assert int(found[2]) > 100 * len(FILES)


def test_programs_have_their_sanitizers(checks: Path) -> None:
    for program in (checks / "fuzz_siren", checks / "allocations"):
        code = program.read_bytes()
        assert b"__asan_report_load" in code
        assert b"__ubsan_handle" in code


def test_many_threads(tmp_path: Path) -> None:
    """On one file and on different ones, with pictures large enough for several threads each."""
    programs = built(tmp_path, "thread", "threads")
    large = [path for path in GOLDEN if path.stem in ("siren-coded-photograph", "latent-tiles-large")]
    assert b"rounds" in run(programs / "threads", *FILES, *large, TSAN_OPTIONS="halt_on_error=1")


def test_libfuzzer(tmp_path: Path) -> None:
    """Clang's fuzzer and sanitizers, for a moment, and its warnings."""
    source = 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'
    probe = ["clang++", "-fsanitize=fuzzer,address,undefined", "-x", "c++", "-", "-o", tmp_path / "probe"]
    if shutil.which("clang++") is None or subprocess.run(
        probe, input=source.encode(), capture_output=True, check=False
    ).returncode:  # fmt: skip
        pytest.skip("needs clang with libFuzzer")
    command = [sys.executable, ROOT / "tests/fuzz/native.py", "--runs", "2000", "--folder", tmp_path / "fuzz"]
    said = run(*map(str, command)).decode()
    assert "warning:" not in said
    executions = re.search(r"([\d,]+) executions, 0 findings", said)
    assert executions is not None, said
    assert int(executions[1].replace(",", "")) >= 2000 * len(corpus.TARGETS)
