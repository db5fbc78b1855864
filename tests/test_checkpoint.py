"""Encodes that are stopped and go on: the bytes of those that were not."""

from __future__ import annotations

import itertools
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import coincodec
from coincodec import checkpoint, codec, native
from coincodec.checkpoint import Checkpoint
from coincodec.errors import CheckpointError, FitError, TargetError, UsageError
from coincodec.latent import mosaic, stages
from coincodec.optim import Soap
from coincodec.options import EncodeOptions

QUICK: dict[str, Any] = {"model": "siren", "layers": 2, "width": 6, "steps": 40}

SMALL = [
    {"quality": 40, "preset": "instant"},  # for eyes, as networks and as codes
    {"lambda_": 0.003, "tune": "psnr", "steps": 80},
    {"bytes": 700, "preset": "instant"},
    {"ssimulacra2": 60, "preset": "instant", "best_effort": True},
]

LARGER = [
    {"quality": 30, "preset": "default", "steps": 60},
    {"lambda_": 0.001, "tune": "psnr", "preset": "instant"},
    {"progressive": True, "preset": "instant"},
    {"psnr": 33, "preset": "instant"},
]

IN_PARTS = [
    {"quality": 30, "preset": "instant", "steps": 60},
    {"bytes": 6000, "tune": "psnr", "preset": "instant", "steps": 80},
]

SIREN = [
    {"bytes": 300, "steps": 60},
    {"psnr": 12, "preset": "fast", "steps": 150, "layers": 2, "width": 8},
    {"preset": "paper", "layers": 2, "width": 8, "steps": 40},
    {"lambda_": 0.01, "steps": 40},
]


class Stopped(Exception):
    """What stops an encode."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.npz"


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of a tenth of a megapixel count as large."""
    monkeypatch.setattr(mosaic, "LEAST_PIXELS", 100_000)
    monkeypatch.setattr(mosaic, "_SIDE", 128)
    monkeypatch.setattr(mosaic, "_PART", 192)
    monkeypatch.setattr(stages, "_LARGE_PIXELS", 300 * 421)


def stop_after(step: int, encode: Callable[[], object]) -> None:
    """Stops an encode when it has done so many steps, 1 or more, since it began or went on."""
    calls = itertools.count(1)

    def due(self: Checkpoint) -> bool:
        if next(calls) < step:
            return False
        self.ask(Stopped)
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "due", due)
        with pytest.raises(Stopped):
            encode()


def check(picture: np.ndarray, path: Path, options: dict[str, Any], stops: int, seed: int = 0) -> None:
    """Whether an encode that is stopped so often at random gives the bytes of one that is not."""
    reports: list[coincodec.Progress] = []
    whole = coincodec.encode(picture, **options, progress=reports.append)
    steps = len(reports)
    places = sorted(random.Random(seed).sample(range(1, steps), min(stops, steps - 1)))
    for before, place in itertools.pairwise([0, *places]):
        stop_after(place - before, lambda: coincodec.encode(picture, **options, checkpoint=path))
        assert path.exists()
    assert coincodec.encode(picture, **options, checkpoint=path) == whole, places
    assert not path.exists()


