from __future__ import annotations

from pathlib import Path

from calls.engine.drawing import table, timers

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "call-engine.md"


def test_the_document_shows_the_table_and_the_timers_as_they_are() -> None:
    document = DOCUMENT.read_text()
    assert table() in document
    assert timers() in document
