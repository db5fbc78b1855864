"""Encoding and decoding with the latent model, through the public face."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

import coincodec
from coincodec import codec, metrics
from coincodec.errors import TargetError, UsageError
from coincodec.latent import stages
from coincodec.latent.control import FixedPrice
from coincodec.latent.encode import MOST_ROUNDS, Encoder, levels_for
from coincodec.latent.fit import Fit
from coincodec.latent.fitted import Model
from coincodec.latent.model import SIZES, LatentShape, Size, parts, unit_gains
from coincodec.latent.recipe import RECIPES
from coincodec.latent.start import start_for
from coincodec.latent.targets import price_of, score_of
from coincodec.looks.ssimulacra2 import Ssimulacra2
from coincodec.options import EncodeOptions

QUICK = {"model": "latent", "preset": "fast", "steps": 30}


def psnr(decoded: np.ndarray, original: np.ndarray) -> float:
    error, count = metrics.seen_error(decoded, original)
    return metrics.psnr(error / count, 8 * original.dtype.itemsize)


def gradient(height: int, width: int, channels: int, dtype: type) -> np.ndarray:
    """Smooth, different in every channel."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    planes = [y, x, 1 - (x + y) / 2, 0.5 + x / 2][:channels]
    return np.round(np.stack(planes, -1) * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 1), (2, 300, 3), (40, 33, 4), (24, 16, 2)], ids=str)
def test_any_picture_is_coded(shape: tuple[int, int, int], dtype: type) -> None:
    samples = gradient(*shape, dtype)
    encoded = codec.encode_samples(samples, EncodeOptions(**QUICK))
    decoded = coincodec.decode(encoded.data)
    decoded = decoded[:, :, None] if shape[2] == 1 else decoded
    assert decoded.shape == samples.shape
    assert decoded.dtype == samples.dtype
    assert psnr(decoded, samples) == pytest.approx(encoded.psnr)


@pytest.mark.parametrize("value", [0, 99, 255])
def test_a_plain_picture_is_nearly_free(value: int) -> None:
    samples = np.full((64, 96, 3), value, np.uint8)
    encoded = codec.encode_samples(samples, EncodeOptions(model="latent", preset="fast", steps=200))
    assert encoded.psnr > 40
    parts = coincodec.info(encoded.data).parts
    assert sum(size for name, size in parts.items() if name.startswith("grid")) < 200


def screenshot() -> np.ndarray:
    """Windows with text, as a desktop has them."""
    image = Image.new("RGB", (240, 160), (32, 60, 90))
    draw = ImageDraw.Draw(image)
    for left, top, paper in ((10, 10, "white"), (90, 50, "#fdf6e3")):
        draw.rectangle((left, top, left + 140, top + 100), fill=paper, outline="black")
        draw.rectangle((left, top, left + 140, top + 12), fill="#3465a4")
        for line in range(7):
            draw.text((left + 4, top + 14 + 12 * line), f"{line}: the quick brown fox", fill="black")
    return np.asarray(image)


def line_art() -> np.ndarray:
    """Thin black lines on white."""
    image = Image.new("L", (200, 200), 255)
    draw = ImageDraw.Draw(image)
    for radius in range(10, 100, 12):
        draw.ellipse((100 - radius, 100 - radius, 100 + radius, 100 + radius), outline=0)
        draw.line((0, 2 * radius, 200, 200 - 2 * radius), fill=0)
    return np.asarray(image)[:, :, None]


def saturated() -> np.ndarray:
    """Every pure colour, side by side."""
    colours = [(r, g, b) for r in (0, 255) for g in (0, 255) for b in (0, 255)]
    return np.kron(np.array(colours, np.uint8).reshape(2, 4, 3), np.ones((40, 40, 1), np.uint8))


