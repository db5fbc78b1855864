"""The command line as a user meets it."""

from __future__ import annotations

import io
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import coincodec
from coincodec import cli
from coincodec.files import write_atomically
from commands import Coin

QUICK = ["--layers", "2", "--width", "6", "--steps", "30"]


@pytest.fixture
def photo_png(tmp_path: Path, small: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture file in the working directory."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(small).save("photo.png")
    return tmp_path / "photo.png"


def process(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "coincodec", *arguments], capture_output=True, **options)  # type: ignore[call-overload,no-any-return]


class TestRoundTrip:
    def test_encode_and_decode_with_default_names(self, photo_png: Path, coin: Coin) -> None:
        status, out, err = coin("encode", "photo.png", *QUICK)
        assert (status, out) == (0, "")
        assert err.startswith("photo.coin: 24x16,")
        data = Path("photo.coin").read_bytes()
        photo_png.rename("original.png")
        assert coin("decode", "photo.coin") == (0, "", "")
        assert np.array_equal(np.asarray(Image.open("photo.png")), coincodec.decode(data))

    def test_the_summary_is_true(self, photo_png: Path, coin: Coin, small: np.ndarray) -> None:
        _, _, err = coin("encode", "photo.png", *QUICK)
        data = Path("photo.coin").read_bytes()
        error = np.mean((coincodec.decode(data).astype(float) - small) ** 2)
        assert f"{len(data):,} bytes, {8 * len(data) / 384:.4f} bpp" in err
        assert f"PSNR {10 * np.log10(255**2 / error):.2f} dB, 2x6, 34 steps" in err

    def test_through_pipes(self, photo_png: Path) -> None:
        encoded = process("encode", "-", *QUICK, input=photo_png.read_bytes())
        assert encoded.returncode == 0
        decoded = process("decode", "-", input=encoded.stdout)
        picture = np.asarray(Image.open(io.BytesIO(decoded.stdout)))
        assert np.array_equal(picture, coincodec.decode(encoded.stdout))

    def test_same_options_same_file(self, photo_png: Path, coin: Coin) -> None:
        for name, threads in (("a", "1"), ("b", "2"), ("c", "3")):
            assert coin("encode", "photo.png", "-o", name, "--seed", "7", "--threads", threads, *QUICK)[0] == 0
        assert Path("a").read_bytes() == Path("b").read_bytes() == Path("c").read_bytes()

    @pytest.mark.parametrize("suffix", ["npy", "jpg", "tiff", "ppm"])
    def test_the_suffix_names_the_output_format(self, photo_png: Path, coin: Coin, suffix: str) -> None:
        coin("encode", "photo.png", *QUICK)
        assert coin("decode", "photo.coin", "-o", f"out.{suffix}")[0] == 0
        decoded = np.load("out.npy") if suffix == "npy" else np.asarray(Image.open(f"out.{suffix}"))
        assert decoded.shape == (16, 24, 3)

    def test_sixteen_bit_arrays(self, photo_png: Path, coin: Coin, small: np.ndarray) -> None:
        np.save("deep.npy", small.astype(np.uint16) * 257)
        assert coin("encode", "deep.npy", *QUICK)[0] == 0
        assert coin("decode", "deep.coin", "-o", "out.npy")[0] == 0
        assert np.load("out.npy").dtype == np.uint16

    def test_conversions_are_said_once(self, photo_png: Path, coin: Coin, small: np.ndarray) -> None:
        Image.fromarray(small).convert("CMYK").save("cmyk.tiff")
        _, _, err = coin("encode", "cmyk.tiff", *QUICK)
        assert err.count("CMYK became RGB") == 1

    @pytest.mark.parametrize(
        ("arguments", "option"),
        [
            (["--bytes", "150"], {"bytes": 150}),
            (["--bpp", "2.5"], {"bpp": 2.5}),
            (["--psnr", "20"], {"psnr": 20}),
            (["--lambda", "0.05"], {"lambda_": 0.05}),
            (["--bits", "4", "--layers", "3", "--width", "5"], {"bits": 4, "layers": 3, "width": 5}),
            (["--weights", "fp16", "--bpp", "3"], {"weights": "fp16", "bpp": 3}),
            (["--preset", "fast", "--bytes", "90"], {"preset": "fast", "bytes": 90}),
        ],
    )
    def test_options_are_those_of_the_library(
        self, photo_png: Path, coin: Coin, small: np.ndarray, arguments: list[str], option: dict[str, float]
    ) -> None:
        assert coin("encode", "photo.png", "--steps", "150", *arguments)[0] == 0
        assert Path("photo.coin").read_bytes() == coincodec.encode(small, steps=150, **option)  # type: ignore[arg-type]

    @pytest.mark.parametrize("arguments", [["--bytes", "9", "--bpp", "1"], ["--weights", "int4"], ["--bits", "99"]])
    def test_impossible_targets_are_bad_use(self, photo_png: Path, coin: Coin, arguments: list[str]) -> None:
        status, _, err = coin("encode", "photo.png", *arguments)
        assert status == 2
        assert err.count("\n") == 1
        assert not Path("photo.coin").exists()

    def test_quiet(self, photo_png: Path, coin: Coin) -> None:
        assert coin("encode", "photo.png", "-q", *QUICK) == (0, "", "")

    def test_info(self, photo_png: Path, coin: Coin) -> None:
        coin("encode", "photo.png", *QUICK)
        status, out, _ = coin("info", "photo.coin")
        assert status == 0
        assert "24x16, RGB, 8 bits per sample" in out
        facts = json.loads(coin("info", "photo.coin", "--json")[1])
        assert facts["size"] == [24, 16]
        assert facts["bytes"] == Path("photo.coin").stat().st_size

    def test_version_and_help(self, coin: Coin) -> None:
        assert coin("--version")[:2] == (0, f"coincodec {coincodec.__version__}\n")
        for arguments in ([], ["encode"], ["decode"], ["info"], ["demo"]):
            assert coin(*arguments, "--help")[0] == 0


