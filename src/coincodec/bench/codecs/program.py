"""Running the programs that some codecs are."""

from __future__ import annotations

import subprocess


def run(command: list[str], data: bytes | None = None) -> bytes:
    """Runs a program with `data` as its input and returns what it prints to stdout.

    Raises RuntimeError with the end of its complaint if it fails.
    """
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode:
        complaint = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise RuntimeError(f"{command[0]} failed: {complaint[-500:]}")
    return done.stdout
