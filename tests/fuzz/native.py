"""Fuzzing of libcoin by clang's libFuzzer, with address and undefined-behaviour sanitizers (tests/native/fuzz).

    python tests/fuzz/native.py --seconds 600 --jobs 2 --folder fuzz-native

Every target has its share of the time. A crash, five seconds for one input, and more than 64 MiB of memory at once are
findings: their inputs are kept in the folder's findings/ and the exit status is 1. The corpus begins with the
conformance set and grows in the folder's corpus/, so that another run goes on where this one ends; Ctrl-C ends it early
and still sums up. --coverage tells, from the corpus, which lines of native/decoder have been run.

Needs clang with libFuzzer, for --coverage llvm-cov too (Debian: clang, llvm), and cmake.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from fuzz import corpus  # noqa: E402 (found there)

ROOT = HERE.parents[1]
SANITIZERS = "-g1 -march=native -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
COVERAGE = "-O1 -march=native -fprofile-instr-generate -fcoverage-mapping"
LIMITS = ("-timeout=5", "-malloc_limit_mb=64", "-rss_limit_mb=1024", "-max_len=4096")
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=1:malloc_context_size=4"}
INTERRUPTED = 72  # libFuzzer's exit status after SIGINT
MOST_FINDINGS = 20


@dataclass
class Target:
    """A target, and what became of it so far."""

    name: str
    seconds: float
    executions: int = 0
    findings: int = 0
    spent: float = 0

    def row(self) -> str:
        """For people."""
        rate = self.executions / self.spent if self.spent else 0
        return f"{self.name:<12}{self.executions:>14,}{rate:>10,.0f}/s{self.findings:>10}"


def build(folder: Path, flags: str, *options: str, program: str = "fuzz_targets") -> Path:
    """The folder with the programs of tests/native, made by clang."""
    ninja = ["-G", "Ninja"] if shutil.which("ninja") else []
    compilers = ["-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++"]
    usual = ["-DCOINCODEC_CHECKS=ON", "-DCOINCODEC_ONE_ISA=ON", "-DCMAKE_BUILD_TYPE=None"]
    for command in (
        ["cmake", "-S", ROOT / "native/libcoin", "-B", folder, *ninja, *compilers, *usual,
         f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_CXX_FLAGS={flags}", *options],
        ["cmake", "--build", folder, "--parallel", str(os.cpu_count()), "--target", program],
    ):  # fmt: skip
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{done.stdout}\nclang cannot build the targets")
        if "warning:" in done.stdout:
            print(done.stdout)
    return folder / "checks"


def begin(target: Target, programs: Path, folder: Path, log: TextIO, *limits: str) -> subprocess.Popen[bytes]:
    """A process that fuzzes a target until its limits."""
    own = folder / "corpus" / target.name
    own.mkdir(parents=True, exist_ok=True)
    findings = folder / "findings"
    findings.mkdir(exist_ok=True)
    first = corpus.write(target.name, folder / "first" / target.name)
    return subprocess.Popen(
        [programs / f"fuzz_{target.name}", *LIMITS, *limits, "-print_final_stats=1", "-verbosity=0",
         f"-artifact_prefix={findings}/{target.name}-", own, first],
        stdout=log, stderr=subprocess.STDOUT, env=os.environ | ENVIRONMENT,
    )  # fmt: skip


def executions_of(log: Path) -> int:
    """How many executions a log of libFuzzer tells of at its end."""
    found = re.findall(r"stat::number_of_executed_units: (\d+)", log.read_text(errors="replace"))
    return sum(map(int, found))


def fuzz(targets: list[Target], programs: Path, folder: Path, jobs: int, runs: int | None) -> bool:
    """Runs all targets, so many at once; returns whether it was interrupted."""
    waiting, running = list(targets), dict[subprocess.Popen[bytes], tuple[Target, Path, float]]()
    interrupted = False

    def end(process: subprocess.Popen[bytes]) -> None:
        target, log, begun = running.pop(process)
        target.spent += time.monotonic() - begun
        target.executions += executions_of(log)
        if process.returncode in (0, INTERRUPTED):
            return
        target.findings += 1
        print(f"{target.name}: {log.read_text(errors='replace')[-6000:]}", flush=True)
        left = runs is None and target.spent < target.seconds - 1
        if left and target.findings < MOST_FINDINGS and not interrupted:
            waiting.append(target)

    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                target = waiting.pop(0)
                log = folder / f"{target.name}.log"
                limit = f"-runs={runs}" if runs is not None else f"-max_total_time={target.seconds - target.spent:.0f}"
                seed = ("-seed=1",) if runs is not None else ()
                with log.open("w") as out:
                    running[begin(target, programs, folder, out, limit, *seed)] = (target, log, time.monotonic())
            time.sleep(0.1)
            for process in [process for process in running if process.poll() is not None]:
                end(process)
    except KeyboardInterrupt:
        interrupted = True
        for process in list(running):
            process.send_signal(signal.SIGINT)
        for process in list(running):
            process.wait()
            end(process)
    return interrupted


def coverage(folder: Path, names: list[str]) -> None:
    """Prints how many lines of native/decoder the corpus runs, file by file."""
    programs = build(folder / "build-coverage", COVERAGE)

    def tool(name: str) -> str:
        found = subprocess.run(["clang", f"--print-prog-name={name}"], capture_output=True, text=True, check=True)
        return found.stdout.strip()

    profiles = []
    for name in names:
        profiles.append(folder / f"{name}.profraw")
        first = corpus.write(name, folder / "first" / name)
        own = folder / "corpus" / name
        subprocess.run(
            [programs / f"fuzz_{name}", first, *([own] if own.exists() else [])], check=True, stdout=subprocess.DEVNULL,
            env=os.environ | {"LLVM_PROFILE_FILE": str(profiles[-1])},
        )  # fmt: skip
    merged = folder / "coverage.profdata"
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", *profiles, "-o", merged], check=True)
    objects = [f"-object={programs / f'fuzz_{name}'}" for name in names]
    told = subprocess.run(
        [tool("llvm-cov"), "export", "-summary-only", f"-instr-profile={merged}", *objects],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    lines = run = 0
    for file in json.loads(told)["data"][0]["files"]:
        path, summary = Path(file["filename"]), file["summary"]["lines"]
        if path.is_relative_to(ROOT / "native/decoder"):
            lines, run = lines + summary["count"], run + summary["covered"]
            print(f"{summary['covered']:>6} of {summary['count']:>4}  {path.relative_to(ROOT)}")
    print(f"{run:>6} of {lines:>4}  lines of native/decoder: {100 * run / lines:.1f} %")


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Runs it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="for all targets together")
    parser.add_argument("--runs", type=int, metavar="N", help="executions of each target, in the place of a time")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--targets", nargs="+", choices=corpus.TARGETS, default=list(corpus.TARGETS), metavar="TARGET")
    parser.add_argument("--folder", type=Path, default=Path("fuzz-native"))
    parser.add_argument("--coverage", action="store_true", help="tell which lines were run, in the place of fuzzing")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.coverage:
        coverage(folder, arguments.targets)
        return 0
    # A few executions take less time than an optimiser.
    level = "-O2" if arguments.runs is None else "-O1"
    programs = build(folder / "build", f"{level} {SANITIZERS}", "-DCOINCODEC_LIBFUZZER=ON")
    signal.signal(signal.SIGINT, _interrupt)
    share = arguments.seconds * arguments.jobs / len(arguments.targets)
    targets = [Target(name, share) for name in arguments.targets]
    interrupted = fuzz(targets, programs, folder, arguments.jobs, arguments.runs)
    print(f"{'target':<12}{'executions':>14}{'':>12}{'findings':>10}")
    for target in targets:
        print(target.row())
    executions, findings = sum(t.executions for t in targets), sum(t.findings for t in targets)
    print(f"{executions:,} executions, {findings} findings")
    if interrupted:
        return 130
    return int(findings > 0)


if __name__ == "__main__":
    sys.exit(main())
