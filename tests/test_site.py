"""Links of the documentation lead somewhere, in the repository and on the site that is made of it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*/README.md")])
NEEDS_MKDOCS = pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="needs mkdocs")
LINK = re.compile(r"\[(?:[^][]|\[[^][]*\])*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


def anchors(page: Path) -> set[str]:
    """Of the headings of a page, as GitHub and Python-Markdown name them."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ +(.*)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading)) for heading in headings)
    return {heading.strip().lower().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor}"


def test_pages_of_users_lead_to_the_experiments() -> None:
    for page in (ROOT / "docs/experiments").glob("*.md"):
        if page.name != "README.md":
            text = (ROOT / "docs" / page.name).read_text("utf-8")
            assert f"](experiments/{page.name}" in text
            assert f"](../{page.name})" in page.read_text("utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@NEEDS_MKDOCS
class TestSite:
    def test_links_lead_to_files_of_the_site(self, site: Path) -> None:
        pages = sorted(site.rglob("*.html"))
        assert len(pages) > 20
        for page in pages:
            html = page.read_text("utf-8")
            for link in re.findall(r'(?:href|src)="([^"#?]+)', html):
                if page.name == "404.html" or re.match(r"https?:|data:|mailto:", link):
                    continue
                assert (page.parent / link).exists(), (page.name, link)

    def test_what_pages_show_is_there(self, site: Path) -> None:
        assert "<table>" in (site / "experiments/latent.html").read_text("utf-8")
        assert 'src="decoding/' in (site / "decoding.html").read_text("utf-8")
        assert (site / "source/native/libcoin/include/coin.h").read_bytes() == (
            ROOT / "native/libcoin/include/coin.h"
        ).read_bytes()

    def test_nothing_is_loaded_from_elsewhere(self, site: Path) -> None:
        for page in site.rglob("*.html"):
            html = page.read_text("utf-8")
            assert not re.search(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//', html), page.name


@NEEDS_MKDOCS
def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    """The build is strict, and so fails where this test of links would."""
    for name in ("mkdocs.yml", "tools/site_pages.py", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    with (tmp_path / "docs/colour.md").open("a") as page:
        page.write("\n[nowhere](large.md#nowhere)\n")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "#nowhere" in done.stdout + done.stderr
