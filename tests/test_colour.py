"""Colour spaces: in streams, as profiles, and as arithmetic held against Little CMS."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import coincodec
from coincodec import Colour, container, image
from coincodec.cli import main
from coincodec.colour import PROFILE, SPACE, SRGB, of_sections, to_srgb
from coincodec.colour import icc as icc_profiles
from coincodec.container import Section
from coincodec.errors import ConversionWarning, CorruptError, LimitError, TargetError, UnsupportedError
from coincodec.image import codepoints

QUICK: dict[str, Any] = {"model": "siren", "layers": 1, "width": 4, "steps": 2}

P3, LINEAR, PQ, HLG = Colour(12, 13), Colour(1, 8), Colour(9, 16), Colour(9, 18)

# Of a power curve that has no code point.
ODD = Colour.of_profile(
    icc_profiles.of_chromaticities((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), (0.3127, 0.329), gamma=1.9, grey=False)
)


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 20, 3)).astype(np.uint8)


def stream(samples: np.ndarray, colour: Colour, **options: Any) -> bytes:
    return coincodec.encode(samples, colour=colour, **QUICK, **options)


def by_little_cms(samples: np.ndarray, profile: bytes) -> np.ndarray:
    converted = ImageCms.profileToProfile(
        Image.fromarray(samples),
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    assert converted is not None
    return np.asarray(converted)


class TestConversion:
    @pytest.mark.parametrize("points", [(12, 13), (9, 1), (1, 8), (1, 4), (11, 13), (6, 6), (4, 4), (9, 14)])
    def test_as_little_cms_has_it(self, samples: np.ndarray, points: tuple[int, int]) -> None:
        colour = Colour(*points)
        profile = colour.profile(grey=False)
        assert profile is not None
        off = to_srgb(samples, colour).astype(int) - by_little_cms(samples, profile)
        assert np.abs(off).max() <= 2
        assert np.abs(off).mean() < 0.1

    def test_white_stays_white_and_alpha_stays(self) -> None:
        for depth in (np.uint8, np.uint16):
            most = np.iinfo(depth).max
            picture = np.full((2, 2, 4), most, depth)
            picture[..., 3] = most // 3
            for colour in (P3, LINEAR, Colour(9, 1), Colour(4, 5)):
                assert np.array_equal(to_srgb(picture, colour), picture)

    def test_diffuse_white_of_absolute_light(self) -> None:
        """203 nits are 58 % of PQ's signal and 75 % of HLG's (ITU-R BT.2408), and a grey stays grey."""
        for colour, signal in ((PQ, 0.5807), (HLG, 0.75)):
            white = np.full((1, 1, 3), round(65535 * signal), np.uint16)
            assert to_srgb(white, colour) / 65535 == pytest.approx(1, abs=5e-3)
            dark = to_srgb(white // 2, colour)[0, 0]
            assert 0 < dark[0] < 30_000
            assert np.ptp(dark.astype(int)) <= 64

    def test_16_bits_keep_their_precision(self) -> None:
        ramp = np.repeat(np.arange(65536, dtype=np.uint16)[None, :, None], 3, axis=2)
        converted = to_srgb(ramp, Colour(12, 13)).astype(int)
        assert np.abs(converted - ramp).max() <= 2  # a grey is the same in both

    def test_sixteen_bits_of_a_profile_are_said(self, samples: np.ndarray) -> None:
        notes: list[str] = []
        wide = samples.astype(np.uint16) * np.uint16(257)
        converted = image.as_srgb(wide, ODD, notes)
        assert converted.dtype == np.uint16
        assert np.array_equal(converted // 257, by_little_cms(samples, ODD.icc or b""))
        assert "precision of 8 bits" in notes[-1]

    def test_unknown_code_points_are_refused(self, samples: np.ndarray) -> None:
        with pytest.raises(UnsupportedError, match="primaries 22, curve of sRGB"):
            to_srgb(samples, Colour(22, 13))
        assert Colour(22, 13).profile(grey=False) is None


class TestProfiles:
    @pytest.mark.parametrize("points", [(12, 13), (9, 1), (1, 8), (1, 4), (9, 16), (9, 18), (11, 8), (12, 16)])
    def test_are_recognised_by_their_numbers(self, samples: np.ndarray, points: tuple[int, int]) -> None:
        colour = Colour(*points)
        tagged = Image.fromarray(samples)
        tagged.info["icc_profile"] = colour.profile(grey=False)
        picture = image.from_pillow(tagged)
        assert picture.colour == colour
        assert np.array_equal(picture.samples, samples)

    @pytest.mark.parametrize("transfer", [8, 1, 4, 16, 18])
    def test_of_grey(self, samples: np.ndarray, transfer: int) -> None:
        tagged = Image.fromarray(samples[:, :, 0])
        tagged.info["icc_profile"] = Colour(1, transfer).profile(grey=True)
        assert image.from_pillow(tagged).colour == Colour(1, transfer)

    def test_of_rgb_with_a_grey_picture(self, samples: np.ndarray) -> None:
        tagged = Image.fromarray(samples[:, :, 0])
        tagged.info["icc_profile"] = P3.profile(grey=False)
        assert image.from_pillow(tagged).colour == SRGB  # of grey P3 has the same
        tagged.info["icc_profile"] = ODD.icc
        picture = image.from_pillow(tagged)
        assert (picture.samples.shape[2], picture.colour) == (3, ODD)
        assert picture.notes == ("grey became RGB, whose profile it has",)

    def test_large_ones_are_said(self, samples: np.ndarray) -> None:
        assert ODD.icc is not None
        noise = np.random.default_rng(0).bytes(5000)
        large = bytearray(ODD.icc + noise)
        large[:4] = struct.pack(">I", len(large))
        tagged = Image.fromarray(samples)
        tagged.info["icc_profile"] = bytes(large)
        (note,) = image.from_pillow(tagged).notes
        assert note.startswith("its ICC profile takes 5,")

    def test_of_grey_with_colours_is_ignored(self, samples: np.ndarray) -> None:
        tagged = Image.fromarray(samples)
        tagged.info["icc_profile"] = LINEAR.profile(grey=True)
        picture = image.from_pillow(tagged)
        assert (picture.colour, picture.notes) == (SRGB, ("an ICC profile that cannot be used was ignored",))

    def test_of_a_palette_are_its_colours(self, samples: np.ndarray) -> None:
        tagged = Image.fromarray(samples).quantize(16)
        wanted = np.asarray(tagged.convert("RGB"))
        tagged.info["icc_profile"] = P3.profile(grey=False)
        picture = image.from_pillow(tagged)
        assert picture.colour == P3
        assert np.array_equal(picture.samples, wanted)

    def test_of_inks_are_converted(self) -> None:
        picture = image.from_pillow(Image.new("CMYK", (3, 3), (255, 0, 0, 0)))
        assert picture.colour == SRGB
        assert "CMYK became RGB" in picture.notes

    def test_have_names(self) -> None:
        assert [c.name for c in (SRGB, P3, LINEAR, PQ, HLG)] == [
            "sRGB", "Display P3", "linear sRGB", "Rec. 2100 PQ", "Rec. 2100 HLG",
        ]  # fmt: skip
        assert ODD.name == "ICC profile 'gamma 1.9'"
        assert Colour(77, 99).name == "primaries 77, transfer 99"
        old = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        assert Colour.of_profile(old).name == "ICC profile 'sRGB built-in'"


class TestStreams:
    @pytest.mark.parametrize("model", ["siren", "latent"])
    @pytest.mark.parametrize("colour", [P3, PQ, ODD], ids=["P3", "PQ", "profile"])
    def test_keep_it(self, samples: np.ndarray, model: str, colour: Colour) -> None:
        options = QUICK if model == "siren" else {"model": "latent", "steps": 3}
        plain = coincodec.encode(samples, **options)
        data = coincodec.encode(samples, colour=colour, **options)
        assert np.array_equal(coincodec.decode(data), coincodec.decode(plain))
        assert coincodec.info(data).colour == coincodec.open(io.BytesIO(data)).colour == colour
        assert coincodec.info(plain).colour == SRGB
        taken = container.length_of(colour.sections())
        assert coincodec.info(data).metadata == {"colour": sum(len(s.payload) for s in colour.sections())}
        assert coincodec.info(data).header_bytes - coincodec.info(plain).header_bytes == taken - sum(
            len(s.payload) for s in colour.sections()
        )
        assert len(data) == len(plain) + taken
        assert len(list(coincodec.progressive(data))) == len(list(coincodec.progressive(plain)))
        converted = coincodec.decode(data, srgb=True)
        assert np.array_equal(converted, image.as_srgb(coincodec.decode(plain), colour, []))
        bands = list(coincodec.open(io.BytesIO(data)).rows(srgb=True))
        assert np.array_equal(np.concatenate(bands), converted)

    def test_begin_with_it(self, samples: np.ndarray) -> None:
        """So that a cut stream has it."""
        data = coincodec.encode(samples, colour=P3, model="latent", steps=3)
        _, sections = container.read(data)
        assert sections[0] == Section(SPACE, b"\x0c\x0d")
        with pytest.warns(coincodec.PartialWarning):
            cut = coincodec.decode(data[:-9], partial=True, srgb=True)
        with pytest.warns(coincodec.PartialWarning):
            plain = coincodec.decode(data[:-9], partial=True)
        assert np.array_equal(cut, to_srgb(plain, P3))

    def test_keep_it_where_metadata_is_left_out(self, samples: np.ndarray) -> None:
        assert coincodec.info(stream(samples, P3, strip=True)).colour == P3

    def test_count_it(self, samples: np.ndarray) -> None:
        plain = stream(samples, SRGB, bytes=400)
        assert len(plain) <= 400
        assert len(stream(samples, ODD, bytes=600)) <= 600
        with pytest.raises(TargetError, match=r"too few for .* colour profile"):
            stream(samples, ODD, bytes=150)

    def test_of_pillow_images_and_back(self, samples: np.ndarray, tmp_path: Path) -> None:
        import coincodec.plugins.pillow

        tagged = Image.fromarray(samples)
        tagged.info["icc_profile"] = P3.profile(grey=False)
        tagged.save(tmp_path / "a.coin", **QUICK)
        with Image.open(tmp_path / "a.coin") as opened:
            assert opened.info["icc_profile"] == P3.profile(grey=False)
        with pytest.warns(ConversionWarning, match="converted to sRGB from Display P3"):
            data = coincodec.encode(tagged, srgb=True, **QUICK)
        assert coincodec.info(data).colour == SRGB

    @pytest.mark.parametrize(
        ("sections", "error"),
        [
            ([Section(SPACE, b"\x0c")], "the colour space is damaged"),
            ([Section(SPACE, b"\x0c\x02")], "the colour space is damaged"),
            ([Section(SPACE, b"\x0c\x0d"), Section(SPACE, b"\x0c\x0d")], "two sections of colour"),
            ([Section(SPACE, b"\x0c\x0d"), *ODD.sections()], "two sections of colour"),
            ([Section(PROFILE, b"nothing")], "the ICC profile is damaged"),
            ([Section(PROFILE, zlib.compress(b"no profile" * 50))], "the ICC profile is damaged"),
            ([Section(PROFILE, zlib.compress(ODD.icc or b"") + b"x")], "the ICC profile is damaged"),
        ],
    )
    def test_that_no_encoder_writes(self, samples: np.ndarray, sections: list[Section], error: str) -> None:
        data = container.extended(coincodec.encode(samples, **QUICK), sections, [])
        for read in (coincodec.decode, coincodec.info, lambda d: coincodec.open(io.BytesIO(d)).colour):
            with pytest.raises(CorruptError, match=error):
                read(data)

    def test_profiles_are_bounded(self) -> None:
        with pytest.raises(LimitError, match="over the limit"):
            of_sections([Section(PROFILE, zlib.compress(bytes(10**6)))], 10**5)

    def test_code_points_of_later_editions_are_handed_on(self, samples: np.ndarray) -> None:
        data = stream(samples, Colour(77, 13))
        assert coincodec.info(data).colour == Colour(77, 13)
        with pytest.raises(UnsupportedError, match="cannot be converted"):
            coincodec.decode(data, srgb=True)


class TestFiles:
    @pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF"])
    @pytest.mark.parametrize("colour", [P3, ODD], ids=["P3", "profile"])
    def test_hand_it_on(self, samples: np.ndarray, format: str, colour: Colour) -> None:
        for grey in (False, True):
            if grey and colour == ODD:
                continue
            space = Colour(1, 4) if grey else colour
            written = image.to_bytes(samples[:, :, 0] if grey else samples, format, colour=space)
            assert written.notes == ()
            back = image.load(io.BytesIO(written.data))
            if grey and format in ("WEBP", "AVIF"):  # which have no grey, and no profile of it
                continue
            assert back.colour == space

    def test_of_png_have_code_points_too(self, samples: np.ndarray) -> None:
        for depth in (np.uint8, np.uint16):
            data = image.to_bytes(samples.astype(depth), "PNG", colour=PQ).data
            assert codepoints.of_file(io.BytesIO(data)) == {image.CICP: (9, 16)}
            assert b"iCCP" in data
        data = image.to_bytes(samples, "PNG").data
        assert b"cICP" not in data
        assert b"iCCP" not in data

    def test_of_avif_tell_theirs(self, samples: np.ndarray) -> None:
        file = io.BytesIO()
        Image.fromarray(samples).save(file, "AVIF")
        data = bytearray(file.getvalue())
        at = data.index(b"colrnclx") + 8
        data[at : at + 4] = struct.pack(">HH", 12, 13)
        assert image.load(io.BytesIO(bytes(data))).colour == P3

    @pytest.mark.parametrize("format", ["BMP", "PPM", "npy"])
    def test_that_cannot_are_said(self, samples: np.ndarray, format: str) -> None:
        (note,) = image.to_bytes(samples, format, colour=P3).notes
        assert note.startswith(f"{format} files do not say that their colours are Display P3")


@pytest.mark.parametrize("name", ["colour-profile", "colour-profile-grey"])
def test_a_profile_that_nothing_can_convert_by_is_refused_where_that_is_asked(name: str) -> None:
    data = (Path(__file__).parent / "conformance" / "valid" / f"{name}.coin").read_bytes()
    assert coincodec.decode(data).size
    with pytest.raises(UnsupportedError, match="cannot be converted to sRGB"):
        coincodec.decode(data, srgb=True)


class TestCommands:
    def test_keep_and_convert(self, samples: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        Image.fromarray(samples).save(tmp_path / "a.png", icc_profile=P3.profile(grey=False))
        there, a, b = (str(tmp_path / name) for name in ("a.coin", "kept.png", "converted.png"))
        few = ["--model", "siren", "--layers", "1", "--width", "4", "--steps", "2"]
        assert main(["encode", str(tmp_path / "a.png"), "-o", there, *few]) == 0
        assert main(["decode", there, "-o", a]) == 0
        assert main(["decode", there, "-o", b, "--srgb"]) == 0
        kept, converted = image.load(a), image.load(b)
        assert (kept.colour, converted.colour) == (P3, SRGB)
        assert np.array_equal(converted.samples, to_srgb(kept.samples, P3))
        capsys.readouterr()
        assert main(["info", there]) == 0
        lines = [line.split(":") for line in capsys.readouterr().out.splitlines()]
        assert ["colour", "Display P3, 2 bytes"] in [[name, text.strip()] for name, text in lines]
        assert main(["info", "--json", there]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["colour"] == {"name": "Display P3", "primaries": 12, "transfer": 13}
        assert main(["encode", str(tmp_path / "a.png"), "-o", there, "--force", "--srgb", *few]) == 0
        assert coincodec.info(Path(there).read_bytes()).colour == SRGB
