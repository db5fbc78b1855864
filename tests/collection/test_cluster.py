"""Batches on Dask's workers: two processes of this machine, what they survive, and their bytes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batches import OPTIONS, QUICK, Photos, assert_done_once, assert_tidy, kept

import coincodec
from coincodec.collection.cluster import Cluster
from coincodec.collection.manifest import rows
from coincodec.collection.run import BatchProgress
from coincodec.errors import CoincodecError

distributed = pytest.importorskip("distributed")

SLOW = ["--steps", "400", "--tune", "psnr"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler with two worker processes, as they would be on two machines."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2)
        yield client


def outputs(folder: str = "in") -> list[str]:
    """Of the pictures in a folder, in "out"."""
    return [str("out" / path.relative_to(folder).with_suffix(".coin")) for path in Path(folder).rglob("*.png")]


def break_disk(dask_worker: Any, flag: str) -> None:
    """From now on this worker's disk is full for as long as a file is there."""
    from coincodec.collection import store

    usual = store.write_atomically

    def write(path: str, data: bytes) -> None:
        if os.path.exists(flag):
            with open(f"{flag}.said", "a") as file:
                file.write("full\n")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        usual(path, data)

    store.write_atomically = write


def test_a_cluster_gives_the_bytes_of_a_process(photos: Photos, cluster: Any, tmp_path: Path) -> None:
    photos(5)
    coincodec.batch("in", "alone", workers=1, **OPTIONS)
    # Workers have folders of their own.
    report = coincodec.batch(tmp_path / "in", tmp_path / "out", scheduler=cluster.scheduler_address, **OPTIONS)
    assert (report.done, report.failed) == (5, ())
    for output in outputs():
        assert Path(output).read_bytes() == Path(output.replace("out", "alone")).read_bytes()
    assert (
        coincodec.batch(tmp_path / "in", tmp_path / "out", scheduler=cluster.scheduler_address, **OPTIONS).skipped == 5
    )


def test_what_a_cluster_survives(photos: Photos, client: Any, tmp_path: Path) -> None:
    """A killed worker, a damaged and an unreadable picture, a full disk; every other picture is done, once."""
    photos(9)
    good = outputs()
    data = Path("in/p1.png").read_bytes()
    Path("in/damaged.png").write_bytes(data[: len(data) // 2])
    Path("in/unreadable.png").symlink_to("/nowhere")
    flag, said = tmp_path / "full", tmp_path / "full.said"
    client.run(break_disk, flag=str(flag))
    killed: list[int] = []

    def free() -> None:
        """Makes room, when somebody has missed it."""
        while not said.exists():
            time.sleep(0.05)
        time.sleep(1)
        flag.unlink()

    def act(progress: BatchProgress) -> None:
        """Fills the disk when the first picture is done, kills a worker at the third."""
        if progress.done == 1:
            flag.touch()
            threading.Thread(target=free, daemon=True).start()
        if progress.done == 3 and not killed:
            (pid, *_) = client.run(os.getpid).values()
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    report = coincodec.batch(tmp_path / "in", tmp_path / "out", scheduler=client, progress=act, steps=100, tune="psnr")
    assert sorted(Path(source).name for source, _ in report.failed) == ["damaged.png", "unreadable.png"]
    assert report.done == 9
    assert killed
    assert said.exists()
    assert not flag.exists()
    assert_done_once(report.manifest, [str(tmp_path / output) for output in good])
    failed = {Path(name).name: found for name, found in kept(report.manifest).items() if found[0].error}
    assert {name: [row.attempts for row in found] for name, found in failed.items()} == {
        "damaged.coin": [1],
        "unreadable.coin": [3],
    }
    assert_tidy("out")


def test_a_killed_client_is_started_again(photos: Photos, cluster: Any, tmp_path: Path) -> None:
    photos(7)
    command = [
        sys.executable, "-m", "coincodec", "batch", str(tmp_path / "in"), "-o", str(tmp_path / "out"),
        "--scheduler", cluster.scheduler_address, *SLOW,
    ]  # fmt: skip
    manifest = tmp_path / "out" / "manifest.jsonl"
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while sum(row.status == "done" for row in rows(manifest)) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
        process.kill()
        assert process.stderr is not None
        assert process.stderr.read().startswith(b"coin: dashboard: http://")
    before = [name for name, found in kept(manifest).items() if found[0].status == "done"]
    assert 2 <= len(before) < 7
    again = subprocess.run([*command, "-q"], capture_output=True)
    assert (again.returncode, again.stderr) == (0, b"")
    assert_done_once(manifest, [str(tmp_path / output) for output in outputs()])
    assert len(kept(manifest)) == 7
    assert_tidy("out")


def test_workers_of_our_own(photos: Photos, capfd: pytest.CaptureFixture[str]) -> None:
    from coincodec import cli

    photos(2)
    assert cli.main(["batch", "in", "-o", "out", "--scheduler", "local", "--workers", "1", *QUICK]) == 0
    err = capfd.readouterr().err
    assert err.startswith("coin: dashboard: http://127.0.0.1:")
    assert err.count("\n") == 2
    assert_done_once("out/manifest.jsonl", outputs())


def test_a_scheduler_that_does_not_answer(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincodec.collection.cluster._ANSWERS", 0.5)
    photos(1)
    with pytest.raises(CoincodecError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        coincodec.batch("in", "out", scheduler="tcp://127.0.0.1:9", **OPTIONS)
    with pytest.raises(CoincodecError, match="no address of a scheduler"):
        coincodec.batch("in", "out", scheduler="nowhere://x", **OPTIONS)


def test_a_scheduler_that_goes_away(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincodec.collection.cluster._ANSWERS", 2.0)
    photos(8)
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", silence_logs=50
    )
    closed: list[bool] = []

    def close(progress: BatchProgress) -> None:
        if not closed:
            closed.append(True)
            cluster.close()

    with pytest.raises(CoincodecError, match="scheduler has gone"):
        coincodec.batch(
            Path("in").resolve(), Path("out").resolve(), scheduler=cluster.scheduler_address, progress=close, **OPTIONS
        )
    statuses = [row.status for row in rows("out/manifest.jsonl") if row.status != "begun"]
    assert set(statuses) == {"done"}
    assert len(statuses) < 8


def test_memory_of_workers_bounds_what_they_are_given(client: Any) -> None:
    with Cluster(client, None, lambda text: None) as engine:
        limits = [worker["memory_limit"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()]
        assert engine.workers == 2
        assert engine.cores == 0
        assert engine.memory.each == min(limits)
        assert engine.memory.most == max(limits)
        assert engine.memory.shared is None
