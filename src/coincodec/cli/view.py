"""coin view: pictures in a browser, from this machine alone or as a folder of files for any host."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from ..errors import UsageError
from .options import add_limits, add_quiet, add_threads, limits_of

if TYPE_CHECKING:
    from ..viewer.pictures import Pictures
    from .options import Subparsers


def register(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "view",
        parents=[common],
        help="look at .coin files in a browser",
        description="Opens a page that shows .coin files, beside their originals where these are at hand, from a "
        "server that only this machine reaches and that gives nothing but what was named. Ctrl-C ends it.",
    )
    parser.add_argument("input", nargs="+", help=".coin files, folders (with folders within), and originals")
    parser.add_argument(
        "--export", metavar="FOLDER", help="write the page and all it shows to a new folder instead, for any web host"
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="of the server (default: one that is free)")
    parser.add_argument("--no-browser", action="store_true", help="print the page's address, and open no browser")
    add_threads(parser)
    add_quiet(parser)
    add_limits(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command. An interrupt is how the server is meant to end, and no failure."""
    from ..viewer import catalogue
    from ..viewer.pictures import Pictures

    if not 0 <= arguments.port < 2**16:
        raise UsageError(f"a port is 0 to {2**16 - 1:,}, not {arguments.port}")
    entries, notes = catalogue.find(arguments.input)
    if not arguments.quiet:
        for note in notes:
            print(f"coin: {note}", file=sys.stderr)
    limits = limits_of(arguments)
    pictures = Pictures(entries, limits, arguments.threads)
    if arguments.export is not None:
        _export(pictures, arguments.export, arguments.quiet)
    else:
        _serve(pictures, arguments.port, browser=not arguments.no_browser, quiet=arguments.quiet)


def _serve(pictures: Pictures, port: int, *, browser: bool, quiet: bool) -> None:
    from ..viewer.server import Server

    with Server(pictures, port) as server:
        print(server.url, flush=True)
        if not quiet:
            print("coin: Ctrl-C ends it", file=sys.stderr)
        if browser and _has_screen():
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _has_screen() -> bool:
    """Whether a browser has where to show itself; those for terminals would take ours."""
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))


def _export(pictures: Pictures, folder: str, quiet: bool) -> None:
    from ..progress import ProgressLine
    from ..viewer.export import export

    begun = time.monotonic()
    with ProgressLine("writing", quiet) as line:

        def show(done: int, total: int, name: str) -> None:
            left = (time.monotonic() - begun) / done * (total - done) if done else 0.0
            line.draw(done, total, name, left)

        notes = export(pictures, folder, show)
    for note in notes:
        print(f"coin: {note}", file=sys.stderr)
    if not quiet:
        shown = len(pictures.entries) - len(notes)
        print(f"{os.path.join(folder, 'index.html')}: {shown} pictures, for any web host", file=sys.stderr)
