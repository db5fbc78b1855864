"""Every codec that runs here, and what those say that do not."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

import coincodec
from coincodec.bench import codecs
from coincodec.bench.codecs import compressai, ffmpeg, yuv
from coincodec.errors import UsageError
from coincodec.metrics import rgb_psnr

LIVE = ["jpeg", "jpeg-default", "jpeg2000", "webp", "avif", "avif-eye", "jxl", "heic", "hevc", "vvc", "vvc-eye"]


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[40:136, 160:320])


@pytest.mark.parametrize("name", LIVE)
def test_more_bits_give_a_better_picture(name: str, crop: np.ndarray) -> None:
    codec = codecs.make(name)
    assert codec.versions()
    sizes, qualities = [], []
    for point in (codec.points[0], codec.points[len(codec.points) // 2], codec.points[-1]):
        data = codec.encode(crop, point)
        decoded = codec.decode(data)
        assert decoded.shape == crop.shape
        assert decoded.dtype == np.uint8
        sizes.append(len(data))
        qualities.append(rgb_psnr(crop, decoded))
    assert sizes == sorted(sizes)
    assert qualities == sorted(qualities)
    assert qualities[-1] > 34  # chroma at half the resolution costs this crop most


@pytest.mark.parametrize("name", ["hevc", "vvc", "jxl"])
def test_odd_sizes(name: str, crop: np.ndarray) -> None:
    codec = codecs.make(name)
    odd = crop[:75, :93]
    decoded = codec.decode(codec.encode(odd, codec.points[-1]))
    assert rgb_psnr(odd, decoded[:75, :93]) > 30


@pytest.mark.parametrize(
    ("name", "point", "expected"),
    [
        ("coin:siren", "0.04", {"model": "siren", "preset": "default", "bpp": 0.04}),
        ("coin:siren-best", "0.08", {"model": "siren", "preset": "best", "bpp": 0.08}),
        (
            "coin:siren-fp16",
            "5x20",
            {"model": "siren", "preset": "default", "weights": "fp16", "layers": 5, "width": 20},
        ),
        (
            "coin:siren-fp16",
            "13x49",
            {"model": "siren", "preset": "default", "weights": "fp16", "layers": 13, "width": 49, "steps": 18_000},
        ),
        ("coin:latent", "0.002", {"model": "latent", "preset": "default", "tune": "psnr", "lambda_": 0.002}),
        ("coin:latent-fast", "0.02", {"model": "latent", "preset": "fast", "tune": "psnr", "lambda_": 0.02}),
        (
            "coin:latent-instant",
            "0.006",
            {"model": "latent", "preset": "instant", "tune": "psnr", "lambda_": 0.006},
        ),
        ("coin:latent-eye", "0.002", {"model": "latent", "preset": "default", "tune": "eye", "lambda_": 0.002}),
        ("coin:latent-fast-eye", "0.0001", {"model": "latent", "preset": "fast", "tune": "eye", "lambda_": 1e-4}),
    ],
)
def test_coin_is_an_entry_like_the_others(
    crop: np.ndarray, monkeypatch: pytest.MonkeyPatch, name: str, point: str, expected: dict[str, object]
) -> None:
    asked = {}

    def encode(picture: np.ndarray, **options: object) -> bytes:
        asked.update(options)
        return real(picture, layers=2, width=5, weights="fp16", steps=20)

    real = coincodec.encode
    monkeypatch.setattr(coincodec, "encode", encode)
    codec = codecs.make(name)
    decoded = codec.decode(codec.encode(crop, point))
    assert decoded.shape == crop.shape
    assert asked == expected


def test_names_and_titles_are_unique_and_everything_is_described() -> None:
    assert len({codec.title for codec in codecs.REGISTRY.values()}) == len(codecs.REGISTRY)
    for codec in codecs.REGISTRY.values():
        assert codec.settings
        assert len(codec.points) >= 4


def test_an_unknown_name_is_bad_use() -> None:
    with pytest.raises(UsageError, match="gif"):
        codecs.make("gif")


@pytest.mark.parametrize("subsample", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
def test_planes_come_back(bits: int, subsample: bool) -> None:
    y, x = np.mgrid[0:40, 0:60]
    smooth = np.stack([3 * x + y, 200 - 2 * x, 60 + 2 * y], -1).astype(np.uint8)
    planes = yuv.to_planes(smooth, bits, subsample=subsample)
    assert planes[1].shape == ((20, 30) if subsample else (40, 60))
    difference = np.abs(yuv.from_planes(planes, bits).astype(int) - smooth)
    assert difference[2:-2, 2:-2].max() <= (2 if bits == 8 else 1)


def test_luma_is_that_of_bt_601() -> None:
    red = np.full((2, 2, 3), (255, 0, 0), np.uint8)
    assert [int(plane[0, 0]) for plane in yuv.to_planes(red, 8, subsample=False)] == [76, 85, 255]


class TestMissing:
    @pytest.mark.parametrize("name", ["bpg", "vtm"])
    def test_programs_that_are_not_on_the_path(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(codecs.MissingCodecError, match="not on the PATH"):
            codecs.make(name).versions()

    @pytest.mark.parametrize("name", ["bms", "mbt", "cst"])
    def test_compressai(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(compressai.VARIABLE, raising=False)
        with pytest.raises(codecs.MissingCodecError, match=compressai.VARIABLE):
            codecs.make(name).versions()

    def test_a_python_without_compressai(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(compressai.VARIABLE, str(program(tmp_path, "python", "raise SystemExit('no compressai')")))
        with pytest.raises(codecs.MissingCodecError, match="no compressai"):
            codecs.make("bms").versions()

    def test_an_ffmpeg_without_the_encoder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fake = program(tmp_path, "ffmpeg", "print('ffmpeg version 1.0')")
        monkeypatch.setattr(ffmpeg, "executable", lambda: str(fake))
        with pytest.raises(codecs.MissingCodecError, match="libvvenc"):
            codecs.make("vvc").versions()


def program(folder: Path, name: str, code: str) -> Path:
    """A Python script that can be run as a program."""
    import sys

    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class TestStandIns:
    """Programs we do not have, played by scripts that copy: what is checked is how we call them."""

    @pytest.fixture
    def path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path

    def test_bpg(self, path: Path, crop: np.ndarray) -> None:
        copy = "import shutil; a = sys.argv; shutil.copy(a[-1], a[a.index('-o') + 1])"
        program(path, "bpgenc", f"if '-h' in sys.argv: print('BPG Image Encoder version 0.9.8'); sys.exit(1)\n{copy}")
        program(path, "bpgdec", copy)
        codec = codecs.make("bpg")
        assert codec.versions() == {"bpgenc": "0.9.8"}
        assert np.array_equal(codec.decode(codec.encode(crop, "30")), crop)

    def test_vtm(self, path: Path, crop: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
        arguments = "import shutil; a = sys.argv"
        program(
            path, "EncoderAppStatic",
            f"{arguments}\nif len(a) == 1: print('VVCSoftware: VTM Encoder Version 19.1 [Linux]'); sys.exit(1)\n"
            "assert a[a.index('-wdt') + 1] == '160' and a[a.index('-hgt') + 1] == '96'\n"
            "shutil.copy(a[a.index('-i') + 1], a[a.index('-b') + 1])",
        )  # fmt: skip
        program(path, "DecoderAppStatic", f"{arguments}\nshutil.copy(a[a.index('-b') + 1], a[a.index('-o') + 1])")
        with pytest.raises(codecs.MissingCodecError, match="VTM_CFG"):
            codecs.make("vtm").versions()
        (path / "intra.cfg").touch()
        monkeypatch.setenv("VTM_CFG", str(path / "intra.cfg"))
        codec = codecs.make("vtm")
        assert codec.versions() == {"VTM": "19.1"}
        assert rgb_psnr(crop, codec.decode(codec.encode(crop, "30"))) > 45

    def test_compressai(self, path: Path, crop: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
        fake = program(
            path, "python-with-compressai",
            "import shutil\n_, _, script, command, model, quality, source, target = sys.argv\n"
            "compile(script, 'script', 'exec')\nassert (model, quality) == ('mbt2018', '3' if source else '1')\n"
            "print('1.2.6') if command == 'version' else shutil.copy(source, target)",
        )  # fmt: skip
        monkeypatch.setenv(compressai.VARIABLE, str(fake))
        codec = codecs.make("mbt")
        assert codec.versions() == {"CompressAI": "1.2.6"}
        assert np.array_equal(codec.decode(codec.encode(crop, "3")), crop)

    def test_a_program_that_fails_says_why(self, path: Path, crop: np.ndarray) -> None:
        program(path, "bpgenc", "sys.exit('no such luck')")
        with pytest.raises(RuntimeError, match="no such luck"):
            codecs.make("bpg").encode(crop, "30")
