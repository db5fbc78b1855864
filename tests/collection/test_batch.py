"""Batches from inputs to outputs, in this process."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batches import OPTIONS, QUICK, Photos, assert_done_once, assert_tidy, kept
from PIL import Image

import coincodec
from coincodec.collection import engines, manifest, work
from coincodec.collection.here import Here
from coincodec.errors import CoincodecError, ImageError, UsageError
from coincodec.looks.ssimulacra2 import Ssimulacra2
from commands import Coin


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes, which other tests are about."""
    monkeypatch.setattr(engines, "Pool", lambda workers, cores: Here())


def encoded(path: str | Path, **options: Any) -> bytes:
    return coincodec.encode(Image.open(path), **{**OPTIONS, **options})


class TestEncoding:
    def test_a_folder(self, photos: Photos, coin: Coin) -> None:
        photos(4)
        status, out, err = coin("batch", "in", "-o", "out", *QUICK)
        names = ["out/deep/p0.coin", "out/deep/p3.coin", "out/p1.coin", "out/p2.coin"]
        assert (status, out) == (0, "")
        assert_done_once("out/manifest.jsonl", names)
        assert_tidy("out")
        for name in names:
            assert Path(name).read_bytes() == encoded(name.replace("out", "in").replace("coin", "png"))
        total = sum(Path(name).stat().st_size for name in names)
        assert err.startswith("4 pictures: 4 done in ")
        assert err.endswith(f"; {total:,} bytes, {8 * total / (4 * 40 * 56):.4f} bpp; out/manifest.jsonl\n")

    def test_rows_say_what_became_of_a_picture(self, photos: Photos) -> None:
        photos(1)
        report = coincodec.batch("in", Path("out"), score=True, lambda_=1e-3, **OPTIONS)
        (row,) = manifest.read(report.manifest).values()
        data, source = Path("out/deep/p0.coin").read_bytes(), np.asarray(Image.open("in/deep/p0.png"))
        shown = coincodec.decode(data)
        assert (row.input, row.output, row.status) == ("in/deep/p0.png", "out/deep/p0.coin", "done")
        assert (row.bytes, row.width, row.height, row.attempts) == (len(data), 56, 40, 1)
        assert row.psnr == pytest.approx(10 * np.log10(255**2 / np.mean((shown.astype(float) - source) ** 2)))
        assert row.ssimulacra2 == pytest.approx(Ssimulacra2(source)(shown))
        assert row.options == {"steps": 4, "tune": "psnr", "lambda_": 1e-3, "score": True}
        assert row.version == coincodec.__version__
        assert row.worker == work.name()
        assert (report.done, report.skipped, report.failed, report.bytes) == (1, 0, (), len(data))
        assert report.bpp == 8 * len(data) / (40 * 56)

    def test_one_bad_picture_stops_no_other(self, photos: Photos, coin: Coin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("coincodec.collection.dispatch._PAUSE", 0.0)
        photos(3)
        data = Path("in/p1.png").read_bytes()
        Path("in/damaged.png").write_bytes(data[: len(data) // 2])
        Path("in/no picture.png").write_bytes(b"hello")
        Path("in/gone.png").symlink_to("/nowhere")
        status, _, err = coin("batch", "in", "-o", "out", *QUICK)
        assert status == 1
        lines = err.splitlines()
        damaged, gone, other = sorted(lines[:3])
        assert damaged.startswith("coin: in/damaged.png: cannot read the picture: ")
        assert gone == "coin: in/gone.png: No such file or directory"
        assert other == "coin: in/no picture.png: not an image format that Pillow or NumPy reads"
        assert lines[-1] == "coin: 3 of 6 failed; out/manifest.jsonl says why"
        assert_done_once("out/manifest.jsonl", ["out/deep/p0.coin", "out/p1.coin", "out/p2.coin"])
        failed = {name: rows[0].attempts for name, rows in kept("out/manifest.jsonl").items() if rows[0].error}
        assert failed == {"out/damaged.coin": 1, "out/no picture.coin": 1, "out/gone.coin": 3}
        assert sorted(path.name for path in Path("out").rglob("*.coin")) == ["p0.coin", "p1.coin", "p2.coin"]

    def test_options_are_those_of_encode(self, photos: Photos, coin: Coin) -> None:
        photos(1)
        arguments = ["--model", "siren", "--layers", "2", "--width", "6", "--steps", "5", "--seed", "7"]
        assert coin("batch", "in", "-o", "out", *arguments)[0] == 0
        expected = coincodec.encode(Image.open("in/deep/p0.png"), model="siren", layers=2, width=6, steps=5, seed=7)
        assert Path("out/deep/p0.coin").read_bytes() == expected

    def test_metadata_and_colours_are_kept_unless_told_otherwise(self, photos: Photos) -> None:
        photos(1)
        exif = Image.Exif()
        exif[0x010E] = "a title"
        Image.open("in/deep/p0.png").save("in/deep/p0.png", exif=exif)
        coincodec.batch("in", "out", **OPTIONS)
        coincodec.batch("in", "bare", strip=True, **OPTIONS)
        assert "exif" in coincodec.info(Path("out/deep/p0.coin").read_bytes()).metadata
        assert "exif" not in coincodec.info(Path("bare/deep/p0.coin").read_bytes()).metadata

    def test_a_list_of_files(self, photos: Photos, coin: Coin) -> None:
        photos(5)
        Path("list.txt").write_text("in/p1.png\n\nin/p4.png\n")
        assert coin("batch", "in/p2.png", "--files-from", "list.txt", "-o", "out", *QUICK)[0] == 0
        assert sorted(path.name for path in Path("out").glob("*.coin")) == ["p1.coin", "p2.coin", "p4.coin"]

    def test_large_pictures_are_refused(self, photos: Photos, coin: Coin) -> None:
        photos(1)
        status, _, err = coin("batch", "in", "-o", "out", "--max-pixels", "1000", *QUICK)
        assert status == 1
        assert "2,240 pixels, more than the 1,000" in err


class TestGoingOn:
    def rows(self) -> int:
        return len(Path("out/manifest.jsonl").read_text().splitlines())

    def test_what_is_done_is_not_done_again(self, photos: Photos, coin: Coin) -> None:
        photos(3)
        coin("batch", "in", "-o", "out", *QUICK)
        before = self.rows()
        _, _, err = coin("batch", "in", "-o", "out", *QUICK, "--threads", "2")
        assert err.startswith("3 pictures: 0 done")
        assert "3 were there" in err
        assert self.rows() == before

    def test_what_has_changed_is(self, photos: Photos) -> None:
        photos(4)
        coincodec.batch("in", "out", **OPTIONS)
        Image.new("RGB", (50, 50)).save("in/p1.png")  # another picture
        Path("out/p2.coin").unlink()
        Path("in/deep/p0.png").touch()  # the same one
        Path("out/deep/p3.coin").write_bytes(b"cut")
        report = coincodec.batch("in", "out", **OPTIONS)
        assert (report.done, report.skipped) == (3, 1)
        for name in ("p1", "p2", "deep/p3"):
            assert Path(f"out/{name}.coin").read_bytes() == encoded(f"in/{name}.png")

    def test_other_options_and_versions_do_all_again(self, photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
        photos(2)
        coincodec.batch("in", "out", **OPTIONS)
        assert coincodec.batch("in", "out", seed=1, **OPTIONS).done == 2
        for module in ("run", "work", "dispatch"):
            monkeypatch.setattr(f"coincodec.collection.{module}.__version__", "99")
        monkeypatch.setattr("coincodec.collection.work.Job.__init__.__defaults__", (None, "99"))
        assert coincodec.batch("in", "out", seed=1, **OPTIONS).done == 2
        assert coincodec.batch("in", "out", seed=1, **OPTIONS).skipped == 2

    def test_what_failed_is_tried_again(self, photos: Photos) -> None:
        photos(2)
        good = Path("in/p1.png").read_bytes()
        Path("in/p1.png").write_bytes(good[:60])
        assert len(coincodec.batch("in", "out", **OPTIONS).failed) == 1
        Path("in/p1.png").write_bytes(good)
        report = coincodec.batch("in", "out", **OPTIONS)
        assert (report.done, report.skipped, report.failed) == (1, 1, ())

    def test_files_that_no_manifest_knows_are_not_replaced(self, photos: Photos, coin: Coin) -> None:
        photos(3)
        Path("out").mkdir()
        for name in ("p1", "p2"):
            Path(f"out/{name}.coin").write_bytes(b"mine")
        status, _, err = coin("batch", "in", "-o", "out", *QUICK)
        assert status == 2
        assert "out/p1.coin and 1 more exist, and out/manifest.jsonl does not know of it" in err
        assert Path("out/p1.coin").read_bytes() == b"mine"
        assert coin("batch", "in", "-o", "out", "--force", *QUICK)[0] == 0
        assert Path("out/p1.coin").read_bytes() != b"mine"

    def test_the_table(self, photos: Photos) -> None:
        parquet = pytest.importorskip("pyarrow.parquet")
        photos(2)
        Path("in/bad.png").write_bytes(b"")
        report = coincodec.batch("in", "out", manifest="rows.jsonl", **OPTIONS)
        assert report.manifest == Path("rows.jsonl")
        table = parquet.read_table("rows.parquet").to_pylist()
        assert sorted((row["output"], row["status"]) for row in table) == [
            ("out/bad.coin", "failed"),
            ("out/deep/p0.coin", "done"),
            ("out/p1.coin", "done"),
        ]


class TestDecoding:
    def test_a_folder(self, photos: Photos, coin: Coin) -> None:
        photos(3)
        coin("batch", "in", "-o", "coded", *QUICK)
        Path("coded/cut.coin").write_bytes(Path("coded/p1.coin").read_bytes()[:-9])
        status, _, err = coin("batch", "--decode", "coded", "-o", "shown", "--suffix", ".npy")
        assert status == 1
        assert "coded/cut.coin" in err
        for name in ("deep/p0", "p1", "p2"):
            expected = coincodec.decode(Path(f"coded/{name}.coin").read_bytes())
            assert np.array_equal(np.load(f"shown/{name}.npy"), expected)
        row = manifest.read("shown/manifest.jsonl")["shown/p1.npy"]
        assert (row.width, row.height, row.options) == (56, 40, {"suffix": ".npy"})

    def test_smaller(self, photos: Photos, coin: Coin) -> None:
        photos(1)
        coin("batch", "in", "-o", "coded", *QUICK)
        assert coin("batch", "--decode", "coded", "-o", "small", "--size", "28x20", "--draft")[0] == 0
        with Image.open("small/deep/p0.png") as shown:
            assert shown.size == (28, 20)
        assert coincodec.batch("coded", "small", decode=True, size=(28, 20), draft=True).skipped == 1


class TestPlaces:
    def test_memory(self, photos: Photos) -> None:
        fsspec = pytest.importorskip("fsspec")
        photos(2)
        files = fsspec.filesystem("memory")
        for name, source in (("p0", "in/deep/p0.png"), ("x/p1", "in/p1.png")):
            files.pipe(f"/box/{name}.png", Path(source).read_bytes())
        report = coincodec.batch("memory://box", "memory://coded", manifest="rows.jsonl", **OPTIONS)
        assert files.cat("/coded/x/p1.coin") == encoded("in/p1.png")
        assert report.done == 2
        assert coincodec.batch("memory://box", "memory://coded", manifest="rows.jsonl", **OPTIONS).skipped == 2
        assert coincodec.batch("memory://coded", "shown", decode=True).done == 2
        with pytest.raises(UsageError, match="name a file of this machine"):
            coincodec.batch("memory://box", "memory://coded", **OPTIONS)
        with pytest.raises(UsageError, match="other workers do not see it"):
            coincodec.batch("memory://box", "out", workers=2, **OPTIONS)

    def test_an_archive(self, photos: Photos) -> None:
        pytest.importorskip("fsspec")
        photos(2)
        with zipfile.ZipFile("all.zip", "w") as archive:
            archive.write("in/deep/p0.png")
            archive.write("in/p1.png")
        coincodec.batch("zip://in::all.zip", "out", **OPTIONS)
        assert Path("out/deep/p0.coin").read_bytes() == encoded("in/deep/p0.png")

    def test_without_fsspec(self, photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "fsspec.core", None)
        with pytest.raises(CoincodecError, match=r"pip install 'coincodec\[cluster\]'"):
            coincodec.batch("s3://bucket/photos", "out", **OPTIONS)


class TestBudget:
    def test_it_is_kept_and_a_second_run_fits_nothing(self, photos: Photos, coin: Coin) -> None:
        photos(8)
        arguments = ["batch", "in", "-o", "out", "--mean-bpp", "2.5", "--steps", "25", "--tune", "psnr"]
        arguments.append("--progressive")  # there is one way of fitting these, so that sizes follow prices closely
        assert coin(*arguments)[0] == 0
        files = list(Path("out").rglob("*.coin"))
        assert 0.99 * 2.5 <= 8 * sum(file.stat().st_size for file in files) / (8 * 40 * 56) <= 2.5
        prices = {row.options["lambda_"] for row in manifest.read("out/manifest.jsonl").values()}
        assert max(prices) / min(prices) < 2
        before = Path("out/manifest.jsonl").read_bytes()
        status, _, err = coin(*arguments)
        assert status == 0
        assert "8 were there" in err
        assert Path("out/manifest.jsonl").read_bytes() == before

    def test_what_was_lost_is_made_again_at_its_price(self, photos: Photos) -> None:
        photos(3)
        options = {"total_bytes": 3000, "steps": 6, "tune": "psnr"}
        coincodec.batch("in", "out", **options)
        data = Path("out/p1.coin").read_bytes()
        Path("out/p1.coin").unlink()
        report = coincodec.batch("in", "out", **options)
        assert (report.done, report.skipped) == (1, 2)
        assert Path("out/p1.coin").read_bytes() == data

    def test_one_that_cannot_be_met(self, photos: Photos, coin: Coin) -> None:
        photos(1)
        status, _, err = coin("batch", "in", "-o", "out", "--total-bytes", "10", "--steps", "2", "--tune", "psnr")
        assert status == 1
        assert "the budget was not met" in err


class TestDryRun:
    def test_it_says_what_all_will_take_and_writes_nothing(self, photos: Photos, coin: Coin) -> None:
        photos(20)
        status, out, _ = coin("batch", "in", "-o", "out", "--dry-run", "--price-per-core-hour", "36", *QUICK)
        assert status == 0
        assert not Path("out").exists()
        pictures, time, size, price = out.splitlines()
        assert pictures == "pictures: 20, 16 of them tried, 0 of which failed"
        assert time.startswith("time: 0:00:")
        sizes = [len(encoded(path)) for path in Path("in").rglob("*.png")]
        told = int(size.split()[1].replace(",", ""))
        assert sum(sizes) * 0.9 < told < sum(sizes) * 1.1
        assert float(price.split()[1]) > 0

    def test_of_nothing_that_works(self, photos: Photos, coin: Coin) -> None:
        photos(1)
        Path("in/deep/p0.png").write_bytes(b"")
        status, _, err = coin("batch", "in", "-o", "out", "--dry-run", *QUICK)
        assert status == 1
        assert "none of the 1 that were tried can be converted" in err


class TestUse:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--preset", "slow"], "preset must be one of"),
            (["--quality", "200"], "quality must be 1 to 100"),
            (["--bpp", "1", "--preset", "slow"], "preset must be one of"),
            (["--model", "jpeg"], "model must be one of"),
            (["--bpp", "1", "--quality", "3"], "one target"),
            (["--mean-bpp", "1", "--quality", "3"], "a budget for all pictures is their target"),
            (["--mean-bpp", "1", "--model", "siren"], "spent by the latent model"),
            (["--mean-bpp", "1", "--total-bytes", "3"], "one of total_bytes and mean_bpp"),
            (["--mean-bpp", "-1"], "positive"),
            (["--workers", "0"], "workers must be at least 1"),
            (["--threads", "0"], "threads must be"),
            (["--retries", "-1"], "retries must not be negative"),
            (["--scale", "2"], "--scale is an option of --decode"),
            (["--decode", "--steps", "2"], "--steps is an option of encoding"),
            (["--decode", "--lambda", "2"], "--lambda is an option of encoding"),
            (["--decode", "--mean-bpp", "2"], "a budget is for encoding"),
            (["--decode", "--score"], "a score is of encoding"),
            (["--price-per-core-hour", "2"], "is for --dry-run"),
            (["--workers", "2", "--scheduler", "tcp://nowhere:1"], "their number cannot be given"),
        ],
    )
    def test_what_cannot_be_meant(self, photos: Photos, coin: Coin, arguments: list[str], message: str) -> None:
        photos(1)
        Path("in/a.coin").touch()
        status, _, err = coin("batch", "in", "-o", "out", *arguments)
        assert status == 2
        assert message in err
        assert not Path("out").exists()

    def test_options_that_there_are_not(self, photos: Photos) -> None:
        photos(1)
        with pytest.raises(UsageError, match="colour, limits: no option of encoding many pictures"):
            coincodec.batch("in", "out", limits=1, colour=2)
        with pytest.raises(ImageError, match="no picture format"):
            coincodec.batch("in", "out", decode=True, suffix=".xyz")

    def test_without_dask(self, photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
        photos(1)
        monkeypatch.setitem(sys.modules, "distributed", None)
        with pytest.raises(CoincodecError, match=r"pip install 'coincodec\[cluster\]'"):
            coincodec.batch("in", "out", scheduler="local")

    def test_progress(self, photos: Photos) -> None:
        photos(3)
        seen: list[coincodec.BatchProgress] = []
        coincodec.batch("in", "out", progress=seen.append, **OPTIONS)
        assert [(p.stage, p.done, p.total, p.failed) for p in seen] == [("pictures", n, 3, 0) for n in (1, 2, 3)]
        assert seen[-1].remaining == 0
        assert seen[0].rate > 0
        assert seen[0].latest is not None

    def test_importing_the_package_loads_none_of_it(self) -> None:
        program = (
            "import sys, coincodec; coincodec.batch; "
            "print([n for n in sys.modules if n.split('.')[0] in ('dask', 'distributed', 'fsspec', 'numpy', 'PIL', "
            "'pyarrow') or n.startswith('coincodec.collection')])"
        )
        assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"

    def test_a_manifest_is_lines_of_json(self, photos: Photos) -> None:
        photos(1)
        coincodec.batch("in", "out", **OPTIONS)
        lines = Path("out/manifest.jsonl").read_text().splitlines()
        assert [json.loads(line)["status"] for line in lines] == ["begun", "done"]