class TestErrors:
    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["squeeze"],
            ["encode"],
            ["encode", "photo.png", "--steps", "many"],
            ["encode", "photo.png", "--steps", "0"],
            ["encode", "photo.png", "--bpp", "0.0001"],
            ["encode", "photo.png", "--layers", "3"],
            ["encode", "photo.png", "--preset", "turbo"],
            ["encode", "photo.png", "--threads", "0"],
            ["encode", "photo.png", "-o", "photo.png"],
            ["encode", "photo.png", "-o", "./../*/photo.png"],
        ],
    )
    def test_bad_use_exits_with_2(self, photo_png: Path, coin: Coin, arguments: list[str]) -> None:
        arguments = [a.replace("../*", f"../{photo_png.parent.name}") for a in arguments]
        before = photo_png.read_bytes()
        status, out, err = coin(*arguments)
        assert (status, out) == (2, "")
        assert "Traceback" not in err
        assert os.listdir() == ["photo.png"]
        assert photo_png.read_bytes() == before

    @pytest.mark.parametrize(
        "arguments",
        [
            ["encode", "missing.png"],
            ["encode", "text.txt"],
            ["encode", "photo.png", "-o", "missing/photo.coin", "--steps", "1000000000"],
            ["decode", "text.txt"],
            ["decode", "photo.png", "-o", "other.png"],
            ["decode", "good.coin", "-o", "out.xyz"],
            ["decode", "good.coin", "--max-pixels", "100"],
            ["decode", "good.coin", "--max-macs", "100"],
            ["decode", "damaged.coin"],
            ["info", "damaged.coin"],
            ["info", "."],
        ],
    )
    def test_bad_data_exits_with_1_and_one_line(self, photo_png: Path, coin: Coin, arguments: list[str]) -> None:
        Path("text.txt").write_text("no picture")
        coin("encode", "photo.png", "-o", "good.coin", *QUICK)
        Path("damaged.coin").write_bytes(Path("good.coin").read_bytes()[:-1])
        before = sorted(os.listdir())
        status, out, err = coin(*arguments)
        assert (status, out) == (1, "")
        assert err.startswith("coin: ")
        assert err.count("\n") == 1
        assert sorted(os.listdir()) == before

    def test_debug_shows_the_traceback(self, photo_png: Path) -> None:
        with pytest.raises(coincodec.NotCoinError):
            cli.main(["info", "photo.png", "--debug"])

    def test_a_bad_environment_is_bad_use(self, photo_png: Path) -> None:
        result = process("encode", "photo.png", env=os.environ | {"COINCODEC_ISA": "mmx"})
        assert result.returncode == 2
        assert result.stderr.startswith(b"coin: instruction set 'mmx'")
        assert result.stderr.count(b"\n") == 1

    def test_a_reader_that_leaves_is_no_traceback(self, photo_png: Path, coin: Coin) -> None:
        coin("encode", "photo.png", *QUICK)
        read, write = os.pipe()
        os.close(read)
        result = subprocess.run(
            [sys.executable, "-m", "coincodec", "decode", "photo.coin", "-o", "-"], stdout=write, stderr=subprocess.PIPE
        )
        os.close(write)
        assert result.returncode == 1
        assert result.stderr == b""


