"""Picture to stream to picture through the public face."""

from __future__ import annotations

import io
import math
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

import coincodec
from coincodec import codec, container, metrics
from coincodec.container import Header, Section
from coincodec.errors import CorruptError, FormatError, LimitError, TargetError, UnsupportedError, UsageError
from coincodec.options import EncodeOptions
from coincodec.siren import shown, stream
from coincodec.siren.model import SirenShape

QUICK = {"layers": 2, "width": 6, "steps": 30}


def gradient(height: int, width: int, channels: int, dtype: type = np.uint8) -> np.ndarray:
    """A smooth picture of any size."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width, 2)
    planes = [y, x, 1 - y, 0.5 + 0.5 * np.sin(6 * x)][:channels]
    return np.round(np.stack(planes, -1) * np.iinfo(dtype).max).astype(dtype)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return metrics.psnr(metrics.squared_error(a, b) / a.size, 8 * a.itemsize)


def siren(parameters: bytes = b"\x01\x00", sections: list[Section] | None = None, **changes: int) -> bytes:
    """A stream of the smallest network, with changes."""
    fields = {"family": 1, "width": 3, "height": 2, "channels": 1, "bit_depth": 8} | changes
    header = Header(**fields, parameters=parameters)
    if sections is None:
        shape = SirenShape(2, header.channels, parameters[0], parameters[1] + 1)
        sections = [Section(stream.WEIGHTS_FP16, bytes(2 * shape.parameters))]
    return container.write(header, sections)


class TestRoundTrip:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_channels_and_depths(self, channels: int, dtype: type) -> None:
        samples = gradient(20, 30, channels, dtype)
        decoded = coincodec.decode(coincodec.encode(samples, layers=3, width=16, steps=500))
        assert decoded.dtype == dtype
        assert decoded.shape == ((20, 30) if channels == 1 else (20, 30, channels))
        assert psnr(decoded.reshape(samples.shape), samples) > 32

    @pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 2), (2, 1), (1, 5000), (5000, 1), (3, 700)])
    def test_odd_sizes(self, height: int, width: int) -> None:
        samples = gradient(height, width, 3)
        decoded = coincodec.decode(coincodec.encode(samples, model="siren", steps=300))
        assert decoded.shape == samples.shape
        assert psnr(decoded, samples) > 30

    @pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1)])
    def test_grey_comes_back_without_a_channel_axis(self, shape: tuple[int, ...]) -> None:
        assert coincodec.decode(coincodec.encode(np.full(shape, 99, np.uint8), **QUICK)).shape == (5, 7)

    def test_a_pillow_image_is_coded_like_its_array(self, small: np.ndarray) -> None:
        assert coincodec.encode(Image.fromarray(small), **QUICK) == coincodec.encode(small, **QUICK)

    def test_pillow_conversions_are_warned_of(self, small: np.ndarray) -> None:
        cmyk = Image.fromarray(small).convert("CMYK")
        with pytest.warns(coincodec.ConversionWarning, match="CMYK") as caught:
            data = coincodec.encode(cmyk, **QUICK)
        assert caught[0].filename == __file__
        assert data == coincodec.encode(cmyk.convert("RGB"), **QUICK)

    def test_an_image_turned_by_exif_is_upright(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        buffer = io.BytesIO()
        Image.fromarray(gradient(8, 12, 3)).save(buffer, "PNG", exif=exif)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", coincodec.ConversionWarning)
            decoded = coincodec.decode(coincodec.encode(Image.open(buffer), **QUICK))
        assert decoded.shape == (12, 8, 3)

    def test_the_caller_s_array_is_not_changed(self, small: np.ndarray) -> None:
        before = small.copy()
        coincodec.encode(small[::-1, ::2], **QUICK)
        assert np.array_equal(small, before)


class TestEncode:
    def test_the_reported_psnr_is_the_decoder_s(self, photo: np.ndarray) -> None:
        encoded = codec.encode_samples(photo, EncodeOptions(layers=3, width=12, steps=50))
        assert encoded.psnr == psnr(coincodec.decode(encoded.data), photo)

    def test_psnr_of_several_bands(self, small: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = codec.encode_samples(small, EncodeOptions(**QUICK))
        monkeypatch.setattr(shown, "_BAND", 50)
        banded = codec.encode_samples(small, EncodeOptions(**QUICK))
        assert banded == codec.Encoded(whole.data, whole.psnr, whole.network, whole.steps, banded.seconds)

    def test_same_bytes_whatever_the_threads(self, photo: np.ndarray) -> None:
        streams = [coincodec.encode(photo, layers=3, width=12, steps=15, threads=n) for n in (1, 2, 3)]
        assert streams[0] == streams[1] == streams[2]

    def test_the_seed_matters(self, small: np.ndarray) -> None:
        assert coincodec.encode(small, seed=1, **QUICK) != coincodec.encode(small, seed=2, **QUICK)

    @pytest.mark.parametrize(
        ("options", "model"),
        [
            ({}, "latent"),
            ({"quality": 20}, "latent"),
            ({"bytes": 1600}, "latent"),
            ({"bytes": 1400}, "latent"),
            ({"bytes": 150}, "siren"),
            ({"width": 6, "layers": 2}, "siren"),
            ({"weights": "fp16", "bytes": 2000}, "siren"),
            ({"preset": "paper"}, "siren"),
            ({"model": "siren"}, "siren"),
        ],
    )
    def test_the_model_is_what_suits(self, small: np.ndarray, options: dict[str, object], model: str) -> None:
        data = coincodec.encode(small, steps=1, **options)  # type: ignore[arg-type]
        assert coincodec.info(data).model == model

    @pytest.mark.parametrize("bpp", [0.02, 0.0734, 0.3, 0.31, 0.7, 1.3])
    def test_bpp_holds_for_the_whole_file(self, bpp: float) -> None:
        samples = np.zeros((512, 768, 3), np.uint8)
        data = coincodec.encode(samples, model="siren", bpp=bpp, steps=1)
        assert 0.9 * bpp < coincodec.info(data).bpp <= bpp

    def test_the_default_of_a_siren_is_0_3_bits_per_pixel_for_a_kodak_picture(self, photo: np.ndarray) -> None:
        facts = coincodec.info(coincodec.encode(photo, model="siren", steps=1))
        assert 0.29 < facts.bpp <= 0.3
        assert facts.weights == "coded"

    def test_half_floats_at_the_papers_rate_are_the_papers_10x28(self) -> None:
        black = np.zeros((512, 768, 3), np.uint8)
        facts = coincodec.info(coincodec.encode(black, bpp=0.31, weights="fp16", steps=1))
        assert (facts.layers, facts.width) == (10, 28)
        assert facts.header_bytes <= 32

    def test_the_paper_preset_fits_on_the_papers_axes_and_decodes_on_ours(self) -> None:
        samples = gradient(12, 30, 3)
        data = coincodec.encode(samples, preset="paper", layers=2, width=16, steps=1500)
        decoded = coincodec.decode(data)
        assert psnr(decoded, samples) > 25

    @pytest.mark.parametrize(
        "options",
        [
            {"model": "jpeg"},
            {"preset": "turbo"},
            {"layers": 3},
            {"width": 3},
            {"layers": 3, "width": 3, "bpp": 1, "weights": "fp16"},
            {"layers": 3, "width": 3, "lambda_": 0.1},
            {"bpp": 1, "bytes": 1000},
            {"psnr": 30, "lambda_": 0.1},
            {"psnr": 30, "time": 5},
            {"psnr": 30, "weights": "fp16"},
            {"lambda_": 0.1, "weights": "fp16"},
            {"bits": 6, "weights": "fp16"},
            {"bits": 0.5},
            {"bits": 17},
            {"weights": "int8"},
            {"bytes": 0},
            {"psnr": math.nan},
            {"lambda_": -1},
            {"layers": 0, "width": 3},
            {"layers": 65, "width": 3},
            {"layers": 3, "width": 257},
            {"bpp": 0},
            {"bpp": -1},
            {"bpp": math.inf},
            {"bpp": math.nan},
            {"steps": 0},
            {"steps": -5},
            {"time": 0},
            {"time": -1},
            {"time": math.nan},
            {"seed": -1},
            {"threads": 0},
        ],
    )
    def test_bad_options_are_refused(self, small: np.ndarray, options: dict[str, object]) -> None:
        with pytest.raises(UsageError):
            coincodec.encode(small, **{"model": "siren"} | options)  # type: ignore[arg-type]

    def test_a_rate_no_network_reaches_is_refused(self, small: np.ndarray) -> None:
        with pytest.raises(TargetError, match="smallest"):
            coincodec.encode(small, model="siren", bpp=0.1)


@pytest.fixture(scope="module")
def data() -> bytes:
    """A sound stream."""
    return coincodec.encode(gradient(9, 11, 3), layers=2, width=5, steps=10)


class TestDamage:
    """What a damaged or hostile stream does: our error, always."""

    def test_truncated_at_every_byte(self, data: bytes) -> None:
        for length in range(len(data)):
            for read in (coincodec.decode, coincodec.info):
                with pytest.raises(FormatError):
                    read(data[:length])

    def test_every_byte_changed(self, data: bytes) -> None:
        for position in range(len(data)):
            for flip in (0x01, 0x80, 0xFF):
                damaged = bytearray(data)
                damaged[position] ^= flip
                with pytest.raises(FormatError):
                    coincodec.decode(bytes(damaged))

    def test_trailing_bytes(self, data: bytes) -> None:
        with pytest.raises(CorruptError):
            coincodec.decode(data + b"\0")

    def test_an_unknown_family(self) -> None:
        with pytest.raises(UnsupportedError, match="family 77"):
            coincodec.decode(siren(family=77))

    @pytest.mark.parametrize("parameters", [b"", b"\x01", b"\x00\x05", b"\x41\x05"])
    def test_an_impossible_network(self, parameters: bytes) -> None:
        with pytest.raises(CorruptError):
            coincodec.decode(siren(parameters, sections=[]))

    def test_parameters_of_a_later_version(self) -> None:
        with pytest.raises(UnsupportedError):
            coincodec.decode(siren(b"\x01\x00\x00"))

    def test_an_unknown_section_that_may_be_skipped_is_skipped(self) -> None:
        weights = Section(stream.WEIGHTS_FP16, bytes(10))
        decoded = coincodec.decode(siren(sections=[Section(200, b"hello"), weights]))
        assert np.array_equal(decoded, np.zeros((2, 3)))

    def test_an_unknown_section_that_may_not_be_skipped_is_refused(self) -> None:
        with pytest.raises(UnsupportedError, match="section type 100"):
            coincodec.decode(siren(sections=[Section(stream.WEIGHTS_FP16, bytes(10)), Section(100, b"")]))

    def test_no_weights(self) -> None:
        with pytest.raises(CorruptError, match="no weights"):
            coincodec.decode(siren(sections=[]))

    def test_weights_twice(self) -> None:
        with pytest.raises(CorruptError, match="two sections"):
            coincodec.decode(siren(sections=[Section(stream.WEIGHTS_FP16, bytes(10))] * 2))

    @pytest.mark.parametrize("length", [0, 8, 9, 11, 12])
    def test_weights_of_another_network(self, length: int) -> None:
        with pytest.raises(CorruptError, match="has 5 weights"):
            coincodec.decode(siren(sections=[Section(stream.WEIGHTS_FP16, bytes(length))]))

    @pytest.mark.parametrize("weight", [np.nan, np.inf, -np.inf, 5000])
    def test_weights_that_are_not_finite_or_too_large(self, weight: float) -> None:
        payload = np.array([0, 0, weight, 0, 0], "<f2").tobytes()
        with pytest.raises(CorruptError, match="weight"):
            coincodec.decode(siren(sections=[Section(stream.WEIGHTS_FP16, payload)]))

    def test_a_small_file_cannot_ask_for_endless_pixels(self) -> None:
        data = siren(width=2**20, height=2**20)
        assert len(data) < 50
        with pytest.raises(LimitError, match="1048576x1048576"):
            coincodec.decode(data)

    def test_a_small_file_cannot_ask_for_endless_work(self) -> None:
        data = siren(bytes([64, 255]), sections=[], width=2**14, height=2**14)
        with pytest.raises(LimitError, match="multiply-accumulates"):
            coincodec.decode(data)

    @pytest.mark.parametrize("ask", [coincodec.decode, coincodec.info])
    def test_latents_of_a_huge_picture_are_not_looked_for(self, ask: Callable[[bytes], object]) -> None:
        header, sections = container.read(coincodec.encode(np.zeros((8, 8), np.uint8), model="latent", steps=1))
        data = container.write(replace(header, width=2**20, height=2**20), sections)
        with pytest.raises(LimitError, match="pixels"):
            ask(data)

    def test_limits_are_the_caller_s_to_set(self) -> None:
        data = siren()
        assert coincodec.decode(data, limits=coincodec.Limits(pixels=6)).shape == (2, 3)
        with pytest.raises(LimitError):
            coincodec.decode(data, limits=coincodec.Limits(pixels=5))
        with pytest.raises(LimitError):
            coincodec.decode(data, limits=coincodec.Limits(macs=17))

    @pytest.mark.parametrize("kind", [bytearray, memoryview])
    def test_any_bytes_like_object_is_read(self, data: bytes, kind: type) -> None:
        assert np.array_equal(coincodec.decode(kind(data)), coincodec.decode(data))


def test_info_tells_what_was_encoded() -> None:
    data = coincodec.encode(gradient(10, 16, 4, np.uint16), weights="fp16", **QUICK)
    shape = SirenShape(2, 4, 2, 6)
    assert asdict(coincodec.info(data)) == {
        "version": 1,
        "model": "siren",
        "size": (16, 10),
        "channels": 4,
        "bit_depth": 16,
        "bytes": len(data),
        "bpp": 8 * len(data) / 160,
        "header_bytes": len(data) - 2 * shape.parameters,
        "parts": {"weights": 2 * shape.parameters},
        "network": "2x6",
        "weights": "fp16",
        "layers": 2,
        "width": 6,
        "parameters": shape.parameters,
        "macs_per_pixel": 2 * 6 + 6 * 6 + 6 * 4,
        "colour": {"primaries": 1, "transfer": 13, "icc": None},
        "metadata": {},
    }
    assert coincodec.info(data).bits_per_parameter == 16


def test_importing_the_package_loads_neither_numpy_nor_pillow() -> None:
    code = "import sys, coincodec; print(sorted({'numpy', 'PIL', 'skimage', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_decoding_loads_nothing_of_the_bench() -> None:
    heavy = "{'matplotlib', 'scipy', 'bjontegaard', 'imagecodecs', 'imageio_ffmpeg', 'pillow_heif', 'skimage'}"
    code = f"""
import sys
import coincodec, coincodec.cli
coincodec.decode({siren()!r})
print(sorted({heavy} & set(sys.modules)), [name for name in sys.modules if name.startswith('coincodec.bench')])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[] []"


class TestMetrics:
    def test_psnr(self) -> None:
        assert metrics.psnr(0, 8) == math.inf
        assert metrics.psnr(255**2, 8) == 0
        assert metrics.psnr(65.025, 8) == pytest.approx(30)
        assert metrics.psnr(65535**2 / 1000, 16) == pytest.approx(30)

    def test_squared_error_does_not_overflow(self) -> None:
        black, white = np.zeros((300, 300), np.uint16), np.full((300, 300), 65535, np.uint16)
        assert metrics.squared_error(black, white) == metrics.squared_error(white, black) == 90000 * 65535**2
