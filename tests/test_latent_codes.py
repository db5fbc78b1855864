"""Networks that are a start and a few codes."""

from __future__ import annotations

import contextlib
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coincodec
from coincodec import container, entropy
from coincodec.container import Section
from coincodec.errors import CorruptError, TargetError, UnsupportedError
from coincodec.latent import encode, networks, stream
from coincodec.latent.coded import CodedFit
from coincodec.latent.control import FixedPrice
from coincodec.latent.encode import Encoder, trials_of
from coincodec.latent.fitted import Model
from coincodec.latent.model import SIZES, LatentShape, coarser_shape
from coincodec.latent.networks import Quantised
from coincodec.latent.origin import MOST_CODE, Origin, step_of
from coincodec.latent.recipe import RECIPES
from coincodec.latent.start import CODES, LEVELS, nearest_start, nearest_with_directions, starts
from coincodec.latent.targets import Result
from coincodec.metrics import rgb_psnr
from coincodec.options import EncodeOptions

WITH_DIRECTIONS = [number for number, start in starts().items() if start.scales]
codes_of = st.lists(st.integers(-12, 12), min_size=CODES, max_size=CODES).map(tuple)


def read_codes(shape: LatentShape, payload: bytes) -> Quantised:
    """What a section of codes says."""
    return stream.read_networks(shape, [Section(stream.CODES, payload)])


def shape_of(height: int = 48, width: int = 64, channels: int = 3, levels: int = LEVELS) -> LatentShape:
    return LatentShape.of(height, width, channels, levels, SIZES["large"])


@pytest.fixture(scope="module")
def icon(photo: np.ndarray) -> np.ndarray:
    """64x64 pixels of a picture made smaller."""
    small = photo[:512, :512].reshape(64, 8, 64, 8, 3).mean((1, 3))
    return np.rint(small).astype(np.uint8)


class TestStarts:
    def test_what_has_shipped_never_changes(self) -> None:
        """Streams refer to it: a new start gets a new number and a line of its own."""
        digests = {}
        for number in WITH_DIRECTIONS:
            start = starts()[number]
            arrays = (start.values.astype("<i4"), start.directions.astype("<i2"))
            rest = bytes([*start.scales, *start.bits])
            digests[number] = hashlib.sha256(b"".join(a.tobytes() for a in arrays) + rest).hexdigest()[:16]
        assert digests == {
            7: "65a56968edd60395", 8: "187a511e2869ca5e", 9: "d9b71ad0a3116952",
            10: "44a3b92eb19b97cc", 11: "24b59d56092a68f9", 12: "aa97881ab4695326",
        }  # fmt: skip

    def test_there_are_some_for_both_tunes(self) -> None:
        assert [(s.tune, s.price) for s in starts().values() if s.scales] == [
            (tune, price) for tune in ("psnr", "eye") for price in (0.0006, 0.002, 0.006)
        ]

    def test_networks_of_their_own_begin_elsewhere(self) -> None:
        found = nearest_start(SIZES["large"], 0.002)
        assert found is not None
        assert not found.scales

    @pytest.mark.parametrize(("price", "expected"), [(0.1, 0.006), (0.0019, 0.002), (1e-5, 0.0006)])
    def test_the_nearest_price_is_taken(self, price: float, expected: float) -> None:
        assert nearest_with_directions("psnr", price).price == expected

    @given(st.sampled_from(WITH_DIRECTIONS), st.integers(-24, 24), codes_of)
    @settings(max_examples=40, deadline=None)
    def test_usual_codes_give_networks_that_the_integer_model_takes(
        self, number: int, step: int, codes: tuple[int, ...]
    ) -> None:
        networks.of_origin(shape_of(), Origin(number, step, codes))


