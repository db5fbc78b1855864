"""Parts of a picture, and pictures at another size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import coincodec
from coincodec import Limits, _native, cli, codec, container
from coincodec.container import Header
from coincodec.errors import CorruptError, LimitError, UsageError
from coincodec.image import to_pillow
from coincodec.latent import stream as latent_stream
from coincodec.latent.model import SIZES, LatentShape, coarser, coarser_shape, initial_parameters
from coincodec.latent.shown import render
from coincodec.metrics import psnr, squared_error
from coincodec.options import DecodeOptions
from coincodec.resample import resize
from coincodec.siren import stream as siren_stream
from coincodec.siren.reference import forward
from coincodec.view import Region, View, fit_within, row_bands

WIDTH, HEIGHT = 233, 131
FITS = {
    "siren": {"layers": 3, "width": 12, "steps": 20},
    "latent": {"model": "latent", "preset": "fast", "steps": 20},
}


@pytest.fixture(scope="module", params=FITS)
def stream(request: pytest.FixtureRequest, photo: np.ndarray) -> bytes:
    """A photograph of odd sides in each family."""
    return coincodec.encode(np.ascontiguousarray(photo[:HEIGHT, :WIDTH]), **FITS[request.param])


sides = st.integers(1, 70)


@given(sides, sides, st.integers(1, 500))
def test_row_bands_cover_every_row_once(height: int, width: int, samples: int) -> None:
    rows = [row for band in row_bands(height, width, samples) for row in range(band.start, band.stop)]
    assert rows == list(range(height))


class TestDecode:
    def test_two_hundred_regions_are_those_of_the_whole_picture(self, stream: bytes, isa: str) -> None:
        whole = coincodec.decode(stream)
        rng = np.random.default_rng(0)
        for _ in range(200):
            left, right = np.sort(rng.choice(WIDTH + 1, 2, replace=False))
            top, bottom = np.sort(rng.choice(HEIGHT + 1, 2, replace=False))
            part = coincodec.decode(stream, region=(left, top, right, bottom))
            assert np.array_equal(part, whole[top:bottom, left:right])

    @pytest.mark.parametrize(
        "box", [(0, 0, WIDTH, HEIGHT), (0, 0, 1, 1), (WIDTH - 1, HEIGHT - 1, WIDTH, HEIGHT), (5, 0, 6, HEIGHT)]
    )
    def test_edges(self, stream: bytes, box: tuple[int, int, int, int]) -> None:
        left, top, right, bottom = box
        part = coincodec.decode(stream, region=box, threads=3)
        assert np.array_equal(part, coincodec.decode(stream)[top:bottom, left:right])

    def test_bands_of_a_large_picture(self, stream: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(codec, "_BAND", 1000)
        part = coincodec.decode(stream, region=(7, 11, 201, 129))
        assert np.array_equal(part, coincodec.decode(stream)[11:129, 7:201])

    def test_a_part_of_a_siren_may_be_decoded_where_the_whole_is_too_large(self, photo: np.ndarray) -> None:
        data = coincodec.encode(np.ascontiguousarray(photo[:64, :64]), **FITS["siren"])
        limits = Limits(pixels=100)
        assert coincodec.decode(data, region=(1, 2, 11, 12), limits=limits).shape == (10, 10, 3)
        with pytest.raises(LimitError):
            coincodec.decode(data, region=(1, 2, 12, 12), limits=limits)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 0, 5), (5, 5, 4, 9), (-1, 0, 5, 5), (0, 0, 11, 5), (0, 0, 5, 21), (0, 0, 5), (0, 0, 1, 2, 3)],
    ids=str,
)
def test_what_is_not_inside_is_refused(box: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="region"):
        Region.within(box, 10, 20)


class TestView:
    def view(self, **options: object) -> View:
        return View.of(container.Header(1, 100, 60, 3, 8, b""), DecodeOptions(**options))  # type: ignore[arg-type]

    def test_sizes_and_scales(self) -> None:
        assert (self.view().width, self.view().height, self.view().scaled) == (100, 60, False)
        assert self.view(size=(7, 9)).scaled
        assert (self.view(scale=0.25).width, self.view(scale=0.25).height) == (25, 15)
        assert (self.view(scale=1e-6).width, self.view(scale=1e-6).height) == (1, 1)
        zoom = self.view(scale=4, region=(10, 10, 20, 15))
        assert (zoom.width, zoom.height) == (40, 20)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"size": (5, 5), "scale": 2}, "contradict"),
            ({"scale": 0}, "above 0"),
            ({"scale": -1}, "above 0"),
            ({"scale": float("nan")}, "above 0"),
            ({"scale": float("inf")}, "above 0"),
            ({"scale": 1e9}, "a side must have"),
            ({"size": (0, 5)}, "a side must have"),
            ({"size": (5, 2**21)}, "a side must have"),
            ({"size": (5,)}, "width and height"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, options: dict[str, object], message: str) -> None:
        with pytest.raises(UsageError, match=message):
            self.view(**options)

    @given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 4000))
    def test_a_picture_within_a_side_keeps_its_form(self, width: int, height: int, side: int) -> None:
        inside = fit_within(width, height, side)
        assert max(inside) == min(side, max(width, height))
        assert min(inside) >= 1
        assert abs(inside[0] * height - inside[1] * width) <= max(width, height)


class TestResample:
    @given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 90), st.integers(1, 90), st.data())
    def test_it_is_pillow_s_filter(self, rows: int, columns: int, height: int, width: int, data: st.DataObject) -> None:
        samples = np.random.default_rng(rows).integers(0, 256, (rows, columns, 3), np.uint8)
        left, top = data.draw(st.floats(0, columns - 0.5)), data.draw(st.floats(0, rows - 0.5))
        box = (left, top, data.draw(st.floats(left + 0.5, columns)), data.draw(st.floats(top + 0.5, rows)))
        planes = [Image.fromarray(plane) for plane in np.moveaxis(samples.astype(np.float32), 2, 0)]
        wanted = [plane.resize((width, height), Image.Resampling.LANCZOS, box) for plane in planes]
        expected = np.clip(np.rint(np.stack([np.asarray(plane) for plane in wanted], -1)), 0, 255)
        assert np.abs(resize(samples, width, height, box).astype(int) - expected).max() <= 1

    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_sixteen_bits_are_resized_as_eight_are(self, photo: np.ndarray, channels: int) -> None:
        samples = np.concatenate([photo[:50, :60], photo[50:100, :60, :1]], -1)[:, :, :channels]
        eight = resize(samples, 23, 31, (3.5, 2, 50, 44.25)).astype(float)
        sixteen = resize(samples.astype(np.uint16) * 257, 23, 31, (3.5, 2, 50, 44.25)) / 257
        # Of what has no alpha the colour does not matter.
        shown = eight[..., -1:] > 0 if channels in (2, 4) else True
        assert np.abs(np.where(shown, eight - sixteen, 0)).max() < 1

    def test_transparent_colour_does_not_bleed(self) -> None:
        samples = np.zeros((8, 8, 4), np.uint16)
        samples[:, :4] = (60000, 100, 200, 65535)
        samples[:, 4:] = (0, 65535, 65535, 0)
        shown = resize(samples, 16, 16)
        opaque = shown[..., 3] > 6000
        assert np.abs(shown[opaque][:, :3].astype(int) - (60000, 100, 200)).max() <= 3


class TestScale:
    def test_a_siren_is_its_function_at_the_middles_of_the_pixels(self, photo: np.ndarray) -> None:
        data = coincodec.encode(np.ascontiguousarray(photo[:HEIGHT, :WIDTH]), **FITS["siren"])
        header, sections = container.read(data)
        shape = siren_stream.read_shape(header)
        left, top, right, bottom = box = (20, 30, 120, 110)
        y = (2 * (top + (np.arange(97) + 0.5) * (bottom - top) / 97) - HEIGHT) / WIDTH
        x = (2 * (left + (np.arange(205) + 0.5) * (right - left) / 205) - WIDTH) / WIDTH
        points = np.stack(np.meshgrid(y, x, indexing="ij"), -1).reshape(-1, 2)
        values = forward(shape, siren_stream.read_weights(shape, sections), points)
        expected = np.floor(np.clip(values, 0, 1) * 255 + 0.5).reshape(97, 205, 3)
        shown = coincodec.decode(data, region=box, size=(205, 97))
        assert np.abs(shown - expected).max() <= 1

    @pytest.mark.parametrize(("draft", "samples"), [(False, 4), (True, 2)])
    def test_a_smaller_siren_is_made_of_several_samples(self, photo: np.ndarray, draft: bool, samples: int) -> None:
        data = coincodec.encode(np.ascontiguousarray(photo[:HEIGHT, :WIDTH]), **FITS["siren"])
        shown = coincodec.decode(data, size=(20, 10), draft=draft)
        # Sixteen samples take sixteen times the work of one.
        shape = siren_stream.read_shape(container.read_layout(data).header)
        work = 20 * 10 * samples**2 * shape.macs
        assert np.array_equal(coincodec.decode(data, size=(20, 10), draft=draft, limits=Limits(macs=work)), shown)
        with pytest.raises(LimitError):
            coincodec.decode(data, size=(20, 10), draft=draft, limits=Limits(macs=work - 1))
        whole = resize(coincodec.decode(data), 20, 10)
        assert psnr(squared_error(shown, whole) / shown.size, 8) > 30

    @pytest.mark.parametrize("options", [{"scale": 0.37}, {"scale": 2.5}, {"size": (11, 200)}])
    def test_a_latent_picture_is_resampled(self, photo: np.ndarray, options: dict[str, object]) -> None:
        data = coincodec.encode(np.ascontiguousarray(photo[:HEIGHT, :WIDTH]), **FITS["latent"])
        shown = coincodec.decode(data, **options)
        size = shown.shape[1::-1]
        whole = coincodec.decode(data)
        assert np.abs(shown.astype(int) - resize(whole, *size)).max() <= 1
        # Pillow itself rounds and clips between its two passes.
        by_pillow = np.asarray(to_pillow(whole).resize(size, Image.Resampling.LANCZOS))
        assert psnr(squared_error(shown, by_pillow) / shown.size, 8) > 45

    def test_a_part_of_a_scaled_picture(self, stream: bytes) -> None:
        double = coincodec.decode(stream, scale=2)
        part = coincodec.decode(stream, region=(20, 10, 120, 90), scale=2)
        assert np.abs(part.astype(int) - double[20:180, 40:240]).max() <= 1

    def test_scale_one_is_the_picture(self, stream: bytes) -> None:
        whole = coincodec.decode(stream)
        for options in ({"scale": 1}, {"size": (WIDTH, HEIGHT)}, {"draft": True}, {"scale": 1, "draft": True}):
            assert np.array_equal(coincodec.decode(stream, **options), whole)

    def test_limits_hold_for_what_is_shown(self, stream: bytes) -> None:
        with pytest.raises(LimitError, match="pixels"):
            coincodec.decode(stream, scale=3, limits=Limits(pixels=WIDTH * HEIGHT))
        with pytest.raises(LimitError, match="multiply"):
            coincodec.decode(stream, scale=2, limits=Limits(macs=WIDTH * HEIGHT * 50))

    def test_drafts_of_pictures_that_are_too_large(self, stream: bytes) -> None:
        limits = Limits(pixels=WIDTH * HEIGHT - 1)
        assert coincodec.decode(stream, scale=0.1, draft=True, limits=limits).shape == (13, 23, 3)


class TestDraft:
    @pytest.mark.parametrize(
        ("size", "level"),
        [((800, 600), 0), ((400, 300), 0), ((201, 150), 0), ((200, 150), 1), ((100, 75), 2), ((1, 1), 5)],
    )
    def test_grids_of_more_than_twice_the_resolution_are_left_out(self, size: tuple[int, int], level: int) -> None:
        """A limit on work tells which grids are to be decoded."""
        shape = LatentShape.of(600, 800, 3, 7, SIZES["middle"])
        data = container.write(Header(latent_stream.FAMILY, 800, 600, 3, 8, latent_stream.header_parameters(shape)), [])

        def refused(draft: bool, work: float) -> bool:
            try:
                coincodec.decode(data, size=size, draft=draft, limits=Limits(macs=int(work)))
            except LimitError:
                return True
            except CorruptError:  # it has no networks
                return False
            raise AssertionError

        for draft, finest in ((True, level), (False, 0)):
            work = _native.latent_macs(coarser_shape(shape, finest).native)
            assert refused(draft, work - 1)
            assert not refused(draft, work)

    @pytest.mark.parametrize("level", [1, 2, 3])
    def test_a_coarser_model_shows_plain_areas_as_the_whole_one(self, level: int) -> None:
        shape = LatentShape.of(96, 160, 3, 5, SIZES["middle"])
        parameters = initial_parameters(shape, 0)
        rng = np.random.default_rng(1)
        parameters += rng.normal(0, 0.05, parameters.shape).astype(np.float32)
        latents = shape.empty_latents()
        for grid in range(level, shape.levels):
            shape.plane(latents, grid)[:] = rng.integers(-3, 4)
        small, values = coarser(shape, parameters, level)
        few = small.empty_latents()
        for grid in range(small.levels):
            small.plane(few, grid)[:] = shape.plane(latents, grid + level)
        whole, shown = (render(*of, np.uint16, 1) for of in ((shape, parameters, latents), (small, values, few)))
        assert np.ptp(whole) > 1000
        assert np.abs(whole[48, 80].astype(int) - shown[48 >> level, 80 >> level]).max() <= 8

    def test_latents_of_coarse_grids_lie_as_in_the_coarser_model(self) -> None:
        shape = LatentShape.of(97, 161, 3, 6, SIZES["middle"])
        for level in range(6):
            small = coarser_shape(shape, level)
            assert small.latents == sum(np.prod(shape.grid(g)) for g in range(level, 6))
            start = shape.layout["planes"][level][0] - small.layout["planes"][0][0]
            assert small.layout["latents"] == shape.layout["latents"] - start
            assert [(at + start, stride) for at, stride in small.layout["planes"]] == shape.layout["planes"][level:]

    def test_a_draft_is_near_the_picture(self, photo: np.ndarray) -> None:
        samples = np.ascontiguousarray(photo[:256, :384])
        data = coincodec.encode(samples, model="latent", preset="fast", steps=100, bpp=0.5)
        draft, faithful = (coincodec.decode(data, size=(96, 64), draft=draft) for draft in (True, False))
        assert 20 < psnr(squared_error(draft, faithful) / draft.size, 8) < 60


class TestCommand:
    def test_writes_the_part(self, tmp_path: Path, stream: bytes) -> None:
        (tmp_path / "a.coin").write_bytes(stream)
        assert cli.main(["decode", str(tmp_path / "a.coin"), "--region", "10,20,42,52"]) == 0
        part = np.asarray(Image.open(tmp_path / "a.png"))
        assert np.array_equal(part, coincodec.decode(stream)[20:52, 10:42])

    @pytest.mark.parametrize("region", ["1,2,3", "a,b,c,d", "0,0,9999,1"])
    def test_nonsense_is_bad_use(self, tmp_path: Path, stream: bytes, region: str) -> None:
        (tmp_path / "a.coin").write_bytes(stream)
        try:
            status = cli.main(["decode", str(tmp_path / "a.coin"), "--region", region])
        except SystemExit as stop:
            status = stop.code
        assert status == 2
        assert not (tmp_path / "a.png").exists()
