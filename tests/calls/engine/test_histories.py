"""Every history of a call, and the rules after each step of each.

The measure of the rules is `test_mutants.py`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Final

import pytest

from calls.engine.core import Phase
from calls.engine.limits import Limits
from calls.engine.profile import PastItem, Profile, Resumption, Role
from tests.calls.engine.called import (
    a_mailbox_answers,
    a_message_is_left,
    called,
    greeted,
    greeting_waits,
    perhaps_a_machine,
)
from tests.calls.engine.histories import LARGER, ODD_SIZE, OUTBOUND, explore
from tests.calls.engine.line import CACHED, CONFIRM, HANGING_UP, HOLD, TALKING_ON, Line

BRIEFLY: Final = Limits(greeting_protected_s=0.3)
PROTECTED: Final = dataclasses.replace(CACHED, greeting_protected=True)
RESUMED: Final = Profile(
    resumption=Resumption.PROCESS_LOST,
    stream_number=1,
    past=(PastItem(Role.AGENT, "Hello?"), PastItem(Role.CALLER, "A table for two.")),
)

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
    "connecting, with a greeting from the cache": lambda: Line(profile=CACHED),
    "greeted from the cache": lambda: Line.greeting(profile=CACHED),
    "listening, hold": lambda: Line.listening(profile=HOLD),
    "thinking, hold": lambda: Line.thinking(profile=HOLD),
    "speaking, hold": lambda: Line.speaking(ms=250, profile=HOLD),
    "speaking, confirm": lambda: Line.speaking(ms=250, profile=CONFIRM),
    "ducked to the end": lambda: _ducked_to_the_end(),
    "speaking, instant": lambda: Line.speaking(ms=250),
    "held": lambda: Line.holding(),
    "held, with more to say": lambda: _held_with_more_to_say(),
    "goodbye": lambda: Line.closing(),
    "a tool runs": lambda: Line.waiting_for_tool(),
    "a tool runs before any word": lambda: _tool_before_any_word(),
    "two tools run": lambda: Line.waiting_for_tool(tools=("look_up", "book")),
    "reconnecting": lambda: _reconnecting(),
    "an answer is withheld": lambda: _withheld(),
    "a withheld answer calls a tool": lambda: _withheld(tools=("look_up",)),
    "greeted under protection": lambda: Line.greeting(BRIEFLY, PROTECTED),
    "closing for silence": lambda: _closing_for_silence(),
    "held in the farewell": lambda: _held_in_the_farewell(),
    "taken up again": lambda: Line.configuring(profile=RESUMED),
    "the third model": lambda: _third_model(),
}

# Of calls that go out.
OUTBOUND_BEGINNINGS: dict[str, Callable[[], Line]] = {
    "called": called,
    "the greeting waits": greeting_waits,
    "called, to hang up on machines": lambda: called(HANGING_UP),
    "called, to talk to machines": lambda: called(TALKING_ON),
    "a callee is greeted": greeted,
    "a mailbox has spoken": a_mailbox_answers,
    "a message is left": a_message_is_left,
    "perhaps a machine": perhaps_a_machine,
}


def _ducked_to_the_end() -> Line:
    """By `confirm`: the caller has begun to speak before the agent had finished."""
    line = Line.listening(profile=CONFIRM)
    line.caller_says()
    line.agent_responds(500)
    line.wait(0.4)
    line.caller_starts()
    line.wait(0.1)
    line.assert_phase(Phase.LISTENING)
    return line


def _held_with_more_to_say() -> Line:
    """Half of it was heard, and its words are written."""
    line = Line.speaking(ms=1000, profile=HOLD)
    line.agent_writes("Forty a night. Breakfast is included.")
    line.wait(0.5)
    line.caller_starts()
    line.assert_phase(Phase.HELD)
    return line


def _tool_before_any_word() -> Line:
    line = Line.greeting(profile=HOLD)
    line.response_begins()
    line.response_ends(tools=("look_up",))
    return line


def _withheld(tools: tuple[str, ...] = ()) -> Line:
    """The answer has come before anybody knows what the caller has said."""
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.agent_sends(ODD_SIZE)
    if tools:
        line.response_ends(tools=tools)
    return line


def _closing_for_silence() -> Line:
    line = Line.listening(Limits(silence_prompts=0), HOLD)
    line.wait(10)
    line.response_begins()
    line.agent_sends(ODD_SIZE)
    line.assert_phase(Phase.CLOSING)
    return line


def _held_in_the_farewell() -> Line:
    line = Line.closing()
    line.wait(0.3)
    line.caller_starts()
    line.assert_phase(Phase.HELD)
    return line


def _reconnecting() -> Line:
    """After a cut answer, a tool and a hum, with nobody at the model's end."""
    line = Line.speaking(profile=HOLD)
    line.agent_writes("Forty a night. Breakfast is included.")
    line.wait(0.5)
    line.caller_says("And for two?")
    line.response_ends("cancelled")
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.tool_finishes("call_1")
    line.response_begins()
    line.agent_sends(ODD_SIZE)
    line.agent_writes("Sixty a night.")
    line.response_ends()
    line.wait(1)
    line.caller_says("uh-huh")
    line.assert_phase(Phase.LISTENING)
    line.model_goes()
    return line


def _third_model() -> Line:
    line = _reconnecting()
    for _ in range(2):
        line.model_returns()
        line.confirmed()
        if line.session.metrics.reconnects < 2:
            line.model_goes()
    line.caller_says()
    line.response_begins()
    line.agent_sends(ODD_SIZE)
    return line


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_every_history_of_four_steps(beginning: str) -> None:
    assert explore(BEGINNINGS[beginning](), 4) > 500


@pytest.mark.parametrize("beginning", OUTBOUND_BEGINNINGS)
def test_every_history_of_four_steps_of_a_call_that_goes_out(beginning: str) -> None:
    assert explore(OUTBOUND_BEGINNINGS[beginning](), 4, alphabet=OUTBOUND) > 500


@pytest.mark.slow
@pytest.mark.parametrize("beginning", LARGER_BEGINNINGS)
def test_every_history_of_the_larger_alphabet(beginning: str) -> None:
    """A fourth step takes a minute and a half in all: `PROSAAS_STEPS=4` walks it."""
    steps = int(os.environ.get("PROSAAS_STEPS", "3"))
    assert explore(LARGER_BEGINNINGS[beginning](), steps, alphabet=LARGER) > 50


# While the agent speaks there is most that can happen: five steps of it take half a minute.
@pytest.mark.slow
@pytest.mark.parametrize("beginning", sorted(BEGINNINGS.keys() - {"speaking"}))
def test_every_history_of_five_steps(beginning: str) -> None:
    assert explore(BEGINNINGS[beginning](), 5) > 5000


def test_a_history_may_end_in_every_letter() -> None:
    """Were one of them never possible, its part of the alphabet would be untried."""
    letters = (*LARGER, *OUTBOUND)
    played = {letter.name for letter in letters for line in _lines() if letter.can_happen(line)}
    assert played == {letter.name for letter in letters}


def _lines() -> list[Line]:
    lines = [beginning() for beginning in (BEGINNINGS | LARGER_BEGINNINGS).values()]
    lines.append(Line.configuring())
    lines.append(Line.listening())
    lines[-1].caller_starts()
    lines.append(Line.listening())
    lines[-1].caller_starts()
    lines[-1].caller_commits()
    return lines
