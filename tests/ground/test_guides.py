"""A guide shows what there is: no picture is named and missing, none lies there unseen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = DOCS / "pictures"
GUIDES = ("guide.he.md", "guide.en.md", "operators.md")
NAMED = re.compile(r'!\[([^\]]*)\]\((pictures/[^)]+)\)|<img[^>]*\bsrc="(pictures/[^"]+)"')
LINKED = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|#)([^)#]+)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
INSIDE = re.compile(r"\]\(#([^)]+)\)")
WHOLE_FOLDER_AT_MOST = 1_500_000


def named_in(guide: str) -> set[str]:
    found = NAMED.findall((DOCS / guide).read_text("utf-8"))
    return {in_markdown or in_html for _, in_markdown, in_html in found}


def there() -> set[str]:
    return {path.relative_to(DOCS).as_posix() for path in PICTURES.rglob("*") if path.is_file()}


def test_every_picture_that_a_guide_names_is_there_and_no_other() -> None:
    """Otherwise: scripts/pictures."""
    named = set().union(*map(named_in, GUIDES))
    assert named - there() == set()
    assert there() - named == set()


def test_both_guides_show_the_same_in_their_own_language() -> None:
    hebrew, english = named_in("guide.he.md"), named_in("guide.en.md")
    assert {name.replace("/he/", "/en/") for name in hebrew} == english
    assert all("/he/" in name for name in hebrew)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_picture_says_what_it_shows_and_every_link_leads_somewhere(guide: str) -> None:
    text = (DOCS / guide).read_text("utf-8")
    assert [path for said, path, _ in NAMED.findall(text) if path and not said.strip()] == []
    assert [to for to in LINKED.findall(text) if not (DOCS / to).exists()] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_the_list_of_chapters_leads_to_the_chapters(guide: str) -> None:
    text = (DOCS / guide).read_text("utf-8")
    # As GitHub names a heading.
    there = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in HEADING.findall(text)}
    assert [to for to in INSIDE.findall(text) if to not in there] == []


def test_the_pictures_are_small_enough_to_be_cloned() -> None:
    assert sum(path.stat().st_size for path in PICTURES.rglob("*.webp")) < WHOLE_FOLDER_AT_MOST
