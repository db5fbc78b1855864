"""The page's own files, and which kind each is."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def files() -> dict[str, tuple[str, bytes]]:
    """Type and contents of each file by its name."""
    return {
        path.name: (_KINDS[path.suffix], path.read_bytes())
        for path in sorted(_FOLDER.iterdir())
        if path.suffix in _KINDS
    }
