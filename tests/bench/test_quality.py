"""PSNR and MS-SSIM against other implementations."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data, metrics

from coincodec.bench import quality
from coincodec.metrics import rgb_psnr

PHOTO = data.astronaut()


def distorted(kind: str) -> np.ndarray:
    if kind == "noisy":
        noise = np.random.default_rng(0).normal(0, 12, PHOTO.shape)
        return np.clip(PHOTO + noise, 0, 255).astype(np.uint8)
    if kind == "coarse":
        return (PHOTO // 32 * 32 + 16).astype(np.uint8)
    return np.roll(PHOTO, 3, axis=1)


@pytest.mark.parametrize("kind", ["noisy", "coarse", "shifted"])
def test_psnr_is_that_of_scikit_image(kind: str) -> None:
    picture = distorted(kind)
    assert rgb_psnr(PHOTO, picture) == pytest.approx(metrics.peak_signal_noise_ratio(PHOTO, picture))


@pytest.mark.parametrize(("kind", "expected"), [("noisy", 0.936731), ("coarse", 0.953289), ("shifted", 0.804939)])
def test_ms_ssim_is_that_of_pytorch_msssim(kind: str, expected: float) -> None:
    """Figures of pytorch-msssim 1.0.0, which CompressAI uses: ms_ssim(a, b, data_range=255) in float64."""
    assert quality.ms_ssim(PHOTO, distorted(kind)) == pytest.approx(expected, abs=3e-6)


def test_one_scale_is_the_ssim_of_scikit_image() -> None:
    x, y = (np.moveaxis(p.astype(float), 2, 0) for p in (PHOTO, distorted("noisy")))
    luminance, contrast = quality._compare(x, y)
    expected, full = metrics.structural_similarity(
        PHOTO, distorted("noisy"), channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    inside = np.moveaxis(full, 2, 0)[:, 5:-5, 5:-5]
    assert np.abs(luminance * contrast - inside).max() < 2e-3  # its window is cut at 3.5 sigma, like ours at 5 pixels
    assert expected == pytest.approx((luminance * contrast).mean(), abs=2e-3)


def test_identical_pictures() -> None:
    assert rgb_psnr(PHOTO, PHOTO) == float("inf")
    assert quality.ms_ssim(PHOTO, PHOTO) == pytest.approx(1)


def test_ms_ssim_needs_room_for_its_window() -> None:
    assert quality.MIN_SIDE == 176
    assert quality.ms_ssim(PHOTO[:175], PHOTO[:175]) is None
    assert quality.ms_ssim(PHOTO[:177, :191], PHOTO[:177, :191]) == pytest.approx(1)
