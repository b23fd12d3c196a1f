"""Every history of a call, and the rules after each step of each.

The measure of the rules is `test_mutants.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.calls.engine.histories import LARGER, explore
from tests.calls.engine.line import CACHED, CONFIRM, HOLD, Line

BEGINNINGS: dict[str, Callable[[], Line]] = {
    "at the start": Line,
    "connected": Line.greeting,
    "listening": Line.listening,
    "thinking": Line.thinking,
    "speaking": lambda: Line.speaking(ms=250),
}
# With all that turn-taking by `hold` and by `confirm` adds.
LARGER_BEGINNINGS: dict[str, Callable[[], Line]] = {
    "connected, hold": lambda: Line.greeting(profile=HOLD),
    "greeted from the cache": lambda: Line.greeting(profile=CACHED),
    "listening, hold": lambda: Line.listening(profile=HOLD),
    "thinking, hold": lambda: Line.thinking(profile=HOLD),
    "speaking, hold": lambda: Line.speaking(ms=250, profile=HOLD),
    "speaking, confirm": lambda: Line.speaking(ms=250, profile=CONFIRM),
    "speaking, instant": lambda: Line.speaking(ms=250),
    "held": lambda: Line.holding(),
    "goodbye": lambda: Line.closing(),
    "a tool runs": lambda: Line.waiting_for_tool(),
    "reconnecting": lambda: Line.reconnecting(profile=HOLD),
}


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_every_history_of_four_steps(beginning: str) -> None:
    assert explore(BEGINNINGS[beginning](), 4) > 500


@pytest.mark.slow
@pytest.mark.parametrize("beginning", LARGER_BEGINNINGS)
def test_every_history_of_four_steps_of_the_larger_alphabet(beginning: str) -> None:
    assert explore(LARGER_BEGINNINGS[beginning](), 4, alphabet=LARGER) > 500


@pytest.mark.slow
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_every_history_of_five_steps(beginning: str) -> None:
    assert explore(BEGINNINGS[beginning](), 5) > 5000


def test_a_history_may_end_in_every_letter() -> None:
    """Were one of them never possible, its part of the alphabet would be untried."""
    played = {letter.name for letter in LARGER for line in _lines() if letter.can_happen(line)}
    assert played == {letter.name for letter in LARGER}


def _lines() -> list[Line]:
    lines = [beginning() for beginning in (BEGINNINGS | LARGER_BEGINNINGS).values()]
    lines.append(Line.configuring())
    lines.append(Line.listening())
    lines[-1].caller_starts()
    lines.append(Line.listening())
    lines[-1].caller_starts()
    lines[-1].caller_commits()
    return lines
