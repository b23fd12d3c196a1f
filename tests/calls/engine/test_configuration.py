from __future__ import annotations

import pytest

from calls.engine import events
from calls.engine.commands import (
    CancelResponse,
    ClearInputAudio,
    Command,
    ConfigureSession,
    Disposition,
    EndCall,
    Purpose,
    RequestResponse,
    Stage,
)
from calls.engine.core import Phase
from tests.calls.engine.line import Line

COMPACT = ConfigureSession(Stage.COMPACT, "cfg_compact_1")
COMPACT_AGAIN: list[Command] = [
    ClearInputAudio(),
    ConfigureSession(Stage.COMPACT, "cfg_compact_2"),
]
FULL = ConfigureSession(Stage.FULL, "cfg_full_1")


def test_the_compact_prompt_goes_out_as_soon_as_the_model_is_there() -> None:
    line = Line()
    line.wait(0.4)
    assert line.done == []
    assert line.model_ready() == [COMPACT]
    line.assert_phase(Phase.CONFIGURING)


def test_the_greeting_is_asked_for_on_confirmation_and_not_before() -> None:
    line = Line.configuring()
    line.wait(2.9)
    assert line.requested() == []
    assert line.confirmed()[-1] == RequestResponse("req_1", Purpose.GREETING)


def test_audio_in_another_format_is_no_confirmation() -> None:
    line = Line.configuring()
    assert line.confirmed("audio/pcm") == []
    line.assert_phase(Phase.CONFIGURING)


@pytest.mark.parametrize(
    "answer",
    [
        events.SessionConfirmed("audio/pcmu", "audio/pcm"),
        events.SessionConfirmed("audio/pcm", "audio/pcmu"),
        events.SessionConfirmed("", ""),
        events.ModelError("invalid_value", "no such voice", "cfg_compact_1"),
        None,
    ],
)
def test_without_a_confirmation_the_prompt_is_sent_once_more_after_three_seconds(
    answer: events.Event | None,
) -> None:
    line = Line.configuring()
    if answer is not None:
        line.feed(answer)
    line.wait(2.999)
    assert line.done == [COMPACT]
    line.wait(0.001)
    assert line.done == [COMPACT, *COMPACT_AGAIN]
    line.wait(4.9)
    assert line.commanded(ConfigureSession) == [COMPACT, COMPACT_AGAIN[1]]


def test_the_second_attempt_is_as_good_as_the_first() -> None:
    line = Line.configuring()
    line.confirmed("audio/pcm")
    line.wait(3)
    line.confirmed()
    assert line.requested() == [Purpose.GREETING]
    line.agent_responds()
    line.wait(20)
    assert line.session.summary().compact_sent == 2
    line.assert_goes_on()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            events.SessionConfirmed("audio/pcmu", "audio/pcm"),
            "the model confirmed audio/pcmu in and audio/pcm out instead of audio/pcmu",
        ),
        (
            events.SessionConfirmed("", "audio/pcmu"),
            "the model confirmed no format in and audio/pcmu out instead of audio/pcmu",
        ),
        (
            events.SessionConfirmed("audio/pcmu", ""),
            "the model confirmed audio/pcmu in and no format out instead of audio/pcmu",
        ),
        (events.ModelError("invalid_value", "no such voice"), "error invalid_value: no such voice"),
        (None, "the model did not confirm the session in time"),
    ],
)
def test_after_eight_seconds_the_caller_gets_an_apology_and_the_row_says_why(
    answer: events.Event | None, why: str
) -> None:
    line = Line.configuring()
    if answer is not None:
        line.feed(answer)
    line.wait(7.99)
    line.assert_goes_on()
    line.wait(0.01)
    assert line.done[-1] == EndCall("model_unavailable", why, Disposition.APOLOGISE)
    assert line.requested() == []
    line.assert_heard(b"")


def test_the_eight_seconds_count_from_the_beginning_of_the_call() -> None:
    line = Line()
    line.wait(6)
    line.model_ready()
    line.wait(2)
    line.assert_ended("model_unavailable", apologise=True)


