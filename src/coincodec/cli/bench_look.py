"""coin bench look: a page to judge codecs by eye. Needs the extra `bench`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from .options import Subparsers

Action = Callable[[argparse.Namespace], None]

MOST = 8


def register(actions: Subparsers, common: argparse.ArgumentParser, guarded: Callable[[Action], Action]) -> None:
    """Adds `look` to the actions of `coin bench`. guarded: what wraps an action of the bench."""
    parser = actions.add_parser(
        "look",
        parents=[common],
        help="make a page to judge codecs by eye",
        description="Codes pictures with every codec in the same bytes, and makes a page to flip between what they "
        "show, without names until they are asked for.",
    )
    parser.add_argument("--dataset", default="kodak", metavar="NAME", help="kodak, or a folder (default: kodak)")
    parser.add_argument("--codecs", required=True, metavar="A,B", help="two to eight names from `coin bench list`")
    parser.add_argument("--only", metavar="A,B", help="only these pictures, named without suffix")
    parser.add_argument("--bpp", default="0.1,0.3", metavar="R,R", help="bits per pixel (default: 0.1,0.3)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the order in which copies are shown")
    parser.add_argument("-o", "--output", default="bench-look", metavar="FOLDER", help="default: bench-look")
    parser.set_defaults(run=guarded(look))


def look(arguments: argparse.Namespace) -> None:
    """Runs `coin bench look`."""
    from ..bench import datasets, looking, runner
    from ..bench.report.looking import page
    from ..progress import ProgressLine

    def tell(note: str) -> None:
        print(f"coin: skipped {note}", file=sys.stderr)

    names = arguments.codecs.split(",")
    if not 2 <= len(names) <= MOST:
        raise UsageError(f"look at 2 to {MOST} codecs, not {len(names)}")
    try:
        rates = [float(rate) for rate in arguments.bpp.split(",")]
    except ValueError:
        raise UsageError(f"bpp must be numbers, not {arguments.bpp!r}") from None
    if not all(0 < rate < 100 for rate in rates):
        raise UsageError(f"bpp must be more than 0 and less than 100, not {arguments.bpp}")
    dataset = datasets.find(arguments.dataset)
    if arguments.only:
        dataset = dataset.only(arguments.only.split(","))
    chosen = runner.available(names, tell)
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    comparisons: list[looking.Comparison] = []
    total, begun = len(dataset.paths) * len(rates), time.monotonic()
    with ProgressLine("coding") as line:
        for comparison in looking.compare(dataset, chosen, rates, folder, seed=arguments.seed, told=tell):
            comparisons.append(comparison)
            done = len(comparisons)
            left = (time.monotonic() - begun) / done * (total - done)
            line.draw(done, total, f"{comparison.picture}, {comparison.bytes:,} bytes", left)
    (folder / "index.html").write_text(page(comparisons, f"{dataset.name}, by eye"), encoding="utf-8")
    print(folder / "index.html")
