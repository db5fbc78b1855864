"""Pages of the site (mkdocs.yml) that are not in docs/, and links to the rest of the repository.

The Markdown is that which is read in the repository. Files that pages link to, beside docs/, go along into the site;
folders are named without a link.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

# Pages of the site, and where they are in the repository if not in docs/.
ELSEWHERE = {
    "index.md": "README.md",
    "changes.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
}
_PAGES = {path: page for page, path in ELSEWHERE.items()}

# Where the site has files that are no pages.
_SOURCE = "source"

# A link, its text and where it leads; code in `fences` or indented has none.
_LINK = re.compile(r"(?<!!)\[((?:[^][]|\[[^][]*\])*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages from elsewhere, and what pages link to."""
    for page, path in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text("utf-8")))
    linked = {
        _place(page.src_uri, link)
        for page in files.documentation_pages()
        for _, link, _ in _LINK.findall(page.content_string)
    }
    for path in sorted(linked):
        if not path.startswith("docs/") and path not in _PAGES and (ROOT / path).is_file():
            files.append(File.generated(config, f"{_SOURCE}/{path}", abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Makes links lead to where the site has what they mean."""

    def link(found: re.Match[str]) -> str:
        text, target, anchor = found.group(1), found.group(2), found.group(3) or ""
        path = _place(page.file.src_uri, target)
        if (ROOT / path).is_dir() and not path.startswith("docs/"):
            return text
        there = path.removeprefix("docs/") if path.startswith("docs/") else _PAGES.get(path, f"{_SOURCE}/{path}")
        return f"[{text}]({posixpath.relpath(there, posixpath.dirname(page.file.src_uri) or '.')}{anchor})"

    return _LINK.sub(link, markdown)


def _place(page: str, link: str) -> str:
    """Where in the repository a link of a page leads."""
    of_page = ELSEWHERE.get(page, f"docs/{page}")
    return posixpath.normpath(posixpath.join(posixpath.dirname(of_page), link))