class TestTheSameBytes:
    @pytest.mark.parametrize("options", SMALL, ids=str)
    def test_of_small_pictures(self, photo: np.ndarray, path: Path, options: dict[str, Any]) -> None:
        check(photo[100:148, 200:264], path, options, 4)

    @pytest.mark.parametrize("options", LARGER, ids=str)
    def test_of_larger_ones(self, photo: np.ndarray, path: Path, options: dict[str, Any]) -> None:
        check(photo[:184, :184], path, options, 4)

    @pytest.mark.parametrize("options", IN_PARTS, ids=str)
    def test_of_those_fitted_in_parts(
        self, photo: np.ndarray, path: Path, in_parts: None, options: dict[str, Any]
    ) -> None:
        check(np.ascontiguousarray(photo[:300, :421]), path, options, 4)

    @pytest.mark.parametrize("options", SIREN, ids=str)
    def test_of_a_siren(self, photo: np.ndarray, path: Path, options: dict[str, Any]) -> None:
        check(photo[:64, :96], path, options | {"model": "siren"}, 4)

    def test_with_alpha_in_16_bits(self, photo: np.ndarray, path: Path) -> None:
        alpha = np.linspace(0, 255, photo[:64, :80, :1].size).reshape(64, 80, 1).astype(np.uint8)
        picture = np.concatenate([photo[:64, :80], alpha], 2).astype(np.uint16) * 257
        check(picture, path, {"preset": "instant"}, 3)

    def test_at_each_of_the_first_steps(self, photo: np.ndarray, path: Path) -> None:
        """The bases of networks' optimiser lie otherwise in memory then."""
        options = {"preset": "instant", "steps": 16, "lambda_": 0.004, "tune": "psnr"}
        picture = photo[:184, :184]
        whole = coincodec.encode(picture, **options)
        for step in (1, 2, 10, 11, 12):
            stop_after(step, lambda: coincodec.encode(picture, **options, checkpoint=path))
            assert coincodec.encode(picture, **options, checkpoint=path) == whole, step

    def test_with_another_number_of_threads(self, photo: np.ndarray, path: Path) -> None:
        options = {"preset": "instant"}
        stop_after(60, lambda: coincodec.encode(photo[:64, :64], **options, threads=1, checkpoint=path))
        data = coincodec.encode(photo[:64, :64], **options, threads=2, checkpoint=path)
        assert data == coincodec.encode(photo[:64, :64], **options)

    def test_where_one_of_two_ways_reaches_no_target(self, photo: np.ndarray, path: Path) -> None:
        """Networks of their own are too large for so few bytes, codes are not."""
        options = {"bytes": 330, "preset": "instant", "steps": 60}
        picture = photo[100:148, 200:264]
        whole = coincodec.encode(picture, **options, model="latent")
        reports: list[coincodec.Progress] = []
        coincodec.encode(picture, **options, model="latent", progress=reports.append)
        stop_after(len(reports) - 4, lambda: coincodec.encode(picture, **options, model="latent", checkpoint=path))
        assert b'"error"' in path.read_bytes()
        assert coincodec.encode(picture, **options, model="latent", checkpoint=path) == whole

    def test_with_metadata_which_a_budget_pays_for(self, photo: np.ndarray, path: Path) -> None:
        picture = Image.fromarray(photo[:64, :64])
        picture.info["dpi"] = (300, 300)
        options = {"bytes": 900, "preset": "instant"}
        stop_after(30, lambda: coincodec.encode(picture, **options, checkpoint=path))
        assert coincodec.encode(picture, **options, checkpoint=path) == coincodec.encode(picture, **options)


def test_bases_of_an_optimiser_lie_as_they_lay() -> None:
    rng = np.random.default_rng(0)
    first, second = (Soap(np.zeros(24, np.float32), [(0, 4, 6)]) for _ in range(2))
    for _ in range(24):
        first.step(rng.normal(size=24).astype(np.float32), 0.01)
        second.restore({name: value if name == "steps" else np.array(value) for name, value in first.state().items()})
        for name in ("_left_basis", "_right_basis"):
            assert getattr(first, name).strides == getattr(second, name).strides


class TestWhatItSays:
    def test_progress_goes_on_where_it_was(self, photo: np.ndarray, path: Path) -> None:
        seen: list[coincodec.Progress] = []
        options = {"preset": "instant", "lambda_": 0.003}
        stop_after(70, lambda: coincodec.encode(photo[:192, :192], **options, checkpoint=path))
        coincodec.encode(photo[:192, :192], **options, checkpoint=path, progress=seen.append)
        assert seen[0].step == 71
        assert seen[-1].share is not None
        assert 0.9 < seen[-1].share <= 1

    def test_steps_are_all_of_them(self, photo: np.ndarray, path: Path) -> None:
        samples, options = photo[:32, :48], EncodeOptions(preset="instant", bytes=500)
        whole = codec.encode_samples(samples, options)
        stop_after(whole.steps - 5, lambda: codec.encode_samples(samples, options, checkpoint=Checkpoint(path)))
        again = codec.encode_samples(samples, options, checkpoint=Checkpoint(path))
        assert (again.steps, again.notes, again.psnr) == (whole.steps, whole.notes, whole.psnr)
        assert path.exists()  # for whoever asked for it to remove


