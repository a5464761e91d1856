"""The docs link to nothing that is not there, and the map of the architecture names every folder of the source."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("docs", "examples", "migrations", "benchmarks")
PAGES: Final = sorted({*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))})
LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Folders that hold nothing but SQL, or belong to the row of the folder above them.
UNNAMED: Final = {"queries", "templates", "commands"}


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    titles = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    plain = (LINK.sub(lambda link: link[0].partition("]")[0], title) for title in titles)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in plain}


def dead_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(dead_links(page)) == []


def test_a_dead_link_and_a_dead_anchor_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `title` here\n[a](#a-title-here) [b](page.md) [c](#gone) [d](gone.md) [e](https://x.example)\n"
    )
    assert list(dead_links(page)) == ["#gone", "gone.md"]


def test_the_architecture_names_every_folder_of_the_source() -> None:
    rooms = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    kinds = ROOT / "src" / "processor" / "analyses"
    folders = {file.parent for file in (ROOT / "src").rglob("*") if file.suffix in {".py", ".js"}}
    named = {folder for folder in folders if folder.parent != kinds and folder.name not in UNNAMED}

    assert {str(folder.relative_to(ROOT)) for folder in named if f"`{folder.relative_to(ROOT)}/`" not in rooms} == set()
