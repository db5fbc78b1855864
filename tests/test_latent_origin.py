"""Networks as differences from a start that ships."""

from __future__ import annotations

import contextlib
import hashlib
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coincodec
from coincodec import container
from coincodec.errors import CorruptError, UnsupportedError
from coincodec.latent import networks, origin, stream
from coincodec.latent.model import BICUBIC, SIZES, LatentShape, Size, parts, rescale
from coincodec.latent.networks import TENSORS, Quantised
from coincodec.latent.origin import LEAST_STEP, MOST_STEP, Origin, origin_levels
from coincodec.latent.start import CHANNELS, LEVELS, nearest_start, start_shape, starts

BITS = (7, 9, 8, 6, 7, 9, 8, 10, 7, 9, 8, 10, 8, 8, 8)


def shape_of(channels: int = 3, levels: int = 7, size: str = "middle", magnitudes: bool = True) -> LatentShape:
    return LatentShape.of(64, 96, channels, levels, SIZES[size], magnitudes)


def levels_of(of: Origin, shape: LatentShape, bits: tuple[int, ...] = BITS) -> np.ndarray:
    levels = np.zeros(shape.parameters, np.int32)
    for places, b in zip(networks.tensors(shape), bits, strict=True):
        if places.size:
            levels[places] = origin_levels(of, shape, places, b)
    return levels


def near(of: Origin, shape: LatentShape, spread: float) -> Quantised:
    """Networks some levels from an origin."""
    noise = np.random.default_rng(0).normal(0, spread, shape.parameters)
    return Quantised(shape, levels_of(of, shape) + np.rint(noise).astype(np.int32), BITS)


def test_starts_that_have_shipped_never_change() -> None:
    """Streams refer to them: a new one gets a new number and a line of its own."""
    first = {number: start for number, start in starts().items() if not start.scales}
    digests = {k: hashlib.sha256(s.values.astype("<i4").tobytes()).hexdigest()[:16] for k, s in first.items()}
    assert digests == {
        1: "0ab9eee3397a2ed8", 2: "c506393eed418d1c", 3: "ebd1e9bff7fc8564",
        4: "f4c9f0c6e2ab72d6", 5: "94d0beb071dc49a6", 6: "31bc1892120a01e1",
    }  # fmt: skip
    assert [(s.size, s.price) for s in first.values()] == [
        (SIZES[size], price) for size in ("middle", "large") for price in (0.0003, 0.0015, 0.008)
    ]


