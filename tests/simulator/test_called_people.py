"""Those who are called: mailboxes, assistants, and people who are not what they are taken for."""

from __future__ import annotations

import itertools

import pytest

from prosaas.simulator import mulaw
from prosaas.simulator.called_people import CALLEES, TakeMessage, refuser
from prosaas.simulator.clips import load
from prosaas.simulator.people import HangUp
from tests.simulator.test_people import LOUD, Line

LANGUAGES = ["he", "en", "ar"]
BEEP = load("beep").audio


def line_to(callee: str, language: str = "en") -> Line:
    return Line(person=CALLEES[callee](language).person)


def said_by(line: Line) -> list[str]:
    return [act.detail for act in line.did("says")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mailbox_greets_beeps_and_records(language: str) -> None:
    line = line_to("mailbox", language)
    line.passes(8_000)
    greeting, beep = said_by(line)
    assert (
        greeting == f"{load(f'{language}_mailbox').text} {load(f'{language}_after_the_tone').text}"
    )
    assert beep == "beep"
    (records,) = line.did("records")
    assert line.said.rstrip(mulaw.SILENCE).endswith(BEEP.rstrip(mulaw.SILENCE))
    assert records.at_ms > len(line.said.rstrip(mulaw.SILENCE)) // mulaw.SAMPLES_PER_MS - 40


def test_a_mailbox_keeps_what_it_hears_behind_the_beep_and_nothing_else() -> None:
    line = line_to("mailbox")
    line.agent_speaks(1_000)
    line.passes(7_000)
    line.agent_speaks(2_000)
    line.passes(5_000)
    assert line.performer.message.count(LOUD) == 100
    assert line.performer.message.strip(mulaw.SILENCE) == LOUD * 100
    assert len(line.did("hangs up")) == 1


def test_a_mailbox_hangs_up_when_nobody_speaks() -> None:
    line = line_to("mailbox_without_beep")
    line.passes(20_000)
    assert "beep" not in said_by(line)
    (hung_up,), (records,) = line.did("hangs up"), line.did("records")
    assert 3_900 <= hung_up.at_ms - records.at_ms <= 4_100


def test_a_tape_is_full_some_time() -> None:
    line = Line(TakeMessage(longest_ms=1_000), HangUp())
    line.agent_speaks(3_000)
    assert 900 <= line.did("hangs up")[0].at_ms <= 1_100


def test_the_beep_is_a_tone_of_a_thousand_hertz() -> None:
    samples = mulaw.decode(BEEP)
    rises = sum(one < 0 <= other for one, other in itertools.pairwise(samples))
    assert rises == pytest.approx(400, abs=2)
    assert len(BEEP) == 3_200


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_assistant_asks_and_puts_somebody_on(language: str) -> None:
    line = line_to("screening_assistant", language)
    line.passes(4_000)
    assert said_by(line) == [load(f"{language}_screening").text]
    line.agent_speaks(2_000)
    line.passes(8_000)
    assert said_by(line)[1:] == [
        load(f"{language}_one_moment").text,
        load(f"{language}_hello").text,
    ]
    assert line.did("hangs up") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_assistant_may_let_nobody_through(language: str) -> None:
    line = line_to("assistant_who_refuses", language)
    line.passes(4_000)
    line.agent_speaks(2_000)
    line.passes(5_000)
    assert said_by(line)[-1] == load(f"{language}_not_available").text
    assert len(line.did("hangs up")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slow_human_speaks_longer_than_a_detector_believes(language: str) -> None:
    callee = CALLEES["slow_human"](language)
    line = Line(person=callee.person)
    line.passes(8_000)
    spoken = line.said.strip(mulaw.SILENCE)
    assert len(spoken) > 2_400 * mulaw.SAMPLES_PER_MS
    assert callee.verdict("Enable") == "machine_start"
    line.agent_speaks(1_000)
    line.passes(2_000)
    assert said_by(line)[-1] == load(f"{language}_yes").text


def test_some_say_hello_twice() -> None:
    line = line_to("hello_twice")
    line.passes(5_000)
    assert said_by(line) == ["Hello", "Hello"]


@pytest.mark.parametrize(
    ("callee", "clip"), [("refuser", "do_not_call"), ("wrong_number", "wrong_number")]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_some_do_not_want_to_be_called(callee: str, clip: str, language: str) -> None:
    line = line_to(callee, language)
    line.passes(2_000)
    line.agent_speaks(2_000)
    line.passes(4_000)
    assert said_by(line) == [load(f"{language}_hello").text, load(f"{language}_{clip}").text]
    line.agent_speaks(1_000)
    line.passes(2_000)
    assert len(line.did("hangs up")) == 1


def test_a_mailbox_is_a_machine_whose_message_ends_with_its_beep() -> None:
    callee = CALLEES["mailbox"]("en")
    assert callee.verdict("Enable") == "machine_start"
    assert callee.verdict("DetectMessageEnd") == "machine_end_beep"
    line = Line(person=callee.person)
    line.passes(10_000)
    beep_ends_ms = line.did("records")[0].at_ms
    verdict_after_s = callee.verdict_after_s("DetectMessageEnd")
    assert verdict_after_s is not None
    assert beep_ends_ms <= verdict_after_s * 1000 <= beep_ends_ms + 100


def test_a_person_has_a_verdict_at_once_in_either_mode() -> None:
    callee = CALLEES["refuser"]("en")
    assert callee.person == refuser("en")
    assert callee.verdict_after_s("DetectMessageEnd") == callee.verdict_after_s("Enable")
    assert callee.verdict("DetectMessageEnd") == "human"
