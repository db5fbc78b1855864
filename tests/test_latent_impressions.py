"""Coarse grids that show the picture by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import coincodec
from coincodec import cli
from coincodec.errors import UsageError
from coincodec.latent.encode import levels_for
from coincodec.latent.impressions import Impressions
from coincodec.latent.model import SIZES, LatentShape, coarser
from coincodec.latent.recipe import RECIPES
from coincodec.latent.shown import render
from coincodec.latent.stages import halved, plan
from coincodec.latent.start import start_for
from coincodec.metrics import psnr, squared_error
from coincodec.plugins import pillow

HEIGHT, WIDTH = 192, 256


@pytest.fixture(scope="module")
def picture(photo: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(photo[:HEIGHT, :WIDTH])


def likeness(preview: coincodec.Preview, picture: np.ndarray) -> float:
    small = picture
    for _ in range(preview.step.bit_length() - 1):
        small = halved(small)
    return psnr(squared_error(preview.samples, small) / small.size, 8)


def test_previews_look_like_the_picture(picture: np.ndarray) -> None:
    options = {"model": "latent", "preset": "fast", "tune": "psnr", "lambda_": 0.001}
    plain, progressive = (coincodec.encode(picture, **options, progressive=p) for p in (False, True))
    assert len(progressive) < 1.15 * len(plain)
    found = []
    for data in (plain, progressive):
        previews = [p for p in coincodec.progressive(data) if p.step in (4, 8)]
        found.append([likeness(preview, picture) for preview in previews])
    assert min(np.subtract(found[1], found[0])) > 2
    whole = [psnr(squared_error(coincodec.decode(d), picture) / picture.size, 8) for d in (plain, progressive)]
    assert whole[1] > whole[0] - 0.6
    assert progressive == coincodec.encode(picture, **options, progressive=True, threads=1)


def test_steps_bring_coarse_grids_nearer_and_leave_the_finest(picture: np.ndarray) -> None:
    shape = LatentShape.of(HEIGHT, WIDTH, 3, levels_for(HEIGHT, WIDTH), SIZES["middle"])
    impressions = Impressions(shape, picture, 3, 1)
    latents, parameters = shape.empty_latents(), start_for(shape, 1e-3, 0)
    small, values = coarser(shape, parameters, 3)
    wanted = halved(halved(halved(picture)))

    def error() -> float:
        plane = small.empty_latents()
        for level in range(small.levels):
            small.plane(plane, level)[...] = np.rint(shape.plane(latents, level + 3))
        return squared_error(render(small, values, plane, np.uint8, 1), wanted) / wanted.size

    before = error()
    for step in range(60):
        gradient = impressions.step(latents, parameters, (0.3, 0.05, step), (0.3, 0.6, 0.95, 1.0, 1.0, 1e-3))
    assert error() < 0.3 * before
    assert not shape.plane(latents, 0).any()
    assert gradient.shape == parameters.shape
    assert np.isfinite(gradient).all()
    assert gradient.any()


def test_small_pictures_have_fewer_sizes() -> None:
    picture = np.zeros((9, 12, 3), np.uint8)
    for progressive in (False, True):
        data = coincodec.encode(picture, model="latent", steps=3, progressive=progressive)
        assert coincodec.decode(data).shape == picture.shape


def test_fits_begin_where_previews_do() -> None:
    shape = LatentShape.of(512, 768, 3, 7, SIZES["middle"])
    assert [s.level for s in plan(RECIPES["fast"], 500, shape, False, wanted=3)] == [3, 2, 1, 0]


def test_a_siren_has_no_coarse_grids(picture: np.ndarray) -> None:
    with pytest.raises(UsageError, match="progressive is an option of the latent model"):
        coincodec.encode(picture, model="siren", progressive=True)


def test_the_command_and_pillow_take_it(picture: np.ndarray, tmp_path) -> None:  # type: ignore[no-untyped-def]

    source = tmp_path / "picture.png"
    image = Image.fromarray(picture[:64, :64])
    image.save(source)
    assert cli.main(["encode", str(source), "--progressive", "--steps", "20", "-q"]) == 0
    image.save(tmp_path / "again.coin", pillow.FORMAT, progressive=True, steps=20)
    assert (tmp_path / "picture.coin").read_bytes() == (tmp_path / "again.coin").read_bytes()
