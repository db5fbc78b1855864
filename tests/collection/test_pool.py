"""Batches on processes of this machine: bytes, deaths, Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from batches import OPTIONS, QUICK, Photos, assert_done_once, assert_tidy, kept
from PIL import Image

import coincodec
from coincodec import children
from coincodec.collection import manifest
from coincodec.collection.batch import conversion_of
from coincodec.collection.pool import Pool
from coincodec.collection.run import BatchProgress, Request, run

COIN = [sys.executable, "-m", "coincodec", "batch", "in", "-o", "out"]

# Fits that take some seconds each, so that there is time to do something to them.
SLOW = ["--steps", "400", "--tune", "psnr"]


@contextlib.contextmanager
def started(*arguments: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A batch in a session of its own, which is ended with its workers."""
    process = subprocess.Popen([*COIN, *arguments], start_new_session=True, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Waits for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def statuses() -> list[str]:
    """Of the rows so far."""
    return [row.status for row in manifest.rows("out/manifest.jsonl")]


def processes_of(session: int) -> list[int]:
    """What still runs in a session."""
    found = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in found.splitlines() if not line.split()[1].startswith("Z")]


def test_one_worker_and_two_give_the_bytes_of_encode(photos: Photos) -> None:
    photos(5)
    paths = [path.relative_to("in") for path in Path("in").rglob("*.png")]
    for workers in (1, 2):
        assert coincodec.batch("in", f"out{workers}", workers=workers, **OPTIONS).done == 5
        for path in paths:
            expected = coincodec.encode(Image.open("in" / path), **OPTIONS)
            assert (f"out{workers}" / path.with_suffix(".coin")).read_bytes() == expected
        assert_tidy(f"out{workers}")


def count_threads(pipe: Connection) -> None:
    """What a process has of them once it has multiplied matrices."""
    matrix = np.ones((512, 512))
    matrix @ matrix
    pipe.send(len(os.listdir("/proc/self/task")))


def test_linear_algebra_takes_one_thread_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    ours, theirs = Pipe()
    with children.starting():
        child = children.context().Process(target=count_threads, args=(theirs,))
        child.start()
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    assert ours.recv() == 1
    child.join()


def test_what_a_killed_worker_did_is_done_by_another(photos: Photos) -> None:
    photos(4)
    request = Request(["in"], "out", conversion_of(OPTIONS, decode=False, score=False, suffix=""))
    killed: list[str] = []

    with Pool(2, 2) as pool:

        def kill(progress: BatchProgress) -> None:
            busy = [member for member in pool._members if member.job is not None]
            if not killed and busy:
                killed.append(busy[0].name)
                os.kill(int(busy[0].name.rpartition(":")[2]), signal.SIGKILL)

        report = run(request, request.items(), pool, kill)
    assert (report.done, report.failed) == (4, ())
    assert_done_once(report.manifest, [item.output for item in request.items()])
    rows = [rows[0] for rows in kept(report.manifest).values()]
    assert sorted(row.attempts for row in rows) == [1, 1, 1, 2]
    assert killed[0] not in {row.worker for row in rows if row.attempts == 2}


def test_a_killed_batch_leaves_no_workers_and_goes_on_where_it_stopped(photos: Photos) -> None:
    photos(7)
    with started("--workers", "2", *SLOW, "--threads", "1", stderr=subprocess.DEVNULL) as process:
        until(lambda: statuses().count("done") >= 2)
        process.kill()
        process.wait()
        until(lambda: not processes_of(process.pid), 20)
    with open("out/manifest.jsonl", "ab") as file:
        file.write(b'{"input":"in/p')  # as if it had been killed in the middle of a line
    before = {name for name, rows in kept("out/manifest.jsonl").items() if rows[0].status == "done"}
    assert 2 <= len(before) < 7
    report = coincodec.batch("in", "out", steps=400, tune="psnr", workers=2)
    assert (report.done, report.skipped, report.failed) == (7 - len(before), len(before), ())
    assert_done_once("out/manifest.jsonl", [str(path) for path in Path("out").rglob("*.coin")])
    assert len(kept("out/manifest.jsonl")) == 7


@pytest.mark.parametrize("manifest", ["out/manifest.jsonl", "rows.jsonl"])
def test_an_output_folder_that_is_full_for_a_while(photos: Photos, manifest: str) -> None:
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode:
        pytest.skip("needs a file system of its own")
    photos(6)
    Path("out").mkdir()
    command = " ".join([sys.executable, *COIN[1:], "--workers", "2", "--manifest", manifest, *QUICK])
    # Not a byte is left, until what fills it goes away some time after work has begun.
    script = (
        "mount -t tmpfs -o size=64k none out; head -c 70000 /dev/zero > out/.else; "
        f"(until [ -e {manifest} ]; do sleep 0.1; done; sleep 3; date -u +%FT%TZ > freed; rm out/.else) & "
        f"{command} 2> said; status=$?; cp -r out kept; exit $status"
    )
    ended = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True)
    assert (ended.returncode, Path("said").read_text().count("\n")) == (0, 1)
    os.rmdir("out")
    os.rename("kept", "out")
    outputs = [str(path) for path in Path("out").rglob("*.coin")]
    assert len(outputs) == 6
    assert_done_once(manifest, outputs)
    freed = Path("freed").read_text().strip()
    assert all(rows[0].finished and rows[0].finished >= freed for rows in kept(manifest).values())
    assert_tidy("out")


def test_ctrl_c_ends_it_at_once_and_leaves_nothing_half_done(photos: Photos) -> None:
    photos(5)
    with started("--workers", "2", *SLOW, stderr=subprocess.PIPE) as process:
        until(lambda: "done" in statuses())
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (130, b"coin: interrupted\n")
        assert processes_of(process.pid) == []
    assert set(statuses()) == {"begun", "done"}
    assert_tidy("out")


def test_progress_on_a_terminal_and_silence_in_a_pipe(photos: Photos) -> None:
    photos(3)
    ours, theirs = pty.openpty()
    with started("--workers", "1", *QUICK, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal says that it is closed
            while part := os.read(ours, 4096):
                shown += part
        assert process.wait() == 0
    os.close(ours)
    assert b"batch [" in shown
    assert b"3/3  pictures" in shown
    assert b" a second  0:00 left" in shown
    with started("--workers", "1", *QUICK, "--force", "--seed", "1", stderr=subprocess.PIPE) as process:
        _, err = process.communicate()
    assert err.startswith(b"3 pictures: 3 done in ")
    assert err.count(b"\n") == 1


def test_a_program_without_a_guard_is_told_so(photos: Photos) -> None:
    photos(1)
    Path("program.py").write_text("import coincodec\ncoincodec.batch('in', 'out', workers=1, steps=1)\n")
    ended = subprocess.run([sys.executable, "program.py"], capture_output=True, text=True)
    assert ended.returncode == 1
    assert 'must do it below if __name__ == "__main__":' in ended.stderr
