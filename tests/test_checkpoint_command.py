"""`coin encode --checkpoint`: killed, interrupted, refused."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coincodec.checkpoint import Checkpoint
from commands import Coin


class TestCommand:
    LONG = ("encode", "photo.png", "--preset", "default", "--quality", "30", "--steps", "250", "--threads", "1")

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Image.fromarray(photo[:192, :256]).save("photo.png")

    @staticmethod
    def start(*arguments: str, every: float | None = None) -> subprocess.Popen[bytes]:
        """every: seconds from one write to the next, if not as usual."""
        code = "import sys\nfrom coincodec import checkpoint, cli\n"
        if every is not None:
            code += f"checkpoint.INTERVAL = {every}\ncheckpoint._SHARE = 1e9\n"
        code += "sys.exit(cli.main(sys.argv[1:]))"
        return subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE)

    @staticmethod
    def wait_for(name: str, larger: int = 0) -> None:
        while not Path(name).exists() or Path(name).stat().st_size <= larger:
            time.sleep(0.01)

    def test_killed_again_and_again(self, coin: Coin) -> None:
        assert coin(*self.LONG, "-o", "whole.coin")[0] == 0
        least = 0
        for _ in range(3):
            with self.start(*self.LONG, "--checkpoint", "state", every=0.05) as child:
                self.wait_for("state", 10_000)
                time.sleep(0.3 + least)
                child.kill()
                _, error = child.communicate()
            assert error == b""
        assert coin(*self.LONG, "--checkpoint", "state")[0] == 0
        assert Path("photo.coin").read_bytes() == Path("whole.coin").read_bytes()
        assert not Path("state").exists()

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_interrupted(self, coin: Coin, number: signal.Signals, status: int) -> None:
        assert coin(*self.LONG, "-o", "whole.coin")[0] == 0
        with self.start(*self.LONG, "--checkpoint", "state") as child:
            self.wait_for("state")
            begun = Path("state").stat().st_size
            time.sleep(0.5)
            child.send_signal(number)
            _, error = child.communicate()
        assert child.returncode == status
        assert error == (b"coin: interrupted\n" if status == 130 else b"")
        assert Path("state").stat().st_size > begun
        assert not Path("photo.coin").exists()
        assert coin(*self.LONG, "--checkpoint", "state")[0] == 0
        assert Path("photo.coin").read_bytes() == Path("whole.coin").read_bytes()

    def test_what_it_refuses(self, coin: Coin) -> None:
        quick = ("--model", "siren", "--layers", "1", "--width", "4", "--steps", "5")
        Path("state").write_bytes(b"something else")
        assert coin("encode", "photo.png", *quick, "--checkpoint", "state") == (
            1, "", "coin: state is not a checkpoint, or a damaged one\n",
        )  # fmt: skip
        assert Path("state").read_bytes() == b"something else"
        status, _, err = coin("encode", "photo.png", "--time", "1", "--checkpoint", "new")
        assert status == 2
        assert "by the clock" in err
        Path("photo.png").rename("other.png")
        Image.new("RGB", (8, 8)).save("photo.png")
        status, _, err = coin("encode", "photo.png", "other.png", *quick, "--checkpoint", "new")
        assert status == 2
        assert "one picture" in err
        assert not Path("new").exists()

    def test_an_output_that_cannot_be_written_keeps_it(self, coin: Coin, monkeypatch: pytest.MonkeyPatch) -> None:
        quick = ("--model", "siren", "--layers", "1", "--width", "4", "--steps", "5")

        def fail(path: str, data: object, *, clobber: bool = True) -> None:
            raise OSError(28, "No space left on device", path)

        monkeypatch.setattr("coincodec.cli.encode.write_atomically", fail)
        assert coin("encode", "photo.png", *quick, "--checkpoint", "state")[0] == 1
        assert Path("state").exists()

    def test_a_second_interrupt_does_not_wait(self) -> None:
        state = Checkpoint("state")
        state.ask(KeyboardInterrupt)
        assert state.due()
        with pytest.raises(SystemExit):
            state.ask(SystemExit)
