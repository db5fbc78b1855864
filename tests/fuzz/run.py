"""Fuzzing: damaged files to every way of asking for a picture, and to both decoders.

    python tests/fuzz/run.py --executions 1000000 --keep FOLDER

Whatever is neither a picture nor one error of ours is a finding, as are a warning, a crash of the process, five seconds
of work for one file, and two decoders that do not agree. Files with findings are kept in the folder, each with a text
that says what was found; the exit status is 1 if there are any. The same seed makes the same files. A file that has a
new outcome joins those that are damaged.
"""

from __future__ import annotations

import argparse
import faulthandler
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from fuzz.corpus import LARGEST, small_files  # noqa: E402 (found there)
from fuzz.mutation import mutated  # noqa: E402
from fuzz.outcomes import REQUESTS, Finding, compare, outcome  # noqa: E402

# Of the process's own time for one file, and of anyone's, after which one is given up that waits, or does not listen.
SECONDS, PATIENCE = 5, 300

# Exit statuses of a worker that ends by itself, but for 0.
FOUND, TOOK_TOO_LONG = 10, 11
MEMORY = 2**32
COMPARED = 0.25
REPORT = 2000


class _TookTooLong(BaseException):
    """Not an Exception, so that nothing takes it for a damaged file."""


def _alarm(signum: int, frame: FrameType | None) -> None:
    raise _TookTooLong


def seeds() -> list[bytes]:
    """Small files of both sets and the golden ones, those with more than a picture several times."""
    found = small_files()
    coloured = [data for name, data in found.items() if "-colour-" in name or "-metadata-" in name]
    return [*found.values(), *4 * coloured]


def executions(seed: int, count: int, first: int = 0) -> Iterator[tuple[int, bytes, str | None, str]]:
    """Number, file, finding if there is one, and outcome of each of these."""
    corpus, known = seeds(), Counter[str]()
    for number in range(first, first + count):
        rng = np.random.default_rng((seed, number))
        data = mutated(rng, corpus)
        request = "compare" if rng.random() < COMPARED else str(rng.choice(list(REQUESTS)))
        try:
            yield number, data, None, (found := "")  # the caller keeps it, should the process crash
            found = compare(data) if request == "compare" else outcome(request, data)
        except Finding as finding:
            yield number, data, str(finding), "a finding"
            continue
        yield number, data, None, found
        if not known[found] and len(data) <= LARGEST:
            corpus.append(data)
        known[found] += 1


def work(arguments: argparse.Namespace) -> int:
    """Runs executions in this process, and tells of each where it is."""
    signal.signal(signal.SIGPROF, _alarm)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    counts, findings, begun = Counter[str](), 0, time.monotonic()
    current = arguments.keep / "current.coin"
    number, data = arguments.first, b""
    try:
        for number, data, finding, found in executions(arguments.seed, arguments.executions, arguments.first):
            if finding is None and not found:
                current.write_bytes(data)
                (arguments.keep / "current.txt").write_text(str(number))
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                faulthandler.dump_traceback_later(PATIENCE, exit=True)
                continue
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
            counts[found] += 1
            if finding is not None:
                findings += 1
                keep(arguments.keep, number, data, finding)
            if (done := number + 1 - arguments.first) % REPORT == 0:
                print(f"{done:,} executions, {time.monotonic() - begun:.0f} s, {findings} findings, "
                      f"{len(counts)} outcomes", flush=True)  # fmt: skip
    except _TookTooLong:
        keep(arguments.keep, number, data, f"took more than {SECONDS} s")
        return TOOK_TOO_LONG
    for found, count in counts.most_common():
        print(f"{count:>10,}  {found}")
    done = number + 1 - arguments.first
    print(f"{done:,} executions in {time.monotonic() - begun:.0f} s: {findings} findings, {len(counts)} outcomes")
    return FOUND if findings else 0


def keep(folder: Path, number: int, data: bytes, finding: str) -> None:
    """Stores a file with a finding."""
    print(f"execution {number}: {finding}", flush=True)
    (folder / f"{number}.coin").write_bytes(data)
    (folder / f"{number}.txt").write_text(finding + "\n")


def main() -> int:
    """Runs it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executions", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), metavar="FOLDER")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.keep.mkdir(parents=True, exist_ok=True)
    if arguments.worker:
        return work(arguments)
    first, last, status = arguments.first, arguments.first + arguments.executions, 0
    while first < last:
        command = [sys.executable, __file__, "--worker", "--seed", str(arguments.seed), "--keep", str(arguments.keep)]
        code = subprocess.run(
            [*command, "--first", str(first), "--executions", str(last - first)], check=False
        ).returncode
        if code in (0, FOUND):
            return int(status or code == FOUND)
        # It crashed, or hung, at the file that it was about to read: go on behind that.
        status, number = 1, int((arguments.keep / "current.txt").read_text())
        if code != TOOK_TOO_LONG:
            keep(
                arguments.keep, number, (arguments.keep / "current.coin").read_bytes(), f"the process ended with {code}"
            )
        first = number + 1
    return status


if __name__ == "__main__":
    sys.exit(main())
