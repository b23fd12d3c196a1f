"""Keys of the telephone."""

from __future__ import annotations

import pytest

from calls.engine import events, notes
from calls.engine.commands import (
    AddItem,
    AddNote,
    AnswerTool,
    Disposition,
    Purpose,
    RunTool,
    SaveTurn,
)
from calls.engine.core import Phase
from calls.engine.profile import BargeIn, PastItem, Profile, Role
from calls.engine.tooling import ToolEffect
from tests.calls.engine.line import Line

CARD = "458012341234123"
KEYS = {"0": "transfer_to_human", "9": "mark_do_not_call"}
PROFILE = Profile(barge_in=BargeIn.HOLD, keys=KEYS)


def press(line: Line, *digits: str) -> None:
    for digit in digits:
        line.feed(events.KeyPressed(digit))


def listening() -> Line:
    return Line.listening(profile=PROFILE)


def test_keys_are_told_to_the_model_when_no_more_come() -> None:
    line = listening()
    press(line, "1")
    line.wait(1)
    press(line, "2", "3")
    line.wait(1.49)
    assert line.requested() == [Purpose.GREETING]
    line.wait(0.01)
    assert line.commanded(AddItem) == [AddItem(Role.CALLER, notes.keys_pressed("123"), "keys_0_1")]
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_a_hash_says_that_it_was_all() -> None:
    line = listening()
    press(line, "4", "2", "#")
    assert line.commanded(AddItem)[-1].text == notes.keys_pressed("42")


def test_a_hash_alone_is_a_key_too() -> None:
    line = listening()
    press(line, "#")
    line.wait(1.5)
    assert line.commanded(AddItem)[-1].text == notes.keys_pressed("#")


def test_which_keys_they_were_stands_in_no_row() -> None:
    line = listening()
    press(line, *CARD, "#")
    row = line.commanded(SaveTurn)[-1]
    assert (row.speaker, row.text) == ("caller", f"(#{len(CARD) * '•'})")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (notes.keys_masked(CARD), len(CARD)),
        (notes.keys_masked("7"), 1),
        ("(#)", 0),
        ("", 0),
        ("•••", 0),
        ("(#1•)", 0),
        ("I pressed (#•••)", 0),
    ],
)
def test_how_many_they_were_is_known(text: str, count: int) -> None:
    assert notes.keys_behind(text) == count


def test_who_presses_a_key_silences_the_agent() -> None:
    line = Line.speaking(ms=2000, profile=PROFILE)
    line.wait(0.4)
    press(line, "5")
    line.assert_silent_within(0)
    line.assert_truncated("item_2", 400)
    line.response_ends("cancelled")
    line.wait(1.5)
    assert line.requested()[-1] is Purpose.ANSWER


def test_while_he_speaks_his_keys_are_answered_with_his_words() -> None:
    line = listening()
    line.caller_starts()
    press(line, "5", "#")
    assert line.requested() == [Purpose.GREETING]
    line.caller_ends()
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]


def test_a_key_may_mean_a_person() -> None:
    line = Line.speaking(ms=2000, profile=PROFILE)
    line.wait(0.4)
    press(line, "0")
    line.assert_silent_within(0)
    line.wait(1.49)
    assert line.commanded(RunTool) == []
    line.wait(0.01)
    assert line.commanded(RunTool) == [RunTool("key_0_1", "transfer_to_human", "{}")]
    line.assert_phase(Phase.THINKING)
    line.response_ends("cancelled")
    line.tool_finishes("key_0_1", '{"status":"connecting"}', ToolEffect.TRANSFER)
    assert line.commanded(AnswerTool) == []  # no model has called it
    line.agent_responds(500)
    line.wait(0.5)
    line.assert_left("transfer", Disposition.LEAVE)


def test_pressed_twice_it_means_it_once() -> None:
    line = listening()
    press(line, "0", "0")
    line.wait(1.5)
    press(line, "0")
    line.wait(1.5)
    assert len(line.commanded(RunTool)) == 1


def test_a_number_that_begins_with_it_means_nobody() -> None:
    line = listening()
    press(line, "0", "5", "0", "9", "#")
    assert line.commanded(RunTool) == []
    assert line.commanded(AddItem)[-1].text == notes.keys_pressed("0509")


def test_a_key_may_mean_no_more_calls_and_the_agent_confirms_it() -> None:
    line = listening()
    press(line, "9")
    line.wait(1.5)
    line.tool_finishes("key_0_1", '{"status":"noted"}')
    assert line.commanded(AddNote) == [
        AddNote(notes.key_pressed("mark_do_not_call", '{"status":"noted"}'))
    ]
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]


def test_a_tool_that_keeps_no_time_is_not_waited_for() -> None:
    line = Line.waiting_for_tool()
    line.wait(4.99)
    assert line.commanded(AnswerTool) == []
    line.wait(0.01)
    (answer,) = line.commanded(AnswerTool)
    assert not answer.succeeded
    assert line.requested()[-1] is Purpose.ANSWER
    line.tool_finishes("call_1")
    assert line.session.summary().counters["late_tool"] == 1


@pytest.mark.parametrize("digit", ["0", "5"])
def test_while_the_agent_says_goodbye_keys_are_counted_and_nothing_more(digit: str) -> None:
    line = Line.closing(PROFILE)
    press(line, digit)
    assert line.commanded(RunTool) == []
    line.wait(1)
    line.assert_ended("agent_goodbye")
    assert line.session.summary().counters["keys"] == 1


def test_pressed_while_the_model_is_away_they_are_told_when_it_is_back() -> None:
    line = listening()
    line.model_goes()
    press(line, "7", "#")
    line.model_returns()
    line.confirmed()
    told = [item for item in line.told() if item.role is Role.CALLER]
    assert told == [PastItem(Role.CALLER, notes.keys_pressed("7"))]
    assert line.requested()[-1] is Purpose.ANSWER