@pytest.mark.parametrize(
    "samples",
    [
        screenshot(),
        line_art(),
        saturated(),
        255 - saturated() // 8,
        np.full((50, 50, 3), 255, np.uint8),
        np.zeros((50, 50, 3), np.uint8),
        gradient(3000, 2, 3, np.uint8),
        gradient(7, 5, 4, np.uint16),
        gradient(1, 1, 3, np.uint8),
    ],
    ids=["screenshot", "line art", "saturated", "bright", "white", "black", "3000x2", "7x5", "1x1"],
)
def test_no_kind_of_picture_collapses(samples: np.ndarray) -> None:
    encoded = codec.encode_samples(samples, EncodeOptions(preset="fast"))
    assert encoded.psnr >= 30


def test_same_bytes_whatever_the_threads(photo: np.ndarray) -> None:
    crop = np.ascontiguousarray(photo[:120, :200])
    streams = [coincodec.encode(crop, threads=n, **QUICK) for n in (1, 2, 3)]
    assert streams[0] == streams[1] == streams[2]


def test_decoding_is_the_same_on_every_instruction_set(isa: str, photo: np.ndarray) -> None:
    crop = np.ascontiguousarray(photo[:50, :70])
    data = coincodec.encode(crop, **QUICK)
    info = coincodec.info(data)
    assert info.parts["networks"] + sum(v for k, v in info.parts.items() if k.startswith("grid")) < len(data)
    assert np.abs(coincodec.decode(data, threads=3).astype(int) - coincodec.decode(data, threads=1)).max() == 0


def test_more_steps_give_a_better_picture_for_its_bytes(photo: np.ndarray) -> None:
    crop = np.ascontiguousarray(photo[:128, :192])

    def cost(steps: int) -> float:
        encoded = codec.encode_samples(crop, EncodeOptions(model="latent", tune="psnr", lambda_=0.001, steps=steps))
        return 10 ** (-encoded.psnr / 10) + 0.001 * 8 * len(encoded.data) / (128 * 192)

    assert cost(300) < 0.8 * cost(20)


def test_low_prices_are_not_asked_in_vain(photo: np.ndarray) -> None:
    """Begun at such a price, in units so small, these fits would end below 42 dB."""
    crop = np.ascontiguousarray(photo[100:164, 100:196])
    options = EncodeOptions(model="latent", preset="fast", tune="psnr", lambda_=3e-6, steps=200)
    assert codec.encode_samples(crop, options).psnr > 43


def test_networks_move_alike_in_small_units(photo: np.ndarray) -> None:
    shape = LatentShape.of(32, 48, 3, 4, SIZES["middle"])
    model = Model(shape, np.ascontiguousarray(photo[:32, :48]), 1)
    start = start_for(shape, 3e-4, 0)
    direction = np.random.default_rng(0).standard_normal(shape.parameters).astype(np.float32)
    moved = []
    for price in (3e-4, 3e-4 / 256):
        fit = Fit(model, RECIPES["fast"], FixedPrice(3e-4), start=start)
        fit.price = price
        fit.follow_price()
        before, gains = fit.parameters.copy(), unit_gains(shape, math.sqrt(price / 3e-4))
        optimiser = fit.networks_optimiser()
        for turn in (1, -0.5):
            model.gradient[...] = turn * direction / gains
            fit.move_networks(optimiser, 0.01)
        moved.append((fit.parameters - before) / gains)
    assert np.abs(moved[0]).max() > 0.004
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-5)


class TestCooling:
    """The temperature falls faster where rounding would cost too much."""

    @staticmethod
    def fitted(samples: np.ndarray, price: float, gap: float) -> tuple[float, float]:
        encoder = Encoder(samples, EncodeOptions(tune="psnr", lambda_=price, steps=400), None)
        encoder.fit.recipe = replace(encoder.fit.recipe, gap=gap)
        result, _ = encoder.encode()
        cost = 10 ** (-result.psnr / 10) + price * 8 * len(result.data) / (samples.shape[0] * samples.shape[1])
        return encoder.fit.warmth, cost

    def test_it_pays_for_noise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stages, "levels_of", lambda shape: 0)  # what cooling does, and not what stages do
        noise = 128 + 60 * np.random.default_rng(0).standard_normal((96, 96, 1))
        samples = np.clip(noise, 0, 255).astype(np.uint8)
        (cool, less), (warm, more) = (self.fitted(samples, 0.02, gap) for gap in (0.12, math.inf))
        assert cool < 0.8
        assert warm == 1
        assert less < 0.98 * more

    def test_what_loses_little_stays_warm(self, photo: np.ndarray) -> None:
        assert self.fitted(np.ascontiguousarray(photo[:96, :144]), 0.002, 0.12)[0] > 0.85