class TestOutputFiles:
    @pytest.mark.parametrize("options", [["--force"], ["-o", "photo.coin"], ["-f", "-o", "photo.coin"]])
    def test_an_existing_output_is_replaced_where_that_is_asked_for(
        self, photo_png: Path, coin: Coin, options: list[str]
    ) -> None:
        Path("photo.coin").write_bytes(b"old")
        assert coin("encode", "photo.png", *options, *QUICK)[0] == 0
        assert Path("photo.coin").read_bytes()[:6] == b"\xc3OIN\r\n"

    @pytest.mark.parametrize("options", [[], ["--no-clobber"], ["--no-clobber", "-o", "photo.coin"]])
    def test_else_it_is_not(self, photo_png: Path, coin: Coin, options: list[str]) -> None:
        Path("photo.coin").write_bytes(b"old")
        status, _, err = coin("encode", "photo.png", *options, *QUICK)
        assert status == 2
        assert "photo.coin exists" in err
        assert "--force" in err
        assert Path("photo.coin").read_bytes() == b"old"
        assert coin("encode", "photo.png", "--no-clobber", "-o", "new.coin", *QUICK)[0] == 0

    def test_there_and_back_the_original_stays(self, photo_png: Path, coin: Coin) -> None:
        before = photo_png.read_bytes()
        assert coin("encode", "photo.png", *QUICK)[0] == 0
        status, _, err = coin("decode", "photo.coin")
        assert status == 2
        assert "photo.png exists" in err
        assert photo_png.read_bytes() == before
        assert coin("decode", "photo.coin", "-o", "back.png")[0] == 0

    def test_no_clobber_refuses_a_file_that_appears_meanwhile(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"old")
        with pytest.raises(coincodec.UsageError):
            write_atomically(str(tmp_path / "a"), b"new", clobber=False)
        assert (tmp_path / "a").read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["a"]

    def test_a_write_that_fails_leaves_the_old_file_and_no_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise OSError("disk on fire")

        (tmp_path / "a").write_bytes(b"old")
        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="fire"):
            write_atomically(str(tmp_path / "a"), b"new")
        assert (tmp_path / "a").read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["a"]

    def test_permissions_are_kept_or_ordinary(self, tmp_path: Path) -> None:
        (tmp_path / "old").write_bytes(b"")
        (tmp_path / "old").chmod(0o640)
        mask = os.umask(0o022)
        try:
            for name in ("old", "new"):
                write_atomically(str(tmp_path / name), b"data")
        finally:
            os.umask(mask)
        assert (tmp_path / "old").stat().st_mode & 0o777 == 0o640
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o644

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "target").write_bytes(b"old")
        (tmp_path / "link").symlink_to("target")
        write_atomically(str(tmp_path / "link"), b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "target").read_bytes() == b"new"

    def test_a_device_is_written_to(self) -> None:
        write_atomically(os.devnull, b"gone")
        assert not Path(os.devnull).is_file()


