"""A greeting that was spoken once and stored: heard before the model is there."""

from __future__ import annotations

import dataclasses

import pytest

from calls.engine import events
from calls.engine.commands import AddItem, ConfigureSession, DeleteItem, Purpose, Stage
from calls.engine.core import Phase
from calls.engine.profile import Role
from tests.calls.engine.line import CACHED, GREETING_AUDIO, Line

PROTECTED = dataclasses.replace(CACHED, greeting_protected=True)


def test_its_first_frame_goes_out_with_the_first_breath_of_the_call() -> None:
    line = Line(profile=CACHED)
    assert line.telephone.level_ms(line.now) > 0
    line.wait(0.6)
    line.assert_heard(GREETING_AUDIO)
    assert line.session.summary().greeting_latency_ms == 0


def test_the_model_is_told_what_it_has_said_and_asked_for_nothing() -> None:
    line = Line.greeting(profile=CACHED)
    assert line.commanded(AddItem) == [
        AddItem(Role.AGENT, "Hello, how can I help?", "greeting", first=True)
    ]
    assert [each.stage for each in line.commanded(ConfigureSession)] == [Stage.COMPACT, Stage.FULL]
    line.confirmed()
    line.wait(0.6)
    line.assert_phase(Phase.LISTENING)
    assert line.requested() == []
    line.caller_says()
    line.agent_responds(300)
    line.wait(0.3)
    assert line.requested() == [Purpose.ANSWER]


def test_a_model_that_comes_later_than_its_end_finds_the_caller_waiting() -> None:
    line = Line(profile=CACHED)
    line.wait(2)
    line.model_ready()
    line.confirmed()
    line.assert_phase(Phase.LISTENING)
    assert line.turn("greeting").heard_ms == 600


@pytest.mark.parametrize("format_", ["audio/pcm", ""])
def test_it_is_not_begun_again_by_a_second_confirmation(format_: str) -> None:
    line = Line.configuring(profile=CACHED)
    line.confirmed(format_)
    line.wait(3)
    line.confirmed()
    line.confirmed()
    line.wait(1)
    line.assert_heard(GREETING_AUDIO)
    assert line.requested() == []


def test_of_a_greeting_that_is_cut_the_model_has_said_what_was_heard() -> None:
    line = Line.greeting(profile=CACHED)
    line.wait(0.3)
    line.caller_says("I want to book a table")
    assert DeleteItem("greeting") in line.done
    assert line.commanded(AddItem)[-1] == AddItem(
        Role.AGENT, "Hello, how…", "greeting_heard", first=True
    )
    assert line.requested() == [Purpose.ANSWER]
    assert line.session.summary().barge_ins == 1


def test_of_one_of_which_nothing_was_heard_it_has_said_nothing() -> None:
    line = Line.greeting(profile=CACHED)
    line.caller_says("I want to book a table")
    assert DeleteItem("greeting") in line.done
    assert len(line.commanded(AddItem)) == 1


def test_a_protected_one_is_heard_out_and_what_was_said_into_it_is_answered() -> None:
    line = Line.greeting(profile=PROTECTED)
    line.wait(0.2)
    line.caller_says("I want to book a table")
    line.assert_phase(Phase.GREETING)
    line.wait(0.4)
    line.assert_heard(GREETING_AUDIO)
    assert line.requested() == [Purpose.ANSWER]


def test_protection_is_a_deadline() -> None:
    audio = bytes(range(256)) * 8 * 40  # ten seconds
    profile = dataclasses.replace(PROTECTED, greeting_audio=audio)
    line = Line.greeting(profile=profile)
    line.wait(7.9)
    line.caller_starts()
    line.assert_phase(Phase.GREETING)
    line.caller_commits()
    line.transcribed("uh")
    line.wait(0.1)
    line.caller_starts()
    line.assert_phase(Phase.HELD)


def test_a_live_greeting_is_protected_from_its_first_sound() -> None:
    profile = dataclasses.replace(PROTECTED, greeting_audio=b"")
    line = Line.greeting(profile=profile)
    line.response_begins()
    line.wait(2)
    item = line.agent_says(1000)
    line.response_ends()
    line.wait(0.5)
    line.caller_starts()
    line.assert_phase(Phase.GREETING)
    line.wait(0.5)
    assert line.turn(item).heard_ms == 1000


def test_a_model_that_is_lost_meanwhile_does_not_greet_again() -> None:
    line = Line.greeting(profile=CACHED)
    line.wait(0.2)
    line.model_goes()
    line.wait(0.1)
    line.model_returns()
    line.confirmed()
    line.wait(1)
    line.assert_heard(GREETING_AUDIO)
    line.assert_phase(Phase.LISTENING)
    assert line.requested() == []
    assert line.commanded(AddItem)[-1].text == "Hello, how can I help?"


def test_of_one_that_is_cut_in_its_first_word_it_has_said_nothing() -> None:
    line = Line.greeting(profile=CACHED)
    line.wait(0.02)
    line.feed(events.KeyPressed("5"))
    assert [item.first for item in line.commanded(AddItem)] == [True]  # as long as it was whole
    line.assert_deleted("greeting")
