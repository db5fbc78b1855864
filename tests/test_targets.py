"""Targets: bytes, bits per pixel, PSNR, lambda; what decides network and steps from them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coincodec
from coincodec import codec, metrics
from coincodec.errors import TargetError, UsageError
from coincodec.options import EncodeOptions
from coincodec.progress import Progress
from coincodec.report import Encoded
from coincodec.siren import rate
from coincodec.siren.architecture import Architecture, read_table, shipped_table, write_table
from coincodec.siren.model import SirenShape
from coincodec.siren.rate import QualityModel
from coincodec.siren.recipe import RECIPES


@pytest.fixture(scope="module")
def crop(photo: np.ndarray) -> np.ndarray:
    """A photograph of 96 by 72 pixels."""
    return np.ascontiguousarray(photo[: 72 * 5 : 5, : 96 * 5 : 5])


def encode(picture: np.ndarray, **options: object) -> bytes:
    return coincodec.encode(picture, model="siren", **options)  # type: ignore[arg-type]


def report(picture: np.ndarray, progress: Callable[[Progress], None] | None = None, **options: object) -> Encoded:
    return codec.encode_samples(picture, EncodeOptions("siren", **options), progress)  # type: ignore[arg-type]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return metrics.psnr(metrics.squared_error(a, b) / a.size, 8)


class TestBytes:
    @pytest.mark.parametrize("budget", [120, 300, 777, 2000])
    def test_the_file_is_never_larger_and_nearly_as_large(self, crop: np.ndarray, budget: int) -> None:
        data = encode(crop, bytes=budget, steps=200)
        assert 0.97 * budget <= len(data) <= budget

    @pytest.mark.parametrize("bpp", [0.4, 1.0])
    def test_bits_per_pixel_are_bytes(self, crop: np.ndarray, bpp: float) -> None:
        budget = int(bpp * 72 * 96 / 8)
        assert encode(crop, bpp=bpp, steps=30) == encode(crop, bytes=budget, steps=30)

    @pytest.mark.parametrize("value", [0, 77, 255])
    def test_a_flat_picture_keeps_the_budget_too(self, value: int) -> None:
        flat = np.full((40, 60, 3), value, np.uint8)
        data = encode(flat, bytes=400, steps=100)
        assert len(data) <= 400
        assert psnr(coincodec.decode(data), flat) > 35

    def test_a_given_network_is_quantised_to_the_budget(self, crop: np.ndarray) -> None:
        data = encode(crop, bytes=500, layers=4, width=14, steps=100)
        facts = coincodec.info(data)
        assert (facts.layers, facts.width) == (4, 14)
        assert 485 <= facts.bytes <= 500

    def test_more_bytes_are_better(self, crop: np.ndarray) -> None:
        quality = [report(crop, bytes=n, steps=300).psnr for n in (200, 600, 1800)]
        assert quality[0] + 0.5 < quality[1] < quality[2] - 0.5

    @pytest.mark.parametrize("budget", [1, 20, 28])
    def test_too_few_bytes_are_refused(self, crop: np.ndarray, budget: int) -> None:
        with pytest.raises(TargetError):
            encode(crop, bytes=budget, steps=1)

    def test_refinement_is_better_than_rounding(self, crop: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(RECIPES, "default", replace(RECIPES["default"], feedback=0))
        options = {"layers": 4, "width": 16, "bits": 4.5, "steps": 400}
        refined = report(crop, **options)
        monkeypatch.setattr("coincodec.siren.quantise._RATE", 0.0)
        rounded = report(crop, **options)
        assert refined.psnr > rounded.psnr + 0.1

    def test_error_feedback_is_better_than_the_nearest_level(
        self, crop: np.ndarray, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options = {"layers": 4, "width": 16, "bits": 4.5, "steps": 400}
        fed = report(crop, **options)
        monkeypatch.setitem(RECIPES, "default", replace(RECIPES["default"], feedback=0))
        assert fed.psnr > report(crop, **options).psnr


class TestPsnr:
    @pytest.mark.parametrize("target", [19.0, 24.0])
    def test_the_picture_is_never_worse_and_little_better(self, crop: np.ndarray, target: float) -> None:
        encoded = report(crop, psnr=target, steps=300)
        reached = psnr(coincodec.decode(encoded.data), crop)
        assert reached == encoded.psnr
        assert target <= reached < target + 0.35

    def test_a_given_network_that_is_too_small_is_an_error(self, crop: np.ndarray) -> None:
        with pytest.raises(TargetError, match="out of reach"):
            encode(crop, psnr=40, layers=2, width=6, steps=50)

    def test_or_the_best_that_it_can_do(self, crop: np.ndarray) -> None:
        encoded = report(crop, psnr=40, layers=2, width=6, steps=50, best_effort=True)
        assert psnr(coincodec.decode(encoded.data), crop) == encoded.psnr < 40
        assert encoded.notes == (f"40 dB was not reached: {encoded.psnr:.2f} dB",)

    def test_a_flat_picture_takes_hardly_anything(self) -> None:
        data = encode(np.full((40, 60, 3), 90, np.uint8), psnr=40, steps=200)
        assert len(data) < 120


class TestLambda:
    def test_dearer_bits_give_smaller_files(self, crop: np.ndarray) -> None:
        sizes = [len(encode(crop, lambda_=price, steps=60)) for price in (0.0003, 0.003, 0.03)]
        assert sizes[0] > 1.5 * sizes[1] > 2.25 * sizes[2]

    @given(st.floats(15, 40), st.floats(1e-5, 1))
    def test_the_choice_is_the_least_of_error_plus_price(self, psnr: float, price: float) -> None:
        """Against a search over the same model."""
        model, pixels, bits = QualityModel(1803, psnr), 100_000, 5.6

        def cost(parameters: float) -> float:
            quality = psnr + rate.SLOPE * math.log2(parameters / 1803)
            return float(10 ** (-quality / 10) + price * bits * parameters / pixels)

        chosen = model.parameters_at(price, pixels, bits)
        for other in (0.9 * chosen, 1.1 * chosen):
            if rate.LEAST_PARAMETERS < chosen < rate.MOST_PARAMETERS:
                assert cost(chosen) <= cost(other) * (1 + 1e-6)


class TestQualityModel:
    @given(st.integers(200, 10_000), st.floats(15, 40), st.floats(-6, 6))
    def test_it_is_its_own_inverse(self, parameters: int, psnr: float, more: float) -> None:
        other = QualityModel(parameters, psnr).parameters_for(psnr + more)
        assert rate.SLOPE * math.log2(other / parameters) == pytest.approx(more, abs=0.1)

    def test_an_absurd_target_is_a_number_still(self) -> None:
        assert QualityModel(1803, 25).parameters_for(1e9) > rate.MOST_PARAMETERS
        assert QualityModel(1803, 25).parameters_for(-1e9) == 0


class TestProgress:
    @pytest.mark.parametrize("options", [{"bytes": 300}, {"psnr": 14.0}, {"lambda_": 0.003}, {"weights": "fp16"}])
    def test_it_counts_every_step_and_ends_at_the_end(self, crop: np.ndarray, options: dict[str, float]) -> None:
        seen: list[Progress] = []
        encoded = report(crop, seen.append, steps=200, **options)  # type: ignore[arg-type]
        steps = [p.step for p in seen]
        assert steps == list(range(1, len(steps) + 1))
        assert seen[-1].step == seen[-1].steps == encoded.steps
        assert all(p.step <= p.steps for p in seen)


class TestPresets:
    def test_each_takes_more_steps_than_the_one_before(self) -> None:
        steps = [RECIPES[name].steps_for(SirenShape(2, 3, 10, 28)) for name in ("fast", "default", "best")]
        assert steps[0] < steps[1] < steps[2]

    def test_its_steps_are_taken(self, small: np.ndarray) -> None:
        shape, recipe = SirenShape(2, 3, 3, 8), RECIPES["fast"]
        steps = recipe.steps_for(shape)
        encoded = report(small, preset="fast", layers=3, width=8)
        assert encoded.steps == steps + recipe.refinement_steps(steps)

    def test_unusual_sizes_get_more_steps_within_bounds(self) -> None:
        recipe = RECIPES["default"]
        steps = [recipe.steps_for(SirenShape(2, 3, *pair)) for pair in ((1, 1), (5, 20), (10, 29), (13, 49), (16, 250))]
        assert steps[0] == steps[-1] == 3 * recipe.steps
        assert 1.5 * recipe.steps < steps[1] < 3 * recipe.steps
        assert steps[2] == pytest.approx(recipe.steps, rel=0.01)
        assert 1.5 * recipe.steps < steps[3] < 3 * recipe.steps
        assert RECIPES["paper"].steps_for(SirenShape(2, 3, 1, 1)) == 50_000

    def test_the_papers_writes_half_floats(self, small: np.ndarray) -> None:
        facts = coincodec.info(encode(small, preset="paper", layers=2, width=6, steps=5))
        assert facts.weights == "fp16"
        coded = encode(small, preset="paper", weights="coded", layers=2, width=6, steps=400)
        assert coincodec.info(coded).weights == "coded"


class TestArchitectureFile:
    def test_what_was_written_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "table.json"
        path.write_text(write_table([Architecture(9, 30, 1.5), Architecture(4, 12)], {"image": "x"}))
        table = read_table(path)
        assert table.entries == (Architecture(4, 12), Architecture(9, 30, 1.5))
        assert table.rate(SirenShape(2, 3, 9, 30).parameters) == 1.5

    def test_it_decides_depth_and_rate(self, small: np.ndarray, tmp_path: Path) -> None:
        path = tmp_path / "table.json"
        path.write_text(write_table([Architecture(7, 10)], {}))
        size = 40 + 5.6 * Architecture(7, 10).parameters / 8
        data = encode(small, bytes=int(size), architectures=str(path), steps=2)
        assert coincodec.info(data).layers == 7

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "[]",
            '{"kind": "else"}',
            json.dumps({"kind": "coincodec architectures", "architectures": []}),
            json.dumps({"kind": "coincodec architectures", "architectures": [{"layers": 3}]}),
            json.dumps({"kind": "coincodec architectures", "architectures": [{"layers": 0, "width": 3, "rate": 1}]}),
            json.dumps({"kind": "coincodec architectures", "architectures": [{"layers": 3, "width": 3, "rate": 0}]}),
        ],
    )
    def test_another_file_is_refused(self, small: np.ndarray, tmp_path: Path, content: str) -> None:
        path = tmp_path / "table.json"
        path.write_text(content)
        with pytest.raises(UsageError, match="architecture"):
            encode(small, architectures=str(path), steps=1)

    def test_the_shipped_table_grows_with_the_size(self) -> None:
        sizes = [entry.parameters for entry in shipped_table().entries]
        assert sizes == sorted(sizes)
        assert len(sizes) >= 3