class TestLongWork:
    LONG = ("--layers", "5", "--width", "20", "--steps", "1000000")

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "coincodec", "encode", "photo.png", *arguments], **options)  # type: ignore[call-overload,no-any-return]

    @staticmethod
    def read_until(master: int, wanted: bytes) -> bytes:
        seen = b""
        while wanted not in seen:
            seen += os.read(master, 4096)
        return seen

    def test_a_terminal_sees_progress_and_control_c_stops_cleanly(self, photo_png: Path) -> None:
        Path("photo.coin").write_bytes(b"old")
        master, slave = pty.openpty()
        with self.start("--force", *self.LONG, stderr=slave) as child:
            os.close(slave)
            seen = self.read_until(master, b"left")
            assert b"step" in seen
            assert b"dB" in seen
            child.send_signal(signal.SIGINT)
            seen = self.read_until(master, b"interrupted")
            assert child.wait() == 130
        os.close(master)
        assert b"Traceback" not in seen
        assert Path("photo.coin").read_bytes() == b"old"
        assert sorted(os.listdir()) == ["photo.coin", "photo.png"]

    def test_a_killed_encode_leaves_nothing(self, photo_png: Path) -> None:
        master, slave = pty.openpty()
        with self.start(*self.LONG, stderr=slave) as child:
            os.close(slave)
            self.read_until(master, b"left")
            child.kill()
        os.close(master)
        assert os.listdir() == ["photo.png"]

    def test_binary_data_is_not_written_to_a_terminal(self, photo_png: Path) -> None:
        master, slave = pty.openpty()
        with self.start("-o", "-", *self.LONG, stdout=slave, stderr=subprocess.PIPE) as child:
            assert child.wait() == 2
            assert child.stderr is not None
            assert b"terminal" in child.stderr.read()
        os.close(slave)
        os.close(master)

    def test_a_pipe_sees_no_progress(self, photo_png: Path) -> None:
        result = process("encode", "photo.png", *QUICK)
        assert result.stdout == b""
        assert result.stderr.count(b"\n") == 1
        assert b"\r" not in result.stderr

    def test_memory_is_a_bound_in_megabytes(self, photo_png: Path, coin: Coin) -> None:
        status, _, err = coin("encode", "photo.png", "--memory", "20")
        assert status == 2
        assert "takes about 50 MB of memory" in err
        assert not photo_png.with_suffix(".coin").exists()
        assert coin("encode", "photo.png", "--memory", "60", "--preset", "instant")[0] == 0

    def test_much_memory_is_said_before(self, photo_png: Path, coin: Coin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("coincodec.cli.encode.MUCH_MEMORY", 1e6)
        _, _, err = coin("encode", "photo.png", "--preset", "instant")
        assert err.startswith("coin: this takes about 50 MB of memory\n")
        _, _, err = coin("encode", "photo.png", *QUICK, "-f")
        assert "memory" not in err

    def test_time_is_a_budget(self, photo_png: Path) -> None:
        begun = time.monotonic()
        assert process("encode", "photo.png", "--time", "0.3", "--layers", "2", "--width", "6").returncode == 0
        assert time.monotonic() - begun > 0.3


def test_demo(tmp_path: Path, coin: Coin, monkeypatch: pytest.MonkeyPatch) -> None:
    from coincodec import codec

    quick = codec.encode_samples
    monkeypatch.setattr(codec, "encode_samples", lambda s, options, p: quick(s, replace(options, steps=60), p))
    status, out, _ = coin("demo", "-o", str(tmp_path / "demo"))
    assert status == 0
    for word in ("coin", "JPEG", "bpp", "PSNR", "encode", "decode"):
        assert word in out
    assert sorted(os.listdir(tmp_path / "demo")) == [
        "astronaut-decoded.png",
        "astronaut-side-by-side.png",
        "astronaut.coin",
    ]
    decoded = coincodec.decode((tmp_path / "demo" / "astronaut.coin").read_bytes())
    assert np.array_equal(np.asarray(Image.open(tmp_path / "demo" / "astronaut-decoded.png")), decoded)


class TestStreams:
    """Standard streams that are closed, and files that are pipes."""

    @staticmethod
    def shell(command: str) -> subprocess.CompletedProcess[bytes]:
        function = f'coin() {{ {shlex.quote(sys.executable)} -m coincodec "$@"; }}'
        return subprocess.run(["bash", "-c", f"{function}; {command}"], capture_output=True, check=False, timeout=60)

    @pytest.mark.parametrize("closed", ["2>&-", "-q 2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
    def test_closed_ones_are_no_obstacle(self, photo_png: Path, closed: str) -> None:
        done = self.shell(f"coin encode photo.png -o a.coin {' '.join(QUICK)} {closed}")
        assert done.returncode == 0
        done = self.shell(f"coin decode a.coin -o a.png {closed}")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        with Image.open("a.png") as picture:
            assert np.array_equal(np.asarray(picture), coincodec.decode(Path("a.coin").read_bytes()))

    def test_nothing_is_written_to_a_closed_output(self, photo_png: Path) -> None:
        done = self.shell(f"coin encode photo.png -o - {' '.join(QUICK)} >&-")
        assert done.returncode == 2
        assert done.stderr == b"coin: standard output is closed; name a file with -o\n"

    @pytest.mark.parametrize(
        "command",
        [
            "coin encode -q <(cat photo.png) -o a.coin",
            "cat photo.png | coin encode -q /dev/stdin -o a.coin",
            "mkfifo pipe; cat photo.png > pipe & coin encode -q pipe -o a.coin",
            "coin encode -q - -o a.coin < photo.png",
        ],
    )
    def test_pipes_with_a_name_are_read(self, photo_png: Path, command: str) -> None:
        done = self.shell(command + " " + " ".join(QUICK))
        assert (done.returncode, done.stderr) == (0, b"")
        self.shell("coin encode -q photo.png -o b.coin " + " ".join(QUICK))
        assert Path("a.coin").read_bytes() == Path("b.coin").read_bytes()
        done = self.shell("coin decode <(cat a.coin) -o a.png")
        assert (done.returncode, done.stderr) == (0, b"")


class TestNotes:
    def test_quiet_means_quiet(self, photo_png: Path) -> None:
        exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x0f\0\x02"
        Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save("e.jpg", exif=exif)
        assert process("encode", "-q", "e.jpg", "-o", "e.coin", *QUICK).stderr == b""
        loud = process("encode", "e.jpg", "-o", "e.coin", *QUICK).stderr.decode().splitlines()
        assert loud[0] == "coin: its EXIF data cannot be read and was ignored"
        assert all(line.startswith("coin: ") for line in loud[:-1])

    def test_what_a_format_cannot_hold_is_said(self, photo_png: Path, coin: Coin) -> None:
        np.save("ramp.npy", np.linspace(0, 65535, 24 * 16).astype(np.uint16).reshape(16, 24))
        assert coin("encode", "ramp.npy", *QUICK)[0] == 0
        status, _, err = coin("decode", "ramp.coin", "-o", "ramp.webp")
        assert status == 0
        assert err.startswith("coin: 16 bits became 8; WEBP files hold no more")
        assert coin("decode", "-q", "ramp.coin", "-o", "ramp.webp") == (0, "", "")

    def test_pictures_of_more_pixels_than_allowed(self, photo_png: Path, coin: Coin) -> None:
        status, _, err = coin("encode", "photo.png", "--max-pixels", "383", *QUICK)
        assert status == 1
        assert "384 pixels, more than the 383" in err
        assert coin("encode", "photo.png", "--max-pixels", "384", *QUICK)[0] == 0


class TestSeveral:
    """Several inputs, and folders of them."""

    @pytest.fixture
    def pictures(self, photo_png: Path, small: np.ndarray) -> Path:
        folder = photo_png.parent / "pictures"
        folder.mkdir()
        for number, name in enumerate(("a.png", "b.jpg", "c.npy", "notes.txt", "d.coin")):
            path = folder / name
            if name.endswith(".npy"):
                np.save(path, small)
            elif name.endswith((".png", ".jpg")):
                Image.fromarray(np.roll(small, number, 0)).save(path)
            else:
                path.write_text("no picture")
        return folder

    def test_files_beside_their_inputs(self, pictures: Path, coin: Coin) -> None:
        status, _, err = coin("encode", "pictures/a.png", "photo.png", *QUICK)
        assert status == 0
        assert err.splitlines()[-1] == "2 files"
        assert Path("pictures/a.coin").exists()
        assert Path("photo.coin").exists()

    def test_a_folder_to_a_folder_and_back(self, pictures: Path, coin: Coin) -> None:
        assert coin("encode", "-q", "pictures", "-o", "out/", *QUICK) == (0, "", "")
        assert sorted(os.listdir("out")) == ["a.coin", "b.coin", "c.coin"]
        assert coin("decode", "-q", "out", "-o", "back/") == (0, "", "")
        assert sorted(os.listdir("back")) == ["a.png", "b.png", "c.png"]
        with Image.open("back/a.png") as back:
            assert np.array_equal(np.asarray(back), coincodec.decode(Path("out/a.coin").read_bytes()))

    def test_one_that_fails_is_told_and_the_others_go_on(self, pictures: Path, coin: Coin) -> None:
        Path("pictures/a.png").write_bytes(b"no picture")
        status, _, err = coin("encode", "pictures", "missing.png", "-o", "out/", *QUICK)
        assert status == 1
        assert "coin: pictures/a.png: not an image format" in err
        assert "coin: missing.png: No such file" in err
        assert err.splitlines()[-1] == "coin: 2 of 4 failed"
        assert sorted(os.listdir("out")) == ["b.coin", "c.coin"]

    def test_files_of_a_folder_are_replaced_only_by_force(self, pictures: Path, coin: Coin) -> None:
        Path("out").mkdir()
        Path("out/a.coin").write_bytes(b"old")
        status, _, err = coin("encode", "pictures/a.png", "-o", "out", *QUICK)
        assert status == 2
        assert "out/a.coin exists" in err
        assert coin("encode", "pictures/a.png", "-o", "out", "-f", *QUICK)[0] == 0
        assert Path("out/a.coin").read_bytes() != b"old"

    @pytest.mark.parametrize(
        ("inputs", "message"),
        [
            (["photo.png", "pictures/a.png", "-o", "out.coin"], "go to a folder"),
            (["pictures", "-o", "photo.png"], "go to a folder"),
            (["pictures/a.png", "copies/a.png", "-o", "out/"], "would both become out/a.coin"),
            (["empty"], "nothing to do in empty"),
            (["-", "photo.png"], "standard input cannot"),
            (["-", "-o", "pictures"], "standard input cannot"),
        ],
    )
    def test_what_cannot_be_meant(self, pictures: Path, coin: Coin, inputs: list[str], message: str) -> None:
        Path("empty").mkdir()
        status, _, err = coin("encode", *inputs, *QUICK)
        assert status == 2
        assert message in err
        assert not list(Path().glob("**/photo.coin"))
