"""The built styles are those of the templates: a class that was written and not built shows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STYLES = (ROOT / "static/app/app.css").read_text("utf-8")
CLASSES = re.compile(r'\bclass="([^"]*)"')
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}")
OTHERS = {"admin", "backoffice", "letters"}
PHYSICAL = re.compile(
    r"(?:[a-z0-9]+:)*-?(?:m|p)[lr]-|(?:[a-z0-9]+:)*(?:left|right)-\d|text-(?:left|right)$"
)


def written() -> set[str]:
    found: set[str] = set()
    for path in TEMPLATES.rglob("*.html"):
        # The operator's admin and letters have styles of their own.
        if not OTHERS.intersection(path.parts):
            # A space for a tag: what stands on either side are words of their own.
            for words in CLASSES.findall(TAG.sub(" ", path.read_text("utf-8"))):
                found.update(words.split())
    return found


def is_built(name: str) -> bool:
    escaped = re.sub(r"([^\w-])", r"\\\1", name)
    # No name in CSS begins with a digit: it is written by its code.
    escaped = re.sub(r"^(\d)", r"\\3\1 ", escaped)
    return re.search(rf"\.{re.escape(escaped)}(?![\w-])", STYLES) is not None


def test_every_class_of_the_templates_is_built() -> None:
    """Otherwise: npm ci && npm run css."""
    assert sorted(name for name in written() if not is_built(name)) == []


def test_no_class_knows_left_from_right() -> None:
    assert sorted(name for name in written() if PHYSICAL.match(name)) == []
