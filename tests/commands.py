"""The command line in this process."""

from __future__ import annotations

from collections.abc import Callable

# Runs a command: (exit status, stdout, stderr).
Coin = Callable[..., tuple[int, str, str]]
