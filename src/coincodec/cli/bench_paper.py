"""coin bench paper: the figures of COIN's paper, from runs of our own. Needs the extra `bench`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CoincodecError

if TYPE_CHECKING:
    from .options import Subparsers

Action = Callable[[argparse.Namespace], None]


def register(actions: Subparsers, common: argparse.ArgumentParser, guarded: Callable[[Action], Action]) -> None:
    """Adds `paper` and its two actions to those of `coin bench`. guarded: what wraps an action of the bench."""
    paper = actions.add_parser("paper", help="reproduce the figures of COIN's paper")
    own = paper.add_subparsers(required=True, metavar="action")

    parser = own.add_parser(
        "run",
        parents=[common],
        help="measure what the figures need",
        description="Measures on kodim15 what the file does not hold yet, and appends it line by line. The paper's "
        "recipe comes last; it takes hours.",
    )
    parser.add_argument("--data", required=True, metavar="FILE", help="JSON lines, made or continued")
    parser.add_argument(
        "--only",
        metavar="A,B",
        help="only these studies (training, bits, picture, sizes, search) or units (training/fast)",
    )
    parser.add_argument("--steps", type=int, metavar="N", help="of the paper's recipe (default: its 50,000)")
    parser.set_defaults(run=guarded(run))

    parser = own.add_parser("report", parents=[common], help="make figures and tables")
    parser.add_argument("--data", required=True, metavar="FILE", help="measurements of `coin bench paper run`")
    parser.add_argument("--results", required=True, metavar="FILE", help="results of `coin bench run` on Kodak")
    parser.add_argument("-o", "--output", default="paper-report", metavar="FOLDER", help="default: %(default)s")
    parser.set_defaults(run=guarded(report))


def run(arguments: argparse.Namespace) -> None:
    """Runs `coin bench paper run`."""
    from ..bench.paper import studies
    from ..progress import ProgressLine

    path = Path(arguments.data)
    units = studies.all_units(studies.kodak_source(), path, arguments.steps)
    if arguments.only:
        units = studies.choose(units, arguments.only.split(","))
    with ProgressLine("measuring") as line:

        def show(p: studies.RunProgress) -> None:
            note = f"{p.unit.key}, step {p.fit.step:,} of {p.fit.steps:,}, {p.fit.psnr:.2f} dB"
            line.draw(p.done, p.total, note, p.remaining)

        count = studies.run(units, path, show)
    print(f"{path}: {count} measured", file=sys.stderr)


def report(arguments: argparse.Namespace) -> None:
    """Runs `coin bench paper report`."""
    from ..bench import results
    from ..bench.paper import data, studies
    from ..bench.paper import report as paper

    for name in (arguments.data, arguments.results):
        if not os.path.exists(name):
            raise FileNotFoundError(2, os.strerror(2), name)
    measurements, rows = data.read(Path(arguments.data)), results.read(Path(arguments.results))
    if not measurements and not rows:
        raise CoincodecError("there is nothing to report on")
    files = studies.files_folder(Path(arguments.data))
    written = paper.write(measurements, rows, files, studies.kodak_source, Path(arguments.output))
    for note in written.notes:
        print(f"coin: {note}", file=sys.stderr)
    print(written.paths[-1])