class TestRefusals:
    @pytest.fixture
    def left(self, small: np.ndarray, path: Path) -> Path:
        """The checkpoint of a stopped encode."""
        stop_after(20, lambda: coincodec.encode(small, **QUICK, checkpoint=path))
        return path

    @pytest.mark.parametrize("other", [{"seed": 1}, {"steps": 41}, {"width": 7}], ids=str)
    def test_other_options(self, small: np.ndarray, left: Path, other: dict[str, Any]) -> None:
        before = left.read_bytes()
        with pytest.raises(CheckpointError, match="of another encode"):
            coincodec.encode(small, **QUICK | other, checkpoint=left)
        assert left.read_bytes() == before

    def test_another_picture(self, small: np.ndarray, left: Path) -> None:
        with pytest.raises(CheckpointError, match="of another encode"):
            coincodec.encode(small ^ 1, **QUICK, checkpoint=left)

    def test_another_table_of_networks(self, small: np.ndarray, path: Path, tmp_path: Path) -> None:
        table = tmp_path / "table.json"
        entry = {"layers": 2, "width": 8, "rate": 1.0}
        table.write_text(json.dumps({"networks": [entry]}))
        options = {"model": "siren", "bytes": 400, "steps": 40, "architectures": str(table)}
        key = checkpoint._key_of(small, EncodeOptions(**options))
        table.write_text(json.dumps({"networks": [entry, entry]}))
        assert checkpoint._key_of(small, EncodeOptions(**options)) != key

    @pytest.mark.skipif(len(native.supported_isas()) < 2, reason="this machine has one instruction set")
    def test_another_instruction_set(self, small: np.ndarray, left: Path) -> None:
        usual = native.selected_isa()
        other = next(name for name in native.supported_isas() if name != usual)
        native.select_isa(other)
        try:
            with pytest.raises(CheckpointError, match="of another encode"):
                coincodec.encode(small, **QUICK, checkpoint=left)
        finally:
            native.select_isa(usual)

    def test_another_version(self, small: np.ndarray, left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checkpoint, "__version__", "99")
        with pytest.raises(CheckpointError, match="of another encode"):
            coincodec.encode(small, **QUICK, checkpoint=left)

    @pytest.mark.parametrize("model", ["siren", "latent"])
    def test_a_time(self, small: np.ndarray, path: Path, model: str) -> None:
        with pytest.raises(UsageError, match="by the clock"):
            coincodec.encode(small, model=model, time=1, checkpoint=path)
        assert not path.exists()

    @pytest.mark.parametrize("data", [b"", b"PK", b"\x93NUMPY", b"\x80\x04]."], ids=str)
    def test_what_is_no_checkpoint(self, small: np.ndarray, path: Path, data: bytes) -> None:
        path.write_bytes(data)
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            coincodec.encode(small, **QUICK, checkpoint=path)
        assert path.read_bytes() == data

    def test_other_arrays_of_numpy(self, small: np.ndarray, path: Path) -> None:
        np.savez(path, facts=np.zeros(3), other=np.ones(3))
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            coincodec.encode(small, **QUICK, checkpoint=path)

    def test_objects_that_would_run_something(self, small: np.ndarray, path: Path, tmp_path: Path) -> None:
        class Bomb:
            def __reduce__(self) -> tuple[object, ...]:
                return os.mkdir, (str(tmp_path / "run"),)

        np.savez(path, facts=np.array([Bomb()], object))
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            coincodec.encode(small, **QUICK, checkpoint=path)
        assert not (tmp_path / "run").exists()

    def test_what_would_be_unpacked(self, small: np.ndarray, path: Path) -> None:
        np.savez_compressed(path, facts=np.zeros(1 << 20, np.uint8))
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            coincodec.encode(small, **QUICK, checkpoint=path)

    def test_damage(self, small: np.ndarray, left: Path) -> None:
        whole = left.read_bytes()
        for cut in (len(whole) // 3, len(whole) - 30):
            left.write_bytes(whole[:cut])
            with pytest.raises(CheckpointError, match="not a checkpoint, or a damaged one"):
                coincodec.encode(small, **QUICK, checkpoint=left)
        place = whole.rindex(b"NUMPY") + 200
        left.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CheckpointError, match="not a checkpoint, or a damaged one"):
            coincodec.encode(small, **QUICK, checkpoint=left)

    @pytest.mark.parametrize("latent", [False, True])
    def test_a_state_that_fits_nothing(self, photo: np.ndarray, path: Path, latent: bool) -> None:
        """Whoever knows the key can write anything; what does not fit is damage, too."""
        options = {"preset": "instant", "lambda_": 0.003} if latent else QUICK
        picture = photo[:192, :200]
        stop_after(25, lambda: coincodec.encode(picture, **options, checkpoint=path))
        with np.load(path) as found:
            arrays = dict(found)
        facts = json.loads(arrays["facts"].tobytes())
        cases: list[dict[str, np.ndarray]] = [
            arrays | {name: value[:-1]} for name, value in arrays.items() if name != "facts"
        ][:8]
        for change in ({}, {"step": "x"}, {"state": {}, "optimiser": {}}, {"random": {}, "place": 3}):
            changed = facts | {"state": facts["state"] | {"fit": facts["state"]["fit"] | change if change else {}}}
            cases.append(arrays | {"facts": np.frombuffer(json.dumps(changed).encode(), np.uint8)})
        for case in cases:
            np.savez(path, **case)
            with pytest.raises(CheckpointError, match="damaged"):
                coincodec.encode(picture, **options, checkpoint=path)

    def test_a_folder_that_is_not_there(self, small: np.ndarray, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            coincodec.encode(small, **QUICK, checkpoint=tmp_path / "none" / "file")
        assert caught.value.filename == str(tmp_path / "none" / "file")


class TestTheFile:
    def test_it_is_there_at_once_and_says_nothing_yet(
        self, small: np.ndarray, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def look(progress: coincodec.Progress) -> None:
            assert path.exists()
            raise Stopped

        with pytest.raises(Stopped):
            coincodec.encode(small, **QUICK, checkpoint=path, progress=look)
        assert coincodec.encode(small, **QUICK, checkpoint=path) == coincodec.encode(small, **QUICK)

    def test_it_is_written_again_and_again(
        self, small: np.ndarray, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)
        monkeypatch.setattr(checkpoint, "_SHARE", float("inf"))
        times: set[int] = set()
        coincodec.encode(small, **QUICK, checkpoint=path, progress=lambda progress: times.add(path.stat().st_mtime_ns))
        assert len(times) > 10

    def test_a_target_out_of_reach_leaves_none(self, photo: np.ndarray, path: Path) -> None:
        with pytest.raises(TargetError):
            coincodec.encode(photo[:40, :40], psnr=90, preset="instant", steps=20, checkpoint=path)
        assert not path.exists()

    def test_nothing_in_it_is_packed(self, small: np.ndarray, path: Path) -> None:
        stop_after(20, lambda: coincodec.encode(small, **QUICK, checkpoint=path))
        with zipfile.ZipFile(path) as archive:
            assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_fit_that_fails_leaves_none(small: np.ndarray, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from coincodec.siren import encode

    def fail(*arguments: object, **options: object) -> None:
        raise FitError("it diverged")

    monkeypatch.setattr(encode, "_for_bytes", fail)
    with pytest.raises(FitError):
        coincodec.encode(small, model="siren", checkpoint=path)
    assert not path.exists()
