"""Kills, full disks, folders that take no files or are gone, and interrupts: what is left, and what is said."""

from __future__ import annotations

import importlib.util
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coincodec import cli
from coincodec.files import write_atomically
from conformance.broken import tiled

QUICK = ("--model", "siren", "--layers", "1", "--width", "4", "--steps", "2", "--weights", "fp16", "-q")
LONG = ("--model", "siren", "--layers", "5", "--width", "20", "--steps", "1000000")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with a small picture, which anyone may read."""
    y, x = np.mgrid[:24, :32]
    Image.fromarray((x * 5 + y * 3).astype(np.uint8)).save(tmp_path / "photo.png")
    return tmp_path


def coin(*arguments: str, **options: object) -> tuple[int, str]:
    """Status and stderr of a command in a process of its own."""
    command = [sys.executable, "-m", "coincodec", *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **options)  # type: ignore[call-overload]
    return done.returncode, done.stderr


def test_kills_leave_a_whole_state() -> None:
    path = Path(__file__).parents[1] / "tools" / "kills.py"
    spec = importlib.util.spec_from_file_location("kills", path)
    assert spec is not None
    assert spec.loader is not None
    kills = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kills)
    counts = kills.run(6, seed=1)
    assert counts["half"] == 0
    assert counts["old"] + counts["new"] + counts["none"] == 6


class TestFullDisk:
    def test_a_file_that_may_not_grow_so_large(self, folder: Path) -> None:
        (folder / "photo.coin").write_bytes(b"old")

        def little() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))

        status, said = coin(
            "encode", "photo.png", "-o", "photo.coin", *QUICK, cwd=folder, preexec_fn=little,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        assert (status, said) == (1, "coin: photo.coin: File too large\n")
        assert (folder / "photo.coin").read_bytes() == b"old"
        assert sorted(os.listdir(folder)) == ["photo.coin", "photo.png"]

    @pytest.fixture
    def small_disk(self, folder: Path) -> Iterator[Path]:
        """A file system of 16 KiB, half of it taken."""
        disk = folder / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(disk)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("no file system may be mounted here")
        (disk / "old.npy").write_bytes(bytes(8000))
        yield disk
        subprocess.run(["umount", str(disk)], check=True)

    def test_a_full_disk(self, folder: Path, small_disk: Path) -> None:
        assert coin("encode", "photo.png", "-o", "photo.coin", *QUICK, cwd=folder)[0] == 0
        status, said = coin("decode", "photo.coin", "--scale", "10", "-o", "disk/old.npy", cwd=folder)
        assert (status, said) == (1, "coin: disk/old.npy: No space left on device\n")
        assert (small_disk / "old.npy").read_bytes() == bytes(8000)
        assert os.listdir(small_disk) == ["old.npy"]

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux")
    def test_a_device_that_takes_nothing(self, folder: Path) -> None:
        status, said = coin("encode", "photo.png", "-o", "/dev/full", *QUICK, cwd=folder)
        assert (status, said) == (1, "coin: /dev/full: No space left on device\n")

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux")
    def test_standard_output_that_takes_nothing(self, folder: Path) -> None:
        with open("/dev/full", "wb") as full:
            status, said = coin("encode", "photo.png", "-o", "-", *QUICK, cwd=folder, stdout=full)
        assert status == 1
        assert said.startswith("coin: No space left on device\n")
        assert "Traceback" not in said


class TestFolders:
    def test_one_that_takes_no_files_is_found_out_before_the_fit(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        closed = folder / "closed"
        closed.mkdir()
        closed.chmod(0o555)
        monkeypatch.chdir(folder)
        if os.geteuid() == 0:  # for whom nothing is closed
            access = os.access
            monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed and access(path, mode))
        assert cli.main(["encode", "photo.png", "-o", "closed/a.coin", *LONG]) == 1
        assert capsys.readouterr().err == "coin: closed: Permission denied\n"

    def test_a_device_in_one_that_takes_no_files(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        assert cli.main(["encode", "photo.png", "-o", os.devnull, *QUICK]) == 0

    def test_one_that_vanishes_during_the_fit(self, folder: Path) -> None:
        (folder / "out").mkdir()
        command = [sys.executable, "-m", "coincodec", "encode", "photo.png", "-o", "out/a.coin", *QUICK]
        # The folder goes after the check and before the write.
        code = "import coincodec.codec as c, os, sys; e = c.encode_samples;"
        code += "c.encode_samples = lambda *a: (os.rmdir('out'), e(*a))[1];"
        code += "from coincodec.cli import main; sys.exit(main(sys.argv[1:]))"
        done = subprocess.run([sys.executable, "-c", code, *command[3:]], cwd=folder, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (1, "coin: out/a.coin: No such file or directory\n")

    def test_an_input_that_is_gone(self, folder: Path) -> None:
        status, said = coin("encode", "none.png", *QUICK, cwd=folder)
        assert (status, said) == (1, "coin: none.png: No such file or directory\n")

    def test_the_error_names_what_was_asked_for(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            write_atomically(str(tmp_path / "none" / "a.coin"), b"data")
        assert caught.value.filename == str(tmp_path / "none" / "a.coin")


class TestInterrupts:
    def test_at_any_time(self, folder: Path) -> None:
        """From when Python has begun to run what is ours; before that it answers by itself."""
        rng = random.Random(0)
        begun = "import signal, sys; from coincodec.__main__ import main; install = signal.signal;"
        begun += "signal.signal = lambda *of: (install(*of), print(flush=True))[0]; sys.exit(main())"
        for number in range(8):
            command = [sys.executable, "-c", begun, "encode", "photo.png", "-o", "photo.coin", *LONG]
            with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
                assert child.stdout is not None
                assert child.stderr is not None
                child.stdout.readline()
                time.sleep(rng.uniform(0, 0.1 if number % 2 else 1.0))
                child.send_signal(signal.SIGINT)
                said = child.stderr.read()
                assert (child.wait(), b"Traceback" in said) == (130, False), said
        assert os.listdir(folder) == ["photo.png"]

    def test_while_it_leaves(self) -> None:
        code = "import atexit, os, signal, sys; sys.argv[1:] = ['info', 'none'];"
        code += "atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT));"
        code += "from coincodec.__main__ import main; sys.exit(main())"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert (done.returncode, "Traceback" in done.stderr) == (130, False)

    def test_what_is_ignored_stays_ignored(self, folder: Path) -> None:
        code = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); from coincodec import cli;"
        code += "cli.main = lambda: signal.raise_signal(signal.SIGINT);"
        code += "from coincodec.__main__ import main; sys.exit(main())"
        assert subprocess.run([sys.executable, "-c", code], cwd=folder, check=False).returncode == 0


LITTLE_MEMORY = """
import resource, sys
import coincodec, numpy
sound, large = (open(path, "rb").read() for path in sys.argv[1:])
coincodec.decode(sound)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
try:
    coincodec.decode(large, size=(8, 8), threads=1)
except MemoryError:
    print(coincodec.decode(sound).shape)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_picture_that_there_is_no_memory_for(tmp_path: Path) -> None:
    """67 million pixels, all within the limits, where there are 64 MiB."""
    (tmp_path / "large.coin").write_bytes(tiled(b"\x14\x14", [0, 0], b"", (2**13, 2**13)))
    sound = Path(__file__).parent / "conformance/valid/latent-rgb8.coin"
    command = [sys.executable, "-c", LITTLE_MEMORY, str(sound), str(tmp_path / "large.coin")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(13, 17, 3)\n", "")