def test_no_socket_to_the_model_is_an_apology_at_once() -> None:
    line = Line()
    line.feed(events.ModelUnavailable("the key is not valid"))
    assert line.done == [
        EndCall("model_unavailable", "the key is not valid", Disposition.APOLOGISE)
    ]


def test_an_error_that_no_second_attempt_mends_is_not_waited_for() -> None:
    line = Line.configuring()
    line.feed(events.ModelError("insufficient_quota", "you exceeded your quota"))
    line.assert_ended("model_unavailable", apologise=True)


def test_the_full_prompt_follows_the_first_response_and_both_go_out_once() -> None:
    line = Line.greeting()
    line.response_begins()
    line.agent_says(500)
    assert line.commanded(ConfigureSession) == [COMPACT]
    line.response_ends()
    line.confirmed()
    line.wait(1)
    for _ in range(3):
        line.caller_says()
        line.agent_responds()
        line.wait(1)
    assert line.commanded(ConfigureSession) == [COMPACT, FULL]
    summary = line.session.summary()
    assert (summary.compact_sent, summary.full_sent, summary.full_confirmed) == (1, 1, True)


def test_a_greeting_that_was_interrupted_is_a_first_response_as_well() -> None:
    line = Line.greeting()
    line.response_begins()
    line.agent_sends(8000)
    line.wait(0.1)
    line.caller_starts()
    line.response_ends("cancelled")
    assert line.commanded(ConfigureSession) == [COMPACT, FULL]


def test_an_expansion_that_nobody_confirms_is_sent_once_more_and_the_call_goes_on() -> None:
    line = Line.greeting()
    line.agent_responds()
    line.wait(2.99)
    assert line.session.summary().full_sent == 1
    line.wait(0.01)
    assert line.session.summary().full_sent == 2
    line.wait(6)
    assert line.session.summary().full_sent == 2
    assert line.session.summary().full_confirmed is False
    line.assert_goes_on()


def test_an_expansion_that_is_refused_is_sent_once_more() -> None:
    line = Line.greeting()
    line.agent_responds()
    line.feed(events.ModelError("invalid_value", "too long", "cfg_full_1"))
    line.wait(3)
    line.confirmed()
    line.wait(5)
    assert line.session.summary().full_sent == 2
    assert line.session.summary().full_confirmed is True


def test_before_the_first_response_nobody_has_asked_for_the_expansion() -> None:
    line = Line.greeting()
    assert line.session.summary().full_confirmed is None
    line.confirmed()
    assert line.session.summary().full_confirmed is None


def test_after_an_expansion_into_another_format_nothing_reaches_the_caller() -> None:
    line = Line.listening()
    line.confirmed("audio/pcm")
    before = line.heard
    line.caller_says()
    line.response_begins()
    line.agent_sends(1600)
    line.wait(1)
    line.assert_heard(before)
    assert line.session.summary().counters["late_audio"] == 1


def test_what_the_caller_says_before_the_greeting_is_answered_by_the_greeting() -> None:
    line = Line.configuring()
    item = line.caller_says("hello?")
    line.confirmed()
    line.agent_responds()
    line.wait(2)
    assert line.requested() == [Purpose.GREETING]
    assert line.turn(item).text == "hello?"


def test_a_response_of_an_unconfigured_model_is_cancelled_and_not_heard() -> None:
    line = Line.configuring()
    assert line.response_begins() == [CancelResponse("resp_1")]
    line.agent_sends(8000)
    line.wait(1)
    line.assert_heard(b"")


def test_an_unconfigured_model_is_not_to_believe_that_it_has_greeted() -> None:
    line = Line.configuring()
    line.response_begins()
    line.agent_sends(8000)
    line.response_ends("cancelled")
    line.assert_deleted("item_1")
    assert line.commanded(ConfigureSession) == [COMPACT]
    line.confirmed()
    assert line.requested() == [Purpose.GREETING]
