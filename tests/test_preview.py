"""Coarse to fine: previews of a whole stream, and what the beginning of one says."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import coincodec
from coincodec import PartialWarning, Preview, cli, container
from coincodec.errors import CorruptError, TruncatedError
from coincodec.latent import stream
from coincodec.metrics import psnr, squared_error

WIDTH, HEIGHT = 233, 131
FITS = {
    "siren": {"model": "siren", "layers": 3, "width": 12, "steps": 20},
    "latent": {"model": "latent", "preset": "fast", "steps": 60, "bpp": 0.6},
}


@pytest.fixture(scope="module")
def streams(photo: np.ndarray) -> dict[str, bytes]:
    """A photograph of odd sides in each family."""
    part = np.ascontiguousarray(photo[:HEIGHT, :WIDTH])
    return {model: coincodec.encode(part, **options) for model, options in FITS.items()}


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return psnr(squared_error(a, b) / a.size, 8)


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


class TestProgressive:
    @pytest.mark.parametrize("model", FITS)
    def test_previews_lead_to_the_picture(self, streams: dict[str, bytes], model: str) -> None:
        data = streams[model]
        whole, previews = coincodec.decode(data), list(coincodec.progressive(data))
        steps = [preview.step for preview in previews]
        assert steps == [2**i for i in reversed(range(len(steps)))]
        assert len(steps) > 3
        for preview in previews:
            assert preview.samples.shape == (-(-HEIGHT // preview.step), -(-WIDTH // preview.step), 3)
            assert preview.picture().shape == whole.shape
            assert preview.bytes <= len(data)
        assert np.array_equal(previews[-1].samples, whole)
        assert previews[-1].picture() is previews[-1].samples
        assert previews[-1].bytes == len(data)
        work = [preview.work for preview in previews]
        assert work == sorted(work)
        assert work[0] < 0.02

    def test_samples_of_a_siren_are_pixels_of_the_picture(self, streams: dict[str, bytes]) -> None:
        whole = coincodec.decode(streams["siren"])
        previews = list(coincodec.progressive(streams["siren"], threads=3))
        for preview in previews:
            assert np.array_equal(preview.samples, whole[:: preview.step, :: preview.step])
        assert previews[-1].work == 1
        shares = [preview.samples.size / whole.size for preview in previews]
        assert [preview.work for preview in previews] == pytest.approx(shares)

    def test_grids_of_a_latent_picture_come_one_by_one(self, streams: dict[str, bytes]) -> None:
        data = streams["latent"]
        previews = list(coincodec.progressive(data))
        needed = [preview.bytes for preview in previews]
        assert needed == sorted(needed)
        assert needed[-2] < 0.95 * len(data)
        # So many bytes hold all of its grid.
        header, sections = container.read(data)
        networks = stream.read_networks(stream.read_shape(header), sections)
        for preview in previews[:-1]:
            _, parts = container.read(data[: preview.bytes], cut=True)
            reader = stream.LatentReader(networks, parts, 1)
            reader.read()
            assert reader.missing.startswith(f"grid 1:{preview.step // 2} ")

    @pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 5), (64, 64)])
    @pytest.mark.parametrize("model", FITS)
    def test_any_size(self, shape: tuple[int, int], model: str) -> None:
        samples = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        data = coincodec.encode(samples, model=model, steps=3)
        previews = list(coincodec.progressive(data))
        assert np.array_equal(previews[-1].samples, coincodec.decode(data))
        assert all(preview.picture().shape == shape for preview in previews)

    def test_a_damaged_stream_is_refused_at_once(self, streams: dict[str, bytes]) -> None:
        for data in streams.values():
            with pytest.raises(TruncatedError):
                coincodec.progressive(data[:-3])

    def test_enlarging_leaves_samples_where_they_were(self) -> None:
        ramp = np.linspace(0, 250, 8).repeat(8).reshape(8, 8).astype(np.uint8)
        corners = Preview(ramp[::4, ::4], 4, (8, 8), 0.5, 0, 0).picture()
        middles = Preview(ramp[::2, ::2] // 2 + ramp[1::2, 1::2] // 2, 2, (8, 8), 1.0, 0, 0).picture()
        assert abs(int(corners[4, 4]) - int(ramp[4, 4])) <= 1
        assert np.abs(middles[2:6, 2:6].astype(int) - ramp[2:6, 2:6]).max() <= 6


class TestPartial:
    def decode(self, data: bytes, count: int) -> np.ndarray:
        with pytest.warns(PartialWarning, match=f"{count:,} of {len(data):,} bytes") as caught:
            part = coincodec.decode(data[:count], partial=True)
        assert caught[0].filename == __file__
        return part

    def test_half_of_the_bytes_make_a_picture(self, streams: dict[str, bytes], photo: np.ndarray) -> None:
        data = streams["latent"]
        part = self.decode(data, len(data) // 2)
        whole = coincodec.decode(data)
        assert part.shape == whole.shape
        flat = np.full_like(whole, 128)
        assert likeness(part, whole) > likeness(flat, whole) + 1

    def test_more_bytes_say_more(self, streams: dict[str, bytes]) -> None:
        data = streams["latent"]
        whole = coincodec.decode(data)
        found = [likeness(self.decode(data, int(share * len(data))), whole) for share in (0.4, 0.7, 0.9, 0.98)]
        assert found == sorted(found)

    def test_no_latent_is_guessed(self, streams: dict[str, bytes]) -> None:
        """What is decoded of any prefix is what the whole stream has there, or 0."""
        data = streams["latent"]
        header, sections = container.read(data)
        networks = stream.read_networks(stream.read_shape(header), sections)
        expected = stream.LatentReader(networks, sections, 1).read()
        known = []
        for cut in range(len(data) - sections[1].payload.nbytes - 4, len(data) - 4, 7):
            _, parts = container.read(data[:cut], cut=True)
            reader = stream.LatentReader(networks, parts, 1)
            latents = reader.read()
            assert ((latents == expected) | (latents == 0)).all()
            level, row = re.findall(r"1:(\d+) from row (\d+)", reader.missing)[0]
            known.append((-int(level), int(row)))
        assert known == sorted(known)
        assert known[-1] > (-1, 100)

    def test_what_is_missing_is_said(self, streams: dict[str, bytes]) -> None:
        data = streams["latent"]
        needed = [preview.bytes for preview in coincodec.progressive(data)]
        with pytest.warns(PartialWarning, match=r"without grid 1:2 from row \d+ of 66 on and 1 finer grids"):
            coincodec.decode(data[: needed[-2] - 10], partial=True)
        with pytest.warns(PartialWarning, match=r"without grid 1:1 from row \d+ of 131 on$"):
            coincodec.decode(data[:-20], partial=True)

    def test_of_a_whole_stream_nothing_is_missing(self, streams: dict[str, bytes]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for data in streams.values():
                assert np.array_equal(coincodec.decode(data, partial=True), coincodec.decode(data))

    def test_a_cut_stream_is_refused_unless_asked_for(self, streams: dict[str, bytes]) -> None:
        for data in streams.values():
            with pytest.raises(TruncatedError):
                coincodec.decode(data[:-1])

    def test_of_too_little_there_is_no_picture(self, streams: dict[str, bytes]) -> None:
        for count in (0, 5, 20, 100):
            with pytest.raises(coincodec.FormatError):
                coincodec.decode(streams["latent"][:count], partial=True)
        with pytest.raises(TruncatedError, match="needs all of them"):
            coincodec.decode(streams["siren"][:-20], partial=True)

    def test_only_the_checksum_missing(self, streams: dict[str, bytes]) -> None:
        for data in streams.values():
            assert np.array_equal(coincodec.decode(data[:-2], partial=True), coincodec.decode(data))

    def test_damage_is_still_found(self, streams: dict[str, bytes]) -> None:
        for data in streams.values():
            broken = bytearray(data)
            broken[-6] ^= 1
            with pytest.raises(CorruptError, match="checksum"):
                coincodec.decode(bytes(broken), partial=True)

    def test_random_bytes_do_no_harm(self, streams: dict[str, bytes]) -> None:
        data, rng = streams["latent"], np.random.default_rng(0)
        start = len(data) * 2 // 3
        for _ in range(20):
            broken = data[:start] + rng.bytes(100)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", PartialWarning)
                    assert coincodec.decode(broken, partial=True).shape == (HEIGHT, WIDTH, 3)
            except CorruptError:
                pass


class TestCommand:
    def test_previews_are_written_and_told(
        self, tmp_path: Path, streams: dict[str, bytes], capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "a.coin").write_bytes(streams["latent"])
        assert cli.main(["decode", str(tmp_path / "a.coin"), "--progressive"]) == 0
        lines = capsys.readouterr().out.splitlines()
        files = sorted(tmp_path.glob("a-*.png"))
        assert len(files) == len(lines) == len(list(coincodec.progressive(streams["latent"])))
        assert all(size_of(file) == (WIDTH, HEIGHT) for file in files)
        assert "100.0% of the bytes" in lines[-1]

    @pytest.mark.parametrize(
        "options", [["-o", "-"], ["--size", "10x10"], ["--scale", "2"], ["--partial"], ["--region", "0,0,5,5"]]
    )
    def test_what_does_not_go_with_previews(
        self, tmp_path: Path, streams: dict[str, bytes], options: list[str]
    ) -> None:
        (tmp_path / "a.coin").write_bytes(streams["siren"])
        assert cli.main(["decode", str(tmp_path / "a.coin"), "--progressive", *options]) == 2
        assert [file.name for file in tmp_path.iterdir()] == ["a.coin"]

    def test_a_cut_file(self, tmp_path: Path, streams: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a.coin").write_bytes(streams["latent"][:-50])
        assert cli.main(["decode", str(tmp_path / "a.coin")]) == 1
        assert not (tmp_path / "a.png").exists()
        capsys.readouterr()
        assert cli.main(["decode", str(tmp_path / "a.coin"), "--partial"]) == 0
        assert "without grid 1:1 from row" in capsys.readouterr().err
        assert size_of(tmp_path / "a.png") == (WIDTH, HEIGHT)

    def test_sizes(self, tmp_path: Path, streams: dict[str, bytes]) -> None:
        (tmp_path / "a.coin").write_bytes(streams["latent"])
        for options, size in (
            (["--size", "50x40"], (50, 40)),
            (["--scale", "0.5"], (116, 66)),
            (["--scale", "2", "--region", "0,0,30,20"], (60, 40)),
            (["--size", "20x20", "--draft"], (20, 20)),
        ):
            assert cli.main(["decode", str(tmp_path / "a.coin"), "--force", *options]) == 0
            assert size_of(tmp_path / "a.png") == size
        for options in (["--size", "50"], ["--size", "axb"], ["--scale", "0"], ["--scale", "2", "--size", "5x5"]):
            try:
                status: object = cli.main(["decode", str(tmp_path / "a.coin"), *options])
            except SystemExit as stop:
                status = stop.code
            assert status == 2
