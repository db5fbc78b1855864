"""Both decoders over the conformance set (tests/conformance): what is valid, and what must be refused."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coincodec
import second
from coincodec import Colour
from conformance import first, make
from second.writing import write_file

HERE = Path(__file__).parent / "conformance"
VALID, INVALID = (json.loads((HERE / kind / "index.json").read_text()) for kind in ("valid", "invalid"))


def read(kind: str, name: str) -> bytes:
    return (HERE / kind / f"{name}.coin").read_bytes()


def expected_samples(name: str, facts: dict[str, Any]) -> np.ndarray:
    """height x width x channels."""
    shape, dtype = (facts["height"], facts["width"], facts["channels"]), f"<u{facts['bits'] // 8}"
    if "samples" in facts:
        return np.full(shape, facts["samples"], dtype)
    return np.fromfile(HERE / "valid" / f"{name}.samples", dtype).reshape(shape)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", VALID)
def test_what_is_valid_is_read(name: str) -> None:
    data, facts = read("valid", name), VALID[name]
    said = first.facts(data)
    colour, metadata = said.pop("colour"), said.pop("metadata")
    assert said == {key: facts[key] for key in said}
    expected = expected_samples(name, facts)
    samples = coincodec.decode(data).reshape(expected.shape)
    assert samples.dtype == expected.dtype
    assert int(np.abs(samples.astype(np.int64) - expected).max()) <= facts["tolerance"]
    if isinstance(facts["colour"], list):
        assert colour == Colour(*facts["colour"])
    else:
        assert sha256(colour.icc) == facts["colour"]
    resolution = None if metadata.dpi is None else np.rint(np.array(metadata.dpi) * 100).astype("<u4").tobytes()
    by_type = {"240": metadata.exif, "241": metadata.xmp, "242": resolution}
    assert {kind: sha256(payload) for kind, payload in by_type.items() if payload is not None} == facts["metadata"]


@pytest.mark.parametrize("name", VALID)
def test_the_second_decoder_still_reads_it(name: str) -> None:
    facts, samples = make.expected(read("valid", name))
    assert facts == {key: VALID[name][key] for key in facts}
    assert np.array_equal(samples, expected_samples(name, VALID[name]))


def test_the_indices_are_complete() -> None:
    for kind, index in (("valid", VALID), ("invalid", INVALID)):
        assert {path.stem for path in (HERE / kind).glob("*.coin")} == set(index)
    assert sum(path.stat().st_size for path in HERE.glob("*valid/*")) < 400_000


ASK = {"picture": coincodec.decode, "metadata": lambda data: coincodec.open(io.BytesIO(data)).metadata()}
ASK_SECOND = {"picture": second.decode, "metadata": second.metadata}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_invalid_is_refused(name: str) -> None:
    data, refusal = read("invalid", name), INVALID[name]
    with pytest.raises(coincodec.FormatError) as caught:
        ASK[refusal["of"]](data)
    assert (caught.type.__name__, refusal["message"] in str(caught.value)) == (refusal["error"], True), caught.value
    with pytest.raises(second.Refused):
        ASK_SECOND[refusal["of"]](data)


# Reads files and tells by how many bytes the process has grown at most, having read a sound one before.
MEASURE = """
import io, os, re, resource, sys
import coincodec

def peak():
    if os.path.exists("/proc/self/status"):  # what getrusage says begins with what the process had that started it
        return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

def ask(path):
    data = open(path, "rb").read()
    try:
        coincodec.decode(data)
        coincodec.open(io.BytesIO(data)).metadata()
    except coincodec.FormatError as error:
        return type(error).__name__
    return "read"

sound, *bombs = sys.argv[1:]
assert ask(sound) == "read"
before = peak()
print(*map(ask, bombs), peak() - before)
"""


def endless(kind: int) -> bytes:
    """A file of four megabytes with a section that unpacks to four gigabytes."""
    packer = zlib.compressobj(9)
    begun = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    weights = (1, bytes.fromhex("0000 003e 0034 0038 0038"))
    section = (kind, begun + 4096 * block)
    return write_file(1, (3, 2), b"\1\0", sorted([weights, section], key=lambda section: section[0] != 113))


def measured(paths: list[str]) -> tuple[list[str], int]:
    """Errors of files, and by how many bytes a process grows that reads them."""
    sound = str(HERE / "valid" / "latent-rgb8.coin")
    command = [sys.executable, "-c", MEASURE, sound, *paths]
    *errors, grown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return errors, int(grown)


def test_bombs_take_no_memory() -> None:
    names = [name for name in INVALID if name.startswith("bomb-")]
    errors, grown = measured([str(HERE / "invalid" / f"{name}.coin") for name in names])
    assert errors == [INVALID[name]["error"] for name in names]
    assert grown < 32 * 2**20


def test_large_bombs_take_no_more_than_the_limit_and_themselves(tmp_path: Path) -> None:
    paths = [tmp_path / f"{kind}.coin" for kind in (113, 240, 241)]
    for path in paths:
        path.write_bytes(endless(int(path.stem)))
    errors, grown = measured([str(path) for path in paths])
    assert errors == ["LimitError"] * 3
    assert grown < coincodec.Limits().metadata + 12 * paths[0].stat().st_size


def test_bombs_are_small() -> None:
    sizes = {name: len(read("invalid", name)) for name in INVALID if name.startswith("bomb-")}
    assert sizes["bomb-2-40-pixels"] <= 200
    assert sum(size <= 200 for size in sizes.values()) >= 18