class TestStream:
    @given(st.sampled_from(WITH_DIRECTIONS), st.integers(-24, 24), codes_of, st.integers(1, 4), st.integers(1, 12))
    @settings(max_examples=40, deadline=None)
    def test_what_is_written_is_read(
        self, number: int, step: int, codes: tuple[int, ...], channels: int, levels: int
    ) -> None:
        shape, origin = shape_of(channels=channels, levels=levels), Origin(number, step, codes)
        with contextlib.suppress(CorruptError):
            read = read_codes(shape, networks.write_codes(origin))
            assert (read.levels == networks.of_origin(shape, origin).levels).all()

    @pytest.mark.parametrize("number", WITH_DIRECTIONS)
    def test_a_start_unchanged_is_two_bytes(self, number: int) -> None:
        section = networks.write_codes(Origin(number, 0, (0,) * CODES))
        assert section == bytes([number, 64])
        read = read_codes(shape_of(), section)
        assert (read.levels == networks.of_origin(shape_of(), Origin(number, 0, (0,) * CODES)).levels).all()

    def test_a_code_moves_networks_along_its_direction(self) -> None:
        number, shape = WITH_DIRECTIONS[0], shape_of()
        start = starts()[number]
        codes = (0, 7, *[0] * (CODES - 2))
        apart = (
            networks.of_origin(shape, Origin(number, 0, codes)).parameters()
            - networks.of_origin(shape, Origin(number, 0)).parameters()
        )
        expected = np.ldexp(7 * start.directions[1].astype(np.float32), -14)
        for places, bits in zip(networks.tensors(shape), start.bits, strict=True):
            np.testing.assert_allclose(apart[places], expected[places], atol=1.01 * 2.0**-bits)

    @pytest.mark.parametrize(
        ("payload", "error", "message"),
        [
            (b"", CorruptError, "impossible start"),
            (b"\x07\x80", CorruptError, "impossible start"),
            (b"\xfe\x40", UnsupportedError, "start 254, which this version does not have"),
            (b"\x04\x40", UnsupportedError, "start 4, which this version does not have"),
            (b"\x07\x40\x00", CorruptError, "left over"),
        ],
    )
    def test_impossible_ones_are_refused(self, payload: bytes, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            read_codes(shape_of(), payload)

    @pytest.mark.parametrize("code", [0, MOST_CODE + 1, -MOST_CODE - 1])
    def test_codes_out_of_range_are_refused(self, code: int) -> None:
        coder, number = entropy.RangeEncoder(), WITH_DIRECTIONS[0]
        for place, scale in enumerate(starts()[number].scales):
            coder.logistic(np.array([code if place == 3 else 0], np.int32), scale)
        with pytest.raises(CorruptError, match="impossible codes of networks"):
            read_codes(shape_of(), bytes([number, 64]) + coder.finish())

    @given(st.binary(max_size=60))
    @settings(max_examples=50)
    def test_any_bytes_are_networks_or_are_refused(self, data: bytes) -> None:
        with contextlib.suppress(CorruptError, UnsupportedError):
            read_codes(shape_of(), bytes([WITH_DIRECTIONS[0], 64]) + data)

    def test_networks_of_another_size_are_refused(self) -> None:
        with pytest.raises(CorruptError, match="another size"):
            read_codes(LatentShape.of(8, 8, 3, 3, SIZES["middle"]), bytes([WITH_DIRECTIONS[0], 64]))


class TestFit:
    @pytest.mark.parametrize("halvings", [0, 1, 2])
    def test_the_gradient_is_that_of_the_codes(self, icon: np.ndarray, halvings: int) -> None:
        model = Model(shape_of(64, 64), icon, 1)
        fit = CodedFit(model, RECIPES["fast"], FixedPrice(0.002), "psnr")
        # What half the size multiplies weights by, by filters, is taken as it is.
        fit._directions[:, networks.tensors(model.shape)[networks.TENSORS.index("filters")]] = 0
        fit.codes += np.linspace(-1, 1, CODES, dtype=np.float32)
        small = model
        for _ in range(halvings):
            small = small.halved()
        fit.model = small
        small.latents[:] = np.rint(np.random.default_rng(0).normal(0, 1, small.latents.size))
        fit._take_codes()

        def cost() -> float:
            found = small.evaluate(fit.parameters)
            return found.error * small.pixels + 0.002 * found.bits

        small.step(fit.parameters, None, None, 0.002, 1, 0)
        along = fit.along_codes()
        for code in (0, 5, 31):
            found = []
            for away in (-0.02, 0.02):
                fit.codes[code] += away
                fit._take_codes()
                found.append(cost())
                fit.codes[code] -= away
            slope = (found[1] - found[0]) / 0.04
            assert along[code] == pytest.approx(slope, rel=0.05, abs=0.02 * float(np.abs(along).max()))

    def test_it_shows_what_a_decoder_shows(self, icon: np.ndarray) -> None:
        encoder = Encoder(icon, EncodeOptions(preset="instant", tune="psnr"), None, coded=True)
        encoded, _ = encoder.encode()
        assert rgb_psnr(coincodec.decode(encoded.data), icon) == pytest.approx(encoded.psnr, abs=1e-9)
        _, sections = container.read(encoded.data)
        assert [section.type for section in sections] == [stream.CODES, stream.LATENTS]
        assert len(sections[0].payload) < 40

    def test_a_price_that_is_led_changes_the_units(self, icon: np.ndarray) -> None:
        encoder = Encoder(icon, EncodeOptions(preset="instant", bytes=900, tune="psnr"), None, coded=True)
        fit = encoder.fit
        assert isinstance(fit, CodedFit)
        before = fit.step
        assert before == step_of(fit.start, fit.control.price)
        encoded, _ = encoder.encode()
        assert fit.origin.step != before
        assert 800 < len(encoded.data) <= 900

    def test_the_same_bytes_from_any_number_of_threads(self, icon: np.ndarray) -> None:
        streams = {coincodec.encode(icon, preset="instant", threads=threads) for threads in (1, 2, 3)}
        assert len(streams) == 1


class TestEncode:
    @pytest.mark.parametrize("tune", ["psnr", "eye"])
    def test_a_small_picture_is_much_shorter(self, icon: np.ndarray, tune: str) -> None:
        results = []
        for coded in (False, True):
            encoder = Encoder(icon, EncodeOptions(preset="fast", tune=tune, lambda_=0.004), None, coded)
            results.append((encoder, encoder.encode()[1]))
        (plain, with_networks), (_, with_codes) = results
        assert plain.worse(with_networks, with_codes)
        assert len(with_codes.data) < 0.8 * len(with_networks.data)

    @pytest.mark.parametrize(
        ("shape", "options", "ways"),
        [
            ((64, 64, 3), {}, [False, True]),
            ((128, 128, 3), {}, [False, True]),
            ((128, 128, 1), {"bytes": 900}, [False, True]),
            ((512, 768, 3), {"bytes": 1800}, [False]),
            ((512, 768, 3), {}, [False]),
            ((64, 64, 4), {}, [False]),
            ((64, 64, 3), {"progressive": True}, [False]),
            ((128, 128, 3), {"time": 3.0}, [False]),
            ((64, 64, 3), {"time": 3.0}, [True]),
        ],
    )
    def test_both_are_tried_where_either_may_be_better(
        self, shape: tuple[int, ...], options: dict[str, float], ways: list[bool]
    ) -> None:
        assert trials_of(np.zeros(shape, np.uint8), EncodeOptions(**options)) == ways  # type: ignore[arg-type]

    def test_the_better_one_is_written(self, photo: np.ndarray) -> None:
        samples = np.ascontiguousarray(photo[:96, :120])
        options = EncodeOptions(preset="instant", tune="psnr", lambda_=0.004)
        alone = [Encoder(samples, options, None, coded) for coded in (False, True)]
        results = [encoder.encode()[1] for encoder in alone]
        best = encode.encode(samples, options, None)
        assert best.data == results[alone[0].worse(*results)].data
        assert best.steps == sum(encoder.fit.done for encoder in alone)

    def test_of_results_that_reach_a_target_the_better_one(self, icon: np.ndarray) -> None:
        encoder = Encoder(icon, EncodeOptions(preset="instant", tune="psnr", psnr=30.0), None)
        short, long, less = Result(bytes(100), 30.1), Result(bytes(120), 30.4), Result(bytes(80), 29.9)
        assert encoder.worse(long, short)
        assert not encoder.worse(short, long)
        assert encoder.worse(less, long)
        assert not encoder.worse(long, less)

    def test_more_points_are_worth_more_bytes(self, icon: np.ndarray) -> None:
        encoder = Encoder(icon, EncodeOptions(preset="instant"), None)
        assert encoder.worse(Result(bytes(1000), 30, 50.0), Result(bytes(1020), 30, 51.0))
        assert not encoder.worse(Result(bytes(1000), 30, 50.0), Result(bytes(1050), 30, 51.0))

    def test_what_neither_reaches_is_refused(self, photo: np.ndarray) -> None:
        with pytest.raises(TargetError):
            coincodec.encode(photo[:96, :120], model="latent", preset="instant", bytes=50)

    def test_few_bytes_are_enough(self, icon: np.ndarray) -> None:
        data = coincodec.encode(icon, model="latent", preset="fast", bytes=250, tune="psnr")
        assert 200 < len(data) <= 250

    @pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 2)])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_the_smallest_pictures(self, size: tuple[int, int], channels: int) -> None:
        samples = np.random.default_rng(0).integers(0, 256, (*size, channels), np.uint8)
        data = coincodec.encode(samples, model="latent", preset="instant")
        assert coincodec.decode(data).size == samples.size

    def test_progress_goes_on_through_both(self, photo: np.ndarray) -> None:
        shares: list[float] = []
        coincodec.encode(
            photo[:96, :96], model="latent", preset="instant", progress=lambda p: shares.append(p.share or 0)
        )
        assert shares == sorted(shares)
        assert 0.9 < shares[-1] <= 1


def test_grids_coarser_than_a_pixel_are_one_latent() -> None:
    shape = shape_of(3, 2)
    assert [coarser_shape(shape, level).grid(0) for level in (2, 6)] == [(1, 1), (1, 1)]
