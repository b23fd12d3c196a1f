from __future__ import annotations

import pytest

from prosaas.simulator import mulaw
from prosaas.simulator.clips import load
from prosaas.simulator.people import (
    Act,
    AfterAgentEnds,
    AfterAgentStarts,
    AtLastWord,
    HangUp,
    Interrupt,
    Monologue,
    Performer,
    Person,
    Press,
    Say,
    Silent,
    Sound,
    Step,
    Wait,
    impatient,
    interrupter,
    polite_caller,
    silent_caller,
)

LOUD = mulaw.encode([4000, -4000] * 80)
QUIET = mulaw.SILENT_FRAME
HELLO = load("en_hello").audio


class Line:
    """A person on the line, with an agent who speaks when the test says so."""

    def __init__(self, *steps: Step, person: Person | None = None) -> None:
        self.acts: list[Act] = []
        self.performer = Performer(person or Person("test", steps), self.acts.append)
        self.said = b""

    def passes(self, ms: int, heard: bytes = QUIET) -> None:
        for _ in range(ms // mulaw.FRAME_MS):
            self.said += self.performer.frame(heard)

    def agent_speaks(self, ms: int) -> None:
        self.passes(ms, LOUD)

    def did(self, kind: str) -> list[Act]:
        return [act for act in self.acts if act.kind == kind]


def test_a_script_is_played_in_order_on_the_media_clock() -> None:
    line = Line(Wait(100), Say("en_hello"), Press("4"), Wait(60), Sound(LOUD[:80]), HangUp())
    line.passes(3000)
    assert line.said.startswith(mulaw.silence(100) + HELLO)
    assert [(act.kind, act.detail) for act in line.acts] == [
        ("says", "Hello"),
        ("presses", "4"),
        ("sounds", "10 ms"),
        ("hangs up", ""),
    ]
    assert line.acts[0].at_ms == 120
    assert len(line.said) == 3000 * 8


def test_after_the_script_a_person_is_silent_for_ever() -> None:
    line = Line(Say("en_yes"))
    line.passes(60_000)
    assert line.said == load("en_yes").audio.ljust(60_000 * 8, b"\xff")


def test_a_person_waits_for_the_agent_to_begin() -> None:
    line = Line(AfterAgentStarts(ms=200), Say("en_hello"))
    line.passes(2000)
    assert line.acts == []
    line.agent_speaks(160)
    assert line.acts == []
    line.agent_speaks(60)
    assert line.did("says")


def test_a_person_hears_an_utterance_out_with_the_pauses_in_it() -> None:
    line = Line(AfterAgentEnds(quiet_ms=600), Say("en_hello"))
    line.passes(1000)
    line.agent_speaks(1000)
    line.passes(500)
    line.agent_speaks(1000)
    line.passes(580)
    assert line.acts == []
    line.passes(40)
    assert line.did("says")


def test_listening_means_the_next_utterance_not_the_last_one() -> None:
    line = Line(AfterAgentEnds(quiet_ms=400), AfterAgentEnds(quiet_ms=400), Say("en_hello"))
    line.agent_speaks(500)
    line.passes(3000)
    assert line.acts == []
    line.agent_speaks(500)
    line.passes(500)
    assert line.did("says")


def test_an_agent_who_is_already_speaking_is_heard_out() -> None:
    line = Line(Say("en_hello"), AfterAgentEnds(quiet_ms=400), Press("1"))
    line.agent_speaks(load("en_hello").ms + 500)
    line.passes(300)
    assert line.did("presses") == []
    line.passes(200)
    assert line.did("presses")


@pytest.mark.parametrize(
    "step", [AfterAgentEnds(patience_ms=1000), AfterAgentStarts(patience_ms=1000)]
)
def test_a_person_does_not_wait_for_ever(step: Step) -> None:
    line = Line(step, HangUp())
    line.passes(1000)
    assert line.acts == []
    line.passes(40)
    assert [act.kind for act in line.acts] == ["loses patience", "hangs up"]


def test_line_noise_is_not_taken_for_the_agent() -> None:
    line = Line(AfterAgentStarts(), Say("en_hello"))
    background = load("background").audio
    for start in range(0, len(background), mulaw.FRAME_BYTES):
        line.passes(20, background[start : start + mulaw.FRAME_BYTES])
    assert line.acts == []


def test_an_interrupter_speaks_into_the_agents_words() -> None:
    line = Line(Interrupt("en_hello", after_ms=500))
    line.passes(200)
    line.agent_speaks(480)
    assert line.acts == []
    line.agent_speaks(60)
    assert line.did("says")
    assert HELLO[:320] in line.said


def test_a_monologue_is_one_speech_with_pauses_in_it() -> None:
    line = Line(Monologue(("en_hello", "en_name"), pause_ms=240), HangUp())
    line.passes(3000)
    name = load("en_name")
    assert line.said.startswith(HELLO + mulaw.silence(240) + name.audio)
    assert [act.detail for act in line.did("says")] == [f"Hello {name.text}"]
    assert line.did("hangs up")[0].at_ms > load("en_hello").ms + 240 + name.ms


def test_nobody_holds_a_monologue_about_nothing() -> None:
    with pytest.raises(ValueError, match="something to say"):
        Monologue(())


def test_a_quiet_speaker_says_the_same_more_quietly() -> None:
    line = Line(Say("en_hello", quieter_db=20))
    line.passes(load("en_hello").ms)
    assert mulaw.rms(line.said) == pytest.approx(mulaw.rms(HELLO) / 10, rel=0.1)
    assert [act.detail for act in line.did("says")] == ["Hello"]


def test_somebody_speaks_into_the_last_word() -> None:
    line = Line(AtLastWord(utterance_ms=1000, before_end_ms=200), Say("en_no"))
    line.agent_speaks(760)
    assert line.acts == []
    line.agent_speaks(60)
    assert line.did("says")


def test_a_person_can_be_made_to_speak_out_of_turn() -> None:
    line = Line(Wait(200), Say("en_yes"))
    line.passes(100)
    line.performer.say_now("en_hello")
    line.passes(3000)
    assert line.said.startswith(
        mulaw.silence(100) + HELLO + mulaw.silence(100) + load("en_yes").audio
    )


def test_a_polite_caller_lets_the_agent_finish() -> None:
    line = Line(person=polite_caller("he"))
    line.agent_speaks(2000)
    line.passes(760)
    assert line.acts == []
    line.passes(2000)
    assert [act.detail for act in line.did("says")] == ["מה שעות הפתיחה שלכם?"]
    line.passes(1000)
    line.agent_speaks(2000)
    line.passes(2000)
    assert [act.detail for act in line.did("says")][1:] == ["תודה, להתראות"]
    line.agent_speaks(1000)
    line.passes(1000)
    assert line.did("hangs up")
    assert line.did("loses patience") == []


@pytest.mark.parametrize("language", ["he", "en", "ar"])
def test_an_interrupter_interrupts_twice(language: str) -> None:
    line = Line(person=interrupter(language))
    line.agent_speaks(800)
    line.passes(3000)
    line.agent_speaks(800)
    line.passes(3000)
    assert len(line.did("says")) == 2


def test_an_impatient_caller_hangs_up_during_the_greeting() -> None:
    line = Line(person=impatient())
    line.passes(500)
    line.agent_speaks(280)
    assert line.acts == []
    line.agent_speaks(60)
    assert [act.kind for act in line.acts] == ["hangs up"]


def test_a_silent_caller_says_nothing_whatever_is_said() -> None:
    line = Line(person=silent_caller())
    for _ in range(5):
        line.agent_speaks(2000)
        line.passes(5000)
    assert line.acts == []
    assert set(line.said) == {0xFF}


def test_a_script_with_an_unknown_clip_is_refused_when_it_is_written() -> None:
    with pytest.raises(KeyError):
        Say("no_such_clip")
    with pytest.raises(KeyError):
        Interrupt("no_such_clip")
    with pytest.raises(KeyError):
        Monologue(("en_hello", "no_such_clip"))


def test_silence_lasts() -> None:
    line = Line(Silent(), Say("en_hello"))
    line.agent_speaks(10_000)
    assert line.acts == []