class TestTargets:
    @pytest.fixture
    def crop(self, photo: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(photo[40:168, 100:292])

    @pytest.mark.parametrize("bpp", [0.4, 1.0, 2.5])
    @pytest.mark.parametrize("tune", ["eye", "psnr"])
    def test_bytes_are_never_passed_and_well_used(self, crop: np.ndarray, bpp: float, tune: str) -> None:
        budget = int(bpp * 128 * 192 / 8)
        data = coincodec.encode(crop, model="latent", preset="fast", tune=tune, steps=200, bytes=budget)
        least = {"eye": 0.85, "psnr": 0.9}[tune]  # a smaller file may be the better one
        assert least * budget <= len(data) <= budget

    @pytest.mark.parametrize("target", [28.0, 33.0, 38.0])
    def test_psnr_is_never_missed(self, crop: np.ndarray, target: float) -> None:
        data = coincodec.encode(crop, model="latent", preset="fast", steps=200, psnr=target)
        assert target <= psnr(coincodec.decode(data), crop) < target + 1

    def test_one_out_of_reach_names_the_nearest_file(self, crop: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
        encoder = Encoder(np.ascontiguousarray(crop[:32, :48]), EncodeOptions(preset="fast", psnr=70.0, steps=40), None)
        tried, result = [], encoder._result
        monkeypatch.setattr(encoder, "_result", lambda networks: tried.append(result(networks)) or tried[-1])
        with pytest.raises(TargetError, match="was not reached") as error:
            encoder.encode()
        best = max(tried, key=lambda r: r.psnr)
        assert best is not tried[-1]
        assert f"{len(best.data):,} bytes, {best.psnr:.2f} dB" in str(error.value)

    def test_one_out_of_reach_is_given_up_when_it_comes_no_nearer(
        self, crop: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
        encoder = Encoder(noise, EncodeOptions(preset="fast", psnr=40.0, steps=60), None)
        ends, again = [], encoder.fit.run_on
        monkeypatch.setattr(encoder.fit, "run_on", lambda *options: ends.append(options) or again(*options))
        with pytest.raises(TargetError, match="was not reached"):
            encoder.encode()
        assert len(ends) < MOST_ROUNDS

    def test_or_is_what_the_best_effort_gives(self, crop: np.ndarray) -> None:
        part = np.ascontiguousarray(crop[:32, :48])
        with pytest.warns(coincodec.ShortfallWarning, match=r"70\.0 dB was not reached: [0-9,]+ bytes"):
            data = coincodec.encode(part, preset="fast", psnr=70.0, steps=40, best_effort=True)
        assert psnr(coincodec.decode(data), part) > 25
        with pytest.raises(TargetError):  # a size is not a thing to be near
            coincodec.encode(part, model="latent", preset="fast", bytes=50, steps=40, best_effort=True)

    def test_repeats_of_the_end_change_the_price_and_long_ones_the_precision(self, crop: np.ndarray) -> None:
        fit = Encoder(crop, EncodeOptions(steps=60, lambda_=1e-3), None).fit
        price = fit.control.price
        chosen = fit.run(60, None).bits
        assert fit.run_on(1.05, far=False).bits == chosen
        assert fit.control.price > 1.2 * price  # few steps need more of a change
        assert fit.run_on(30.0, far=True).bits != chosen
        assert fit.control.price == pytest.approx(1.05 * 30 * price)

    @pytest.mark.parametrize("tune", ["eye", "psnr"])
    def test_a_higher_quality_is_larger_and_better(self, crop: np.ndarray, tune: str) -> None:
        usual = {"model": "latent", "preset": "fast", "steps": 150, "tune": tune}
        low, high = (codec.encode_samples(crop, EncodeOptions(**usual, quality=q)) for q in (20, 80))
        assert high.psnr > low.psnr + 3
        assert len(high.data) > 2 * len(low.data)

    @pytest.mark.parametrize("target", [40.0, 60.0, 80.0])
    def test_ssimulacra2_is_never_missed(self, crop: np.ndarray, target: float) -> None:
        data = coincodec.encode(crop, model="latent", preset="fast", steps=200, ssimulacra2=target)
        assert target <= Ssimulacra2(crop)(coincodec.decode(data)) < target + 6

    def test_a_quality_leads_near_its_score(self, photo: np.ndarray) -> None:
        large = np.ascontiguousarray(photo[:384, :480])
        for quality in (30, 70):
            encoded = codec.encode_samples(large, EncodeOptions(preset="fast", steps=200, quality=quality))
            assert encoded.ssimulacra2 == pytest.approx(score_of(quality), abs=5)

    def test_what_is_fitted_for_eyes_looks_better_and_has_less_psnr(self, crop: np.ndarray) -> None:
        usual = {"model": "latent", "preset": "fast", "bytes": 1400}
        eye, plain = (codec.encode_samples(crop, EncodeOptions(**usual, tune=tune)) for tune in ("eye", "psnr"))
        assert eye.ssimulacra2 is not None
        assert plain.ssimulacra2 is None
        assert eye.ssimulacra2 > Ssimulacra2(crop)(coincodec.decode(plain.data))
        assert eye.psnr < plain.psnr

    def test_networks_of_fits_for_eyes_move_less(self, crop: np.ndarray) -> None:
        eye, psnr = (
            Encoder(crop, EncodeOptions(preset="fast", tune=tune), None).fit.recipe for tune in ("eye", "psnr")
        )
        assert (psnr.rate, psnr.end) == (RECIPES["fast"].rate, RECIPES["fast"].end)
        assert (eye.rate, eye.end) == RECIPES["fast"].for_moving
        default = RECIPES["default"]
        assert default.for_eyes() == default

    def test_pictures_too_small_to_look_at_have_the_best_psnr(self, crop: np.ndarray) -> None:
        small = np.ascontiguousarray(crop[:31])
        usual = {"model": "latent", "preset": "fast", "steps": 40, "lambda_": 1e-3}
        assert coincodec.encode(small, **usual, tune="eye") == coincodec.encode(small, **usual, tune="psnr")
        with pytest.raises(TargetError, match="fewer than 32 rows or columns"):
            coincodec.encode(small, ssimulacra2=60)

    def test_prices_fall_smoothly_with_quality(self) -> None:
        prices = [price_of(q) for q in range(1, 101)]
        assert prices[0] == pytest.approx(0.05)
        assert prices[-1] == pytest.approx(2e-5)
        assert np.ptp(np.diff(np.log(prices))) < 1e-9

    def test_too_few_bytes_are_refused_before_the_fit(self, crop: np.ndarray) -> None:
        with pytest.raises(TargetError, match="too few for this model"):
            coincodec.encode(crop, model="latent", bytes=40)

    def test_a_time_is_kept(self, crop: np.ndarray) -> None:
        encoded = codec.encode_samples(crop, EncodeOptions(model="latent", steps=100_000, time=1.0))
        assert 10 < encoded.steps < 20_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "turbo"}, "preset must be one of"),
        ({"preset": "paper"}, "preset paper is an option of the siren model"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"time": 0}, "time must be more than 0"),
        ({"quality": 0.5}, "quality must be 1 to 100"),
        ({"quality": 50, "psnr": 30}, "give one target"),
        ({"tune": "ear"}, "tune must be one of eye, psnr"),
        ({"tune": "eye", "psnr": 30}, "a PSNR is reached with tune psnr"),
        ({"tune": "psnr", "ssimulacra2": 60}, "a SSIMULACRA 2 is reached with tune eye"),
        ({"ssimulacra2": 100}, "ssimulacra2 must be less than 100"),
        ({"ssimulacra2": 60, "quality": 50}, "give one target"),
        ({"layers": 5, "width": 20}, "layers is an option of the siren model"),
        ({"weights": "fp16"}, "weights is an option of the siren model"),
        ({"seed": -1}, "seed must not be negative"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        coincodec.encode(np.zeros((8, 8, 3), np.uint8), model="latent", **options)


class TestSizes:
    @pytest.mark.parametrize("preset", ["default", "best"])
    def test_large_networks_are_for_pictures_that_pay_for_them(self, preset: str) -> None:
        recipe, kodak = RECIPES[preset], 768 * 512
        assert recipe.suiting(0.008, kodak).size == SIZES["large"]
        assert recipe.suiting(0.00801, kodak).size == SIZES["middle"]
        assert recipe.suiting(0.0008, kodak // 10).size == SIZES["middle"]
        assert recipe.suiting(0.05, 30 * kodak).size == SIZES["large"]

    def test_small_networks_get_more_steps(self) -> None:
        recipe = RECIPES["default"]
        assert recipe.suiting(1e-5, 10**6) == recipe
        assert 1.2 < recipe.suiting(1.0, 10**6).steps / recipe.steps < 1.6

    def test_fast_fits_are_all_alike(self) -> None:
        assert {RECIPES["fast"].suiting(price, 10**6) for price in (1e-5, 1.0)} == {RECIPES["fast"]}
        assert RECIPES["fast"].size == SIZES["middle"]

    @pytest.mark.parametrize(
        ("options", "size"),
        [({"lambda_": 9e-5}, "large"), ({"lambda_": 11e-5}, "middle"), ({"bpp": 4}, "large"), ({"bpp": 0.5}, "middle"),
         ({"psnr": 45}, "large"), ({"psnr": 30}, "middle"), ({"quality": 100}, "large"), ({"quality": 50}, "middle")],
    )  # fmt: skip
    def test_an_encode_chooses(self, photo: np.ndarray, options: dict[str, float], size: str) -> None:
        crop = np.ascontiguousarray(photo[:128, :192])
        shape = Encoder(crop, EncodeOptions(**options), None).shape
        assert shape == LatentShape.of(128, 192, 3, levels_for(128, 192), SIZES[size])


@pytest.mark.parametrize(("size", "levels"), [((512, 768), 7), ((1, 1), 1), ((7, 5), 1), ((3000, 2), 7), ((64, 64), 4)])
def test_levels(size: tuple[int, int], levels: int) -> None:
    assert levels_for(*size) == levels


class TestStart:
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    @pytest.mark.parametrize("levels", [1, 3, 7])
    @pytest.mark.parametrize("size", ["middle", "large"])
    def test_it_fits_every_shape(self, channels: int, levels: int, size: str) -> None:
        shape = LatentShape.of(64, 64, channels, levels, SIZES[size])
        start = start_for(shape, 0.001, 0)
        assert start.shape == (shape.parameters,)
        assert np.isfinite(start).all()

    def test_grey_begins_as_the_mean_of_the_colours(self) -> None:
        size = SIZES["middle"]
        grey, rgb = (LatentShape.of(64, 64, c, 7, size) for c in (1, 3))
        ours, theirs = (parts(s, start_for(s, 0.0015, 0)) for s in (grey, rgb))

        def mean(colours: np.ndarray) -> np.ndarray:
            return np.floor(colours.mean(0, keepdims=True, dtype=np.float64) * 2**14) / 2**14

        assert ours.second == pytest.approx(mean(theirs.second), abs=1e-6)
        assert ours.mix == pytest.approx(mean(theirs.mix), abs=1e-6)

    def test_an_unknown_size_begins_at_random(self) -> None:
        size = Size(3, 1, 5, 2)
        shape = LatentShape.of(64, 64, 3, 7, size)
        assert (start_for(shape, 0.001, 0) != start_for(shape, 0.001, 1)).any()
