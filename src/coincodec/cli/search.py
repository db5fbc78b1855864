"""coin search: which depth, width and learning rate suit a picture at a rate. Needs the extra `search`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CoincodecError, UsageError
from ..files import write_atomically
from .options import add_threads

if TYPE_CHECKING:
    from ..siren.search import Trial
    from .options import Subparsers


def register(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "search",
        parents=[common],
        help="search depth, width and learning rate on a picture",
        description="Bayesian search over networks that fill a rate. What it finds is for `coin encode "
        "--architectures`. A search goes on where it stopped.",
    )
    parser.add_argument("input", help="an image file, or a .npy array")
    parser.add_argument("--bpp", type=float, required=True, metavar="R", help="bits per pixel of the whole file")
    parser.add_argument("--trials", type=int, default=30, metavar="N", help="networks to try, in all (default: 30)")
    parser.add_argument("--preset", default="fast", metavar="NAME", help="of the trials (default: fast)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the search and the fits (default: 0)")
    parser.add_argument(
        "-o", "--output", default="architectures.json", metavar="FILE",
        help="gets the best network; those of other sizes stay in it (default: architectures.json)",
    )  # fmt: skip
    parser.add_argument("--study", default="search.db", metavar="FILE", help="SQLite, made or continued")
    parser.add_argument("--plot", metavar="FILE", help="PNG or SVG (default: search-RATE.png beside the output)")
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    try:
        from ..siren import search
        from ..siren.search_plot import plot
    except ModuleNotFoundError as error:
        raise CoincodecError(f"{error.name} is missing; install it with: pip install 'coincodec[search]'") from None

    from .. import image
    from ..progress import ProgressLine
    from ..siren.architecture import read_table, write_table

    if arguments.trials < 1:
        raise UsageError(f"trials must be at least 1, not {arguments.trials}")
    if not 0 < arguments.bpp < float("inf"):
        raise UsageError(f"bpp must be a positive number, not {arguments.bpp}")
    output = Path(arguments.output)
    known = list(read_table(output).entries) if output.exists() else []
    loaded = image.load(arguments.input)
    for note in loaded.notes:
        print(f"coin: {note}", file=sys.stderr)
    samples = loaded.samples
    name = Path(arguments.input).stem

    with ProgressLine("searching") as line:
        spent: list[float] = []

        def show(done: int, latest: Trial, best: Trial) -> None:
            spent.append(latest.seconds)
            left = (arguments.trials - done) * sum(spent) / len(spent)
            line.draw(done, arguments.trials, f"best {best.architecture}, {best.psnr:.2f} dB", left)

        trials = search.search(
            samples, name, arguments.bpp, trials=arguments.trials, preset=arguments.preset, seed=arguments.seed,
            threads=arguments.threads, storage=Path(arguments.study), on_trial=show,
        )  # fmt: skip

    print(f"{'network':>8} {'weights':>8} {'rate':>6} {'PSNR':>9} {'time':>8}")
    for trial in trials[:10]:
        found = trial.architecture
        print(f"{found!s:>8} {found.parameters:>8,} {found.rate:>6.2f} {trial.psnr:>6.2f} dB {trial.seconds:>6.1f} s")
    best = trials[0].architecture
    kept = [entry for entry in known if not 0.8 < entry.parameters / best.parameters < 1.25]
    facts = {"by": "coin search", "image": name, "preset": arguments.preset, "trials": len(trials)}
    write_atomically(str(output), write_table([*kept, best], facts).encode())
    picture = arguments.plot or os.path.join(output.parent, f"search-{arguments.bpp:g}.png")
    plot(trials, f"{name} at {arguments.bpp:g} bits per pixel, {len(trials)} networks", Path(picture))
    print(f"written  {output}\n         {picture}")
