"""A short run of the fuzzer (tests/fuzz), the same files every time, and that it would notice something."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import coincodec
from fuzz import outcomes
from fuzz.mutation import Parts, mutated
from fuzz.run import executions, seeds


def test_damaged_files_are_pictures_or_one_error() -> None:
    counts = Counter[str]()
    for number, _, finding, found in executions(seed=0, count=600):
        assert finding is None, f"execution {number}: {finding}"
        counts[found] += 1
    kinds = Counter(found.split(":")[0] for found in counts)
    assert all(kinds[request] >= 3 for request in outcomes.REQUESTS)
    assert counts["differential: the same"] >= 10
    assert counts["differential: both refuse"] >= 30


def test_most_damage_is_behind_the_checksums() -> None:
    corpus, rng = seeds(), np.random.default_rng(1)
    refused = Counter[bool]()
    for _ in range(300):
        try:
            coincodec.info(mutated(rng, corpus), limits=outcomes.LIMITS)
        except coincodec.FormatError as error:
            refused["checksum" in str(error)] += 1
    assert refused[False] > 10 * refused[True]


def test_taken_apart_and_put_together_is_the_same() -> None:
    whole = [data for data in seeds() if (parts := Parts.of(data)) is not None and parts.write() == data]
    assert len(whole) > 150


@pytest.mark.parametrize(
    "error", [ValueError("x"), MemoryError(), coincodec.FormatError("of\ntwo lines"), RuntimeWarning()]
)
def test_what_is_none_of_our_errors_is_a_finding(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: bytes, limits: object) -> None:
        raise error

    monkeypatch.setattr(coincodec, "decode", fail)
    with pytest.raises(outcomes.Finding):
        outcomes.outcome("decode", b"")


def test_decoders_that_differ_are_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (Path(__file__).parent / "conformance" / "valid" / "siren-half-rgb8.coin").read_bytes()
    assert outcomes.compare(data) == "differential: the same"
    decode = coincodec.decode
    monkeypatch.setattr(coincodec, "decode", lambda data, limits: decode(data, limits=limits) ^ np.uint8(64))
    with pytest.raises(outcomes.Finding, match="other samples"):
        outcomes.compare(data)
