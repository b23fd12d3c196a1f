"""Every history of a call, and the rules after each step of each.

The measure of the rules is `test_mutants.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.calls.engine.histories import ALPHABET, explore
from tests.calls.engine.line import Line

BEGINNINGS: dict[str, Callable[[], Line]] = {
    "at the start": Line,
    "connected": Line.greeting,
    "listening": Line.listening,
    "thinking": Line.thinking,
    "speaking": lambda: Line.speaking(ms=250),
}


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_every_history_of_four_steps(beginning: str) -> None:
    assert explore(BEGINNINGS[beginning](), 4) > 500


@pytest.mark.slow
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_every_history_of_five_steps(beginning: str) -> None:
    assert explore(BEGINNINGS[beginning](), 5) > 5000


def test_a_history_may_end_in_every_letter() -> None:
    """Were one of them never possible, its part of the alphabet would be untried."""
    played = {letter.name for letter in ALPHABET for line in _lines() if letter.can_happen(line)}
    assert played == {letter.name for letter in ALPHABET}


def _lines() -> list[Line]:
    lines = [beginning() for beginning in BEGINNINGS.values()]
    lines.append(Line.configuring())
    lines.append(Line.listening())
    lines[-1].caller_starts()
    return lines
