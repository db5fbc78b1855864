"""coin bench: measure codecs on pictures, and report. Needs the extra `bench`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CoincodecError, UsageError
from . import bench_look, bench_paper

if TYPE_CHECKING:
    from ..bench.curves import Curve
    from .options import Subparsers

_AGAINST = "vtm,jpeg,coin-paper"
_PUBLISHED = "coin-paper,vtm,bpg,recombiner,c3,cool-chic-5.0.1,mlic++"


def register(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds the command and its actions to the parser."""
    bench = commands.add_parser("bench", help="measure codecs on pictures, and report")
    actions = bench.add_subparsers(required=True, metavar="action")

    parser = actions.add_parser(
        "run",
        parents=[common],
        help="measure codecs on pictures",
        description="Measures what the results file does not hold yet, and appends it line by line.",
    )
    parser.add_argument("--dataset", default="kodak", metavar="NAME", help="kodak, or a folder (default: kodak)")
    parser.add_argument("--codecs", required=True, metavar="A,B", help="names from `coin bench list`")
    parser.add_argument("--only", metavar="A,B", help="only these pictures, named without suffix")
    parser.add_argument("--results", required=True, metavar="FILE", help="JSON lines, made or continued")
    parser.add_argument("--workers", type=int, metavar="N", help="processes for codecs of one thread (default: cores)")
    parser.set_defaults(run=_guarded(run))

    parser = actions.add_parser("report", parents=[common], help="make a page, plots and tables from results")
    parser.add_argument("results", nargs="+", metavar="FILE", help="results of `coin bench run`")
    parser.add_argument("-o", "--output", default="bench-report", metavar="FOLDER", help="default: bench-report")
    parser.add_argument(
        "--only", metavar="A,B",
        help="only these pictures, and published curves that are known picture by picture",
    )  # fmt: skip
    parser.add_argument(
        "--against", metavar="A,B",
        help=f"what BD-rates are given against, measured or published (default: those there are of {_AGAINST})",
    )  # fmt: skip
    parser.add_argument(
        "--published", metavar="A,B",
        help=f"published curves to draw, all or none; Kodak only (default: those there are of {_PUBLISHED})",
    )  # fmt: skip
    parser.add_argument(
        "--per-image", default="jpeg", metavar="NAME", help="codec that the table per picture compares with"
    )
    parser.add_argument(
        "--judge", default="psnr", metavar="NAME",
        help="what that table and the plots of time are by: psnr, ms_ssim, ssimulacra2, butteraugli (default: psnr)",
    )  # fmt: skip
    parser.set_defaults(run=_guarded(report))

    parser = actions.add_parser("list", parents=[common], help="list codecs and published curves")
    parser.set_defaults(run=_guarded(list_all))

    bench_look.register(actions, common, _guarded)
    bench_paper.register(actions, common, _guarded)


def _guarded(action: Callable[[argparse.Namespace], None]) -> Callable[[argparse.Namespace], None]:
    """Turns a missing dependency of the extra into one clear error."""

    def guarded(arguments: argparse.Namespace) -> None:
        try:
            action(arguments)
        except ModuleNotFoundError as error:
            raise CoincodecError(f"{error.name} is missing; install it with: pip install 'coincodec[bench]'") from None

    return guarded


def run(arguments: argparse.Namespace) -> None:
    """Runs `coin bench run`."""
    from ..bench import datasets, runner
    from ..native import resolve_threads
    from ..progress import ProgressLine

    def on_missing(why: str) -> None:
        print(f"coin: skipped {why}", file=sys.stderr)

    if arguments.workers is not None and arguments.workers < 1:
        raise UsageError(f"workers must be at least 1, not {arguments.workers}")
    dataset = datasets.find(arguments.dataset)
    if arguments.only:
        dataset = dataset.only(arguments.only.split(","))
    chosen = runner.available(arguments.codecs.split(","), on_missing)
    with ProgressLine("measuring") as line:

        def show(p: runner.RunProgress) -> None:
            line.draw(p.done, p.total, f"{p.latest.codec} {p.latest.point} {p.latest.path.stem}", p.remaining)

        count = runner.run(
            dataset, chosen, Path(arguments.results), workers=arguments.workers or resolve_threads(None), progress=show
        )
    print(f"{arguments.results}: {count} measured", file=sys.stderr)


def report(arguments: argparse.Namespace) -> None:
    """Runs `coin bench report`."""
    from ..bench import curves, results
    from ..bench.judges import JUDGES
    from ..bench.report import export, plots
    from ..bench.report.page import page
    from ..bench.report.summary import summary

    if arguments.judge not in JUDGES:
        raise UsageError(f"judge must be one of {', '.join(JUDGES)}, not {arguments.judge!r}")
    judge = JUDGES[arguments.judge]
    for path in arguments.results:
        if not os.path.exists(path):
            raise FileNotFoundError(2, os.strerror(2), path)
    rows = [row for path in arguments.results for row in results.read(Path(path))]
    if not rows:
        raise CoincodecError("there are no results to report on")
    only = arguments.only.split(",") if arguments.only else None
    if only is not None:
        if unknown := sorted(set(only) - {row.image for row in rows}):
            raise UsageError(f"the results have no picture named {', '.join(unknown)}")
        rows = [row for row in rows if row.image in only]
    mine = curves.measured(rows)
    if not mine:
        raise CoincodecError("no codec has a point that was measured on every picture")
    known = curves.published(only) if {row.dataset for row in rows} == {"kodak"} else []
    everything_or_nothing = {"all": known, "none": []}.get(arguments.published)
    drawn = _chosen(arguments.published, _PUBLISHED, known) if everything_or_nothing is None else everything_or_nothing
    anchors = _chosen(arguments.against, _AGAINST, [*mine, *known])

    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page(rows, drawn, anchors, arguments.per_image, judge), encoding="utf-8")
    (folder / "summary.md").write_text(summary([*mine, *drawn], anchors, rows, arguments.per_image), encoding="utf-8")
    plots.save(plots.rate_distortion([*mine, *drawn], judge=judge), folder / "rate-distortion")
    if anchors:
        plots.save(plots.time_against_rate(mine, anchors[0], encode=True, judge=judge), folder / "encode-time")
        plots.save(plots.time_against_rate(mine, anchors[0], encode=False, judge=judge), folder / "decode-time")
    export.write(mine, folder / "compressai")
    print(folder / "index.html")


def _chosen(names: str | None, usual: str, there: Sequence[Curve]) -> list[Curve]:
    """The curves named, or without names those of the usual ones that are there. Raises `UsageError`."""
    from ..bench.curves import pick

    if names is None:
        ids = {curve.id for curve in there}
        return pick(there, [name for name in usual.split(",") if name in ids])
    return pick(there, names.split(","))


def list_all(arguments: argparse.Namespace) -> None:
    """Runs `coin bench list`."""
    from ..bench import codecs, curves

    print("codecs")
    for name, codec in codecs.REGISTRY.items():
        try:
            state = ", ".join(f"{key} {value}" for key, value in codec().versions().items())
        except codecs.MissingCodecError as error:
            state = f"missing: {str(error).removeprefix(name + ': ')}"
        print(f"  {name:14}{codec.title}: {codec.settings}\n{'':16}{state}")
    print("published curves (Kodak)")
    for curve in curves.published():
        print(f"  {curve.id:20}{curve.title}: {curve.settings}")
