"""coin batch: many pictures, on all cores or on a cluster."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import TYPE_CHECKING

from ..errors import CoincodecError, UsageError
from ..files import EXTENSION
from .decode import numbers
from .options import add_encoding, add_quiet

if TYPE_CHECKING:
    from ..collection.conversion import Conversion
    from ..collection.estimate import Estimate
    from ..collection.run import BatchProgress, BatchReport
    from .options import Subparsers

# Options that only decoding has, and those that both have.
_OF_DECODING = ("size", "scale", "draft", "partial")
_OF_BOTH = ("strip", "srgb")


def register(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "batch",
        parents=[common],
        help="encode or decode many pictures, on all cores or on a cluster",
        description="Encodes many pictures, one a core, and goes on where it was stopped. Paths may be URLs that "
        "fsspec opens, with the extra `cluster`.",
    )
    parser.add_argument("input", nargs="*", help="files, folders (with folders within) and patterns")
    parser.add_argument("--files-from", metavar="FILE", help="more inputs, one a line; - for standard input")
    parser.add_argument(
        "-o", "--output", required=True, metavar="FOLDER",
        help="where outputs go, under the names that inputs have in their folders",
    )  # fmt: skip
    parser.add_argument("--decode", action="store_true", help=f"decode {EXTENSION} files instead")
    parser.add_argument("-f", "--force", action="store_true", help="replace files that the manifest does not know")
    running = parser.add_argument_group("running")
    running.add_argument("--workers", type=int, metavar="N", help="processes (default: one for each core)")
    running.add_argument(
        "--scheduler", metavar="ADDRESS",
        help='of Dask, such as tcp://host:8786; or "local", for its workers and dashboard on this machine',
    )  # fmt: skip
    running.add_argument(
        "--threads", type=int, metavar="N", help="of each fit (default: 1, and more for the last pictures)"
    )
    running.add_argument(
        "--manifest", metavar="FILE", help="what became of each picture (default: manifest.jsonl in the output folder)"
    )
    running.add_argument(
        "--retries", type=int, default=2, metavar="N",
        help="further attempts, on other workers, where the picture is not to blame (default: 2)",
    )  # fmt: skip
    running.add_argument("--dry-run", action="store_true", help="try a sample, write nothing, tell what all will take")
    running.add_argument("--price-per-core-hour", type=float, metavar="P", help="for --dry-run to tell what it costs")
    budget = parser.add_argument_group("a budget for all pictures together, instead of a target for each")
    budget.add_argument("--total-bytes", type=int, metavar="N", help="most bytes of all files")
    budget.add_argument("--mean-bpp", type=float, metavar="R", help="most bits of all files over all pixels")
    add_encoding(parser)
    parser.add_argument("--score", action="store_true", help="measure SSIMULACRA 2 of each")
    decoding = parser.add_argument_group("decoding")
    decoding.add_argument("--suffix", default=".png", metavar="S", help="of the pictures' files (default: .png)")
    decoding.add_argument("--size", type=numbers(2, "x"), metavar="WxH", help="in so many pixels")
    decoding.add_argument("--scale", type=float, metavar="F", help="larger or smaller by this factor")
    decoding.add_argument("--draft", action="store_true", help="with less work, where it is made smaller")
    decoding.add_argument("--partial", action="store_true", help="what the beginning of a file says")
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    from ..collection import engines, store
    from ..collection import run as running
    from ..collection.batch import budget_of
    from ..collection.estimate import estimate

    def say(text: str) -> None:
        if not arguments.quiet:
            print(f"coin: {text}", file=sys.stderr)

    request = running.Request(
        inputs=_inputs(arguments),
        output=store.named(arguments.output),
        conversion=_conversion(arguments),
        manifest=arguments.manifest,
        budget=budget_of(arguments.total_bytes, arguments.mean_bpp),
        force=arguments.force,
        retries=arguments.retries,
        threads=arguments.threads,
    )
    if arguments.scheduler is not None:  # Dask logs what is told here, or mended
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if arguments.price_per_core_hour is not None and not arguments.dry_run:
        raise UsageError("--price-per-core-hour is for --dry-run to tell what a batch costs")
    request.check()
    items = request.items()
    with (
        _Line(arguments.quiet) as line,
        engines.choose(items, arguments.workers, arguments.scheduler, arguments.threads, say) as engine,
    ):
        if arguments.dry_run:
            told = estimate(request, items, engine, line.show)
        else:
            report = running.run(request, items, engine, line.show)
    if arguments.dry_run:
        _print_estimate(told, arguments.price_per_core_hour)
    else:
        _sum_up(report, len(items), arguments.quiet)


class _Line:
    """A line of progress on a terminal; failures are told above it."""

    def __init__(self, quiet: bool) -> None:
        from ..progress import ProgressLine

        self.line = ProgressLine("batch", quiet)

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *exception: object) -> None:
        self.line.wipe()

    def show(self, progress: BatchProgress) -> None:
        """Draws it."""
        row = progress.latest
        if row is not None and row.error is not None and progress.stage != "trial":
            self.line.wipe()
            text = row.error if row.input in row.error else f"{row.input}: {row.error}"
            print(f"coin: {text}", file=sys.stderr)
        note = f"{progress.stage}  {progress.rate:.3g} a second"
        if progress.failed:
            note += f"  {progress.failed} failed"
        self.line.draw(progress.done, progress.total, note, progress.remaining)


def _inputs(arguments: argparse.Namespace) -> list[str]:
    inputs = list(arguments.input)
    if arguments.files_from is not None:
        from ..files import read_bytes

        text = read_bytes(arguments.files_from).decode("utf-8", "surrogateescape")
        inputs += [line for line in text.splitlines() if line]
    return inputs


def _conversion(arguments: argparse.Namespace) -> Conversion:
    from ..collection.batch import conversion_of
    from ..options import EncodeOptions
    from .options import ENCODING

    usual = vars(EncodeOptions())
    encoding = {name: value for name in ENCODING if (value := getattr(arguments, name)) != usual[name]}
    decoding = {name: value for name in _OF_DECODING if (value := getattr(arguments, name))}
    both = {name: value for name in _OF_BOTH if (value := getattr(arguments, name))}
    unfit = encoding if arguments.decode else decoding
    if unfit:
        option = next(iter(unfit)).rstrip("_").replace("_", "-")
        raise UsageError(f"--{option} is an option of {'encoding' if arguments.decode else '--decode'}")
    return conversion_of(
        decoding | encoding | both,
        decode=arguments.decode,
        score=arguments.score,
        suffix=arguments.suffix,
        max_pixels=int(arguments.max_pixels),
    )


def _sum_up(report: BatchReport, count: int, quiet: bool) -> None:
    """What became of it. Raises `CoincodecError` if not all is as it was wanted."""
    if not quiet:
        parts = [f"{report.done:,} done in {report.seconds:.1f} s"]
        if report.skipped:
            parts.append(f"{report.skipped:,} were there")
        if report.failed:
            parts.append(f"{len(report.failed):,} failed")
        print(
            f"{count:,} pictures: {', '.join(parts)}; {report.bytes:,} bytes, {report.bpp:.4f} bpp; {report.manifest}",
            file=sys.stderr,
        )
    if report.failed:
        raise CoincodecError(f"{len(report.failed):,} of {count:,} failed; {report.manifest} says why")
    if report.missed:
        kind = "more" if report.missed > 0 else "less"
        raise CoincodecError(f"the budget was not met: {abs(report.missed):.1%} {kind} than it")


def _print_estimate(told: Estimate, per_core_hour: float | None) -> None:
    bpp = 8 * told.bytes / told.pixels
    print(f"pictures: {told.pictures:,}, {told.tried} of them tried, {told.failed} of which failed")
    print(
        f"time: {_duration(told.seconds)} on {told.workers} workers, {told.work / 3600:.3g} core-hours, "
        f"give or take {told.work_deviation:.0%}"
    )
    print(f"bytes: {told.bytes:,.0f}, {bpp:.4f} bpp, give or take {told.bytes_deviation:.0%}")
    if per_core_hour is not None:
        print(f"price: {told.price(per_core_hour):.4g}")


def _duration(seconds: float) -> str:
    days, rest = divmod(round(seconds), 86_400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} days {clock}" if days else clock