class TestLevels:
    @pytest.mark.parametrize("step", [LEAST_STEP, -13, 0, 1, 8, MOST_STEP])
    @pytest.mark.parametrize("number", [2, 4])
    def test_they_are_the_start_in_other_units(self, number: int, step: int) -> None:
        start = starts()[number]
        shape = start_shape(start.size)
        expected = np.ldexp(start.values.astype(np.float64), -14)
        rescale(shape, expected, 2.0 ** (step / 8))
        parts(shape, expected).filters[:] -= BICUBIC
        for places, bits in zip(networks.tensors(shape), BITS, strict=True):
            found = origin_levels(Origin(number, step), shape, places, bits)
            exact = np.ldexp(expected[places], bits)
            np.testing.assert_allclose(found, exact, rtol=1e-6, atol=0.5)

    def test_halves_are_rounded_up(self) -> None:
        start = starts()[2]
        shape = start_shape(start.size)
        places = np.flatnonzero(origin._scaled(Origin(2, 0), shape)[0] % (1 << (14 + 23 - 7)) == 1 << (14 + 23 - 8))
        assert len(places) > 3
        values = start.values[places].astype(np.int64)
        filters = np.isin(places, networks.tensors(shape)[TENSORS.index("filters")])
        found = origin_levels(Origin(2, 0), shape, places, 7)
        assert (found == np.floor(np.ldexp(values.astype(float), -7) + 0.5))[~filters].all()

    @pytest.mark.parametrize("levels", [1, 3, 7, 12])
    def test_fewer_or_more_grids_have_what_the_start_knows(self, levels: int) -> None:
        ours, theirs = (shape_of(levels=n) for n in (levels, LEVELS))
        found, whole = parts(ours, levels_of(Origin(2, 0), ours)), parts(theirs, levels_of(Origin(2, 0), theirs))
        shared, hidden = min(levels, LEVELS), SIZES["middle"].hidden
        assert (found.first[:, :shared] == whole.first[:, :shared]).all()
        assert (found.first[:, shared:-1] == 0).all()
        assert (found.second[:, : hidden + shared] == whole.second[:, : hidden + shared]).all()
        assert (found.second[:, -1] == whole.second[:, -1]).all()
        assert (found.filters[: shared - 1] == whole.filters[: shared - 1]).all()
        assert (found.filters[LEVELS - 1 :] == 0).all()
        for ours_of, theirs_of in zip(found.features, whole.features, strict=False):
            both = min(ours_of.shape[1], theirs_of.shape[1])
            assert (ours_of[:, :both] == theirs_of[:, :both]).all()
            assert (ours_of[:, both:] == 0).all()

    def test_grey_is_the_mean_of_the_colours_and_alpha_nothing(self) -> None:
        bits = (14,) * len(TENSORS)  # the precision of starts, so that nothing is rounded
        whole = parts(shape_of(), levels_of(Origin(2, 0), shape_of(), bits))
        for channels in (1, 2, 4):
            shape = shape_of(channels)
            found = parts(shape, levels_of(Origin(2, 0), shape, bits))
            block, theirs = (b[:, :-1].reshape(4, -1, 9) for b in (found.block, whole.block))
            if channels == CHANNELS + 1:
                assert (found.second[:3] == whole.second).all()
                assert (found.mix[:3] == whole.mix).all()
                assert (block[:, :3] == theirs).all()
            else:
                assert (found.second[0] == whole.second.sum(0) // 3).all()
                assert (found.mix[0] == whole.mix.sum(0) // 3).all()
                assert (block[:, 0] == theirs.sum(1)).all()
            if channels in (2, 4):
                assert not found.second[-1].any()
                assert not found.mix[-1].any()
                assert not block[:, -1].any()


class TestOrigin:
    @pytest.mark.parametrize(("units", "step"), [(0.0015, 0), (0.003, 4), (0.00075, -4), (1e-9, LEAST_STEP)])
    def test_its_step_follows_the_units(self, units: float, step: int) -> None:
        assert Origin.near(SIZES["middle"], 0.0015, units) == Origin(2, step)

    def test_a_size_without_a_start_has_none(self) -> None:
        assert Origin.near(Size(3, 1, 5, 2), 0.0015, 0.0015) is None

    def test_the_nearest_start_is_the_latest_of_its_price(self, monkeypatch: pytest.MonkeyPatch) -> None:
        again = replace(starts()[2], number=9)
        monkeypatch.setattr("coincodec.latent.start.starts", lambda: {**starts(), 9: again})
        found = nearest_start(SIZES["middle"], 0.0014)
        assert found is again

    @pytest.mark.parametrize(
        ("payload", "shape", "error", "message"),
        [
            (b"", shape_of(), CorruptError, "impossible start"),
            (b"\x02", shape_of(), CorruptError, "impossible start"),
            (b"\x02\x80", shape_of(), CorruptError, "impossible start"),
            (b"\x00\x40", shape_of(), UnsupportedError, "start 0, which this version does not have"),
            (b"\xff\x40", shape_of(), UnsupportedError, "start 255, which this version does not have"),
            (b"\x04\x40", shape_of(), CorruptError, "another size"),
            (b"\x02\x40", shape_of(magnitudes=False), CorruptError, "another size"),
        ],
    )
    def test_impossible_ones_are_refused(
        self, payload: bytes, shape: LatentShape, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            networks.read(shape, payload, relative=True)


class TestDifferences:
    @given(
        number=st.integers(1, 6),
        step=st.integers(LEAST_STEP, MOST_STEP),
        channels=st.integers(1, 4),
        levels=st.integers(1, 12),
        spread=st.floats(0, 50),
    )
    @settings(max_examples=60, deadline=None)
    def test_what_is_written_is_read(self, number: int, step: int, channels: int, levels: int, spread: float) -> None:
        size = "middle" if number < 4 else "large"
        shape, of = shape_of(channels, levels, size), Origin(number, step)
        quantised = near(of, shape, spread)
        if quantised.error() is None:
            read = networks.read(shape, networks.write(quantised, of), relative=True)
            assert (read.levels == quantised.levels).all()
            for places, found, bits in zip(networks.tensors(shape), read.bits, BITS, strict=True):
                assert found == bits or not places.size

    def test_their_length_is_foretold(self) -> None:
        quantised = near(Origin(5, -3), shape_of(size="large"), 4)
        written = networks.write(quantised, Origin(5, -3))
        assert 8 * len(written) == pytest.approx(networks.length(quantised, Origin(5, -3)), rel=0.03)

    @pytest.mark.parametrize(("smaller", "kind"), [(1, stream.DIFFERENCES), (50, stream.NETWORKS)])
    def test_the_shorter_of_both_is_written(self, smaller: int, kind: int) -> None:
        shape, of = shape_of(), Origin(2, 0)
        levels = near(of, shape, 3).levels
        quantised = Quantised(shape, np.rint(levels / smaller).astype(np.int32), BITS)
        sections = stream.write(quantised, shape.empty_latents(), of)
        assert sections[0].type == kind
        lengths = [len(networks.write(quantised, o)) for o in (None, of)]
        assert len(sections[0].payload) == min(lengths)
        assert (stream.read_networks(shape, sections).levels == quantised.levels).all()

    @pytest.mark.parametrize("options", [{"preset": "fast"}, {"quality": 99}, {"psnr": 33}])
    def test_an_encode_writes_them_near_its_fit(self, photo: np.ndarray, options: dict[str, Any]) -> None:
        crop = np.ascontiguousarray(photo[:160, :240])
        header, sections = container.read(coincodec.encode(crop, model="latent", steps=60, **options))
        read = stream.read_networks(stream.read_shape(header), sections)
        assert sections[0].type == stream.DIFFERENCES
        assert len(sections[0].payload) < 0.85 * len(networks.write(read))

    def test_what_has_no_code_as_a_difference_is_written_as_it_is(self) -> None:
        shape, of = shape_of(), Origin(2, LEAST_STEP)
        quantised = Quantised(shape, near(Origin(2, 0), shape, 0).levels, (*BITS[:1], 14, *BITS[2:]))
        assert networks.length(quantised, of) == math.inf
        assert stream.write(quantised, shape.empty_latents(), of)[0].type == stream.NETWORKS

    def test_a_stream_has_networks_once(self) -> None:
        shape, of = shape_of(), Origin(2, 0)
        quantised = near(of, shape, 3)
        both = [stream.write(quantised, shape.empty_latents(), o)[0] for o in (None, of)]
        assert [section.type for section in both] == [stream.NETWORKS, stream.DIFFERENCES]
        with pytest.raises(CorruptError, match="one section of type 1 or 3 or 5, not 2"):
            stream.read_networks(shape, both)

    @given(st.binary(max_size=600))
    @settings(max_examples=50)
    def test_any_bytes_are_networks_or_are_refused(self, data: bytes) -> None:
        with contextlib.suppress(CorruptError, UnsupportedError):
            networks.read(shape_of(), data, relative=True)
        with contextlib.suppress(CorruptError):
            networks.read(shape_of(), b"\x02\x40" + data, relative=True)
