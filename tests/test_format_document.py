"""What docs/format.md says of files and of data that ship is so."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import coincodec
import second
from coincodec import container
from coincodec.latent import start
from conformance import dump

# What is compiled in, and does not ship.
DATA = Path(__file__).parents[1] / "src" / "coincodec" / "latent"
DOCUMENT = dump.DOCUMENT.read_text()


def test_its_dumps_are_those_of_the_files() -> None:
    assert dump.renewed(DOCUMENT) == DOCUMENT


@pytest.mark.parametrize("name", dump.EXAMPLES)
def test_its_dumps_hold_every_byte(name: str) -> None:
    (block,) = re.findall(rf"```hexdump {name}\n(.*?)```", DOCUMENT, re.DOTALL)
    written = "".join(row[:24] for row in block.splitlines())
    assert bytes.fromhex(written) == dump.EXAMPLES[name].read_bytes()


def test_its_pictures_are_those_of_the_files() -> None:
    assert coincodec.decode(dump.EXAMPLES["siren"].read_bytes()).tolist() == [[41, 159, 248]] * 2
    picture = second.decode(dump.EXAMPLES["latent"].read_bytes())
    for values, samples in zip(picture.exact[..., 0], picture.samples[..., 0], strict=True):
        row = "  ".join(f"{v:.5f}" for v in values) + "      " + "  ".join(f"{s:3}" for s in samples)
        assert f"\n    {row}\n" in DOCUMENT


def test_its_table_of_starts_is_of_those_that_ship() -> None:
    rows = re.findall(r"\| (\d) \| ([0-9, ]+) \| ([0-9,]+) \| ([^|]+) \| `([0-9a-f]{64})` \|", DOCUMENT)
    assert len(rows) == len([known for known in start.starts().values() if not known.scales])
    for number, sizes, count, first, digest in rows:
        shipped = start.starts()[int(number)]
        assert (shipped.size.neighbours, shipped.size.features, shipped.size.hidden, shipped.size.block) == eval(sizes)
        with np.load(DATA / "starts.npz") as file:
            (values,) = (file[name] for name in file.files if name.startswith(f"{number} "))
        assert int(count.replace(",", "")) == values.size
        assert first.replace("−", "-") == ", ".join(map(str, values[:3].tolist()))
        assert hashlib.sha256(values.astype("<i4").tobytes()).hexdigest() == digest


def test_its_table_of_starts_with_directions_is_of_those_that_ship() -> None:
    rows = re.findall(r"\| (\d+) \| ([0-9, ]+) \| `([0-9a-f]{64})` \|\n\| \| \| `([0-9a-f]{64})` \|", DOCUMENT)
    assert [int(row[0]) for row in rows] == [number for number, known in start.starts().items() if known.scales]
    for number, sizes, of_values, of_directions in rows:
        shipped = start.starts()[int(number)]
        assert (shipped.size.neighbours, shipped.size.features, shipped.size.hidden, shipped.size.block) == eval(sizes)
        with np.load(DATA / "directions.npz") as file:
            (values,) = (file[name] for name in file.files if name.startswith(f"{number} values "))
            directions = file[f"{number} directions"]
        assert hashlib.sha256(values.astype("<i4").tobytes()).hexdigest() == of_values
        assert hashlib.sha256(directions.astype("<i2").tobytes()).hexdigest() == of_directions


def test_its_numbers_are_those_of_the_code() -> None:
    limits = coincodec.Limits()
    assert (limits.pixels, limits.macs, limits.metadata) == (2**28, 4 * 10**12, 2**26)
    assert "2²⁸ pixels and 4·10¹² multiply-accumulates unless told otherwise, and at 2²⁶ bytes" in " ".join(
        DOCUMENT.split()
    )
    assert f"`{container.SIGNATURE.hex(' ').upper()}`" in DOCUMENT
    largest = coincodec.latent.model.LatentShape(1, 1, 4, 12, 14, 8, 64, 16)
    assert f"{largest.parameters:,} parameters of a latent model" in " ".join(DOCUMENT.split())


@pytest.mark.parametrize(
    "name", ["siren-coded-rgb8", "siren-half-rgba16", "latent-start-1-e0-4-grids", "latent-tiles-32"]
)
def test_any_file_can_be_taken_apart(name: str) -> None:
    data = (dump.HERE / "valid" / f"{name}.coin").read_bytes()
    rows = dump.dump(data).splitlines()
    written = "".join(row[:24] for row in rows)
    assert bytes.fromhex(written) == data
