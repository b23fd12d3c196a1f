"""People and machines that are there to be called, and what a detector takes them for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prosaas.simulator import mulaw
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.clips import load
from prosaas.simulator.people import (
    AfterAgentEnds,
    HangUp,
    Monologue,
    Person,
    Say,
    Stage,
    Step,
    Wait,
)

# As long as it takes to bring a telephone to the ear, or a mailbox to answer.
_PICKING_UP = Wait(400)
_BETWEEN_SENTENCES_MS = 250
_BEFORE_BEEP_MS = 300
# The beep is heard out; without one the detector waits until it is sure of the silence.
_SURE_OF_BEEP_MS = 100
_SURE_OF_SILENCE_MS = 1_200
_FAREWELL = (AfterAgentEnds(patience_ms=6_000), HangUp())


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Records what is said until nothing has been for so long, or the tape is full."""

    silence_ms: int = 4_000
    longest_ms: int = 60_000

    def act(self, stage: Stage) -> Iterator[bytes]:
        ear, began_ms = stage.ear, stage.ear.now_ms
        stage.note("records")
        stage.tape_runs = True
        while min(ear.quiet_ms, ear.now_ms - began_ms) < self.silence_ms:
            if ear.now_ms - began_ms >= self.longest_ms:
                break
            yield mulaw.SILENT_FRAME
        stage.tape_runs = False


def mailbox(language: str) -> Person:
    """Greets, beeps, listens, and hangs up when nobody speaks any more."""
    steps = (
        *_mailbox_greeting(language),
        Wait(_BEFORE_BEEP_MS),
        Say("beep"),
        TakeMessage(),
        HangUp(),
    )
    return Person("mailbox", steps, language)


def mailbox_without_beep(language: str) -> Person:
    steps = (*_mailbox_greeting(language), TakeMessage(), HangUp())
    return Person("mailbox without a beep", steps, language)


def screening_assistant(language: str) -> Person:
    """Asks who is calling and why, and puts a person on, who says hello and hears the agent out."""
    steps = (
        *_screening(language),
        Say(f"{language}_one_moment"),
        Wait(2_500),
        Say(f"{language}_hello"),
        AfterAgentEnds(),
        Say(f"{language}_goodbye"),
        *_FAREWELL,
    )
    return Person("screening assistant", steps, language)


def assistant_who_refuses(language: str) -> Person:
    """Asks who is calling and why, and lets nobody through."""
    steps = (*_screening(language), Say(f"{language}_not_available"), HangUp())
    return Person("assistant who refuses", steps, language)


def slow_human(language: str) -> Person:
    """Answers with so long a sentence that a detector hears a machine."""
    answer = (f"{language}_this_is_dana", f"{language}_in_the_middle")
    steps = (
        _PICKING_UP,
        Monologue(answer, _BETWEEN_SENTENCES_MS),
        AfterAgentEnds(),
        Say(f"{language}_yes"),
        AfterAgentEnds(),
        Say(f"{language}_goodbye"),
        *_FAREWELL,
    )
    return Person("slow human", steps, language)


def hello_twice(language: str) -> Person:
    """Hears nothing at first and says hello again."""
    hello = Say(f"{language}_hello")
    steps = (
        _PICKING_UP,
        hello,
        Wait(1_200),
        hello,
        AfterAgentEnds(),
        Say(f"{language}_goodbye"),
        *_FAREWELL,
    )
    return Person("says hello twice", steps, language)


def refuser(language: str) -> Person:
    """Wants never to be called again."""
    return _after_the_greeting("refuser", f"{language}_do_not_call", language)


def wrong_number(language: str) -> Person:
    return _after_the_greeting("wrong number", f"{language}_wrong_number", language)


def _after_the_greeting(name: str, clip: str, language: str) -> Person:
    answer = (_PICKING_UP, Say(f"{language}_hello"))
    return Person(name, (*answer, AfterAgentEnds(), Say(clip), *_FAREWELL), language)


def _mailbox_greeting(language: str) -> tuple[Step, ...]:
    return _PICKING_UP, Monologue(_mailbox_clips(language), _BETWEEN_SENTENCES_MS)


def _mailbox_clips(language: str) -> tuple[str, str]:
    return f"{language}_mailbox", f"{language}_after_the_tone"


def _screening(language: str) -> tuple[Step, ...]:
    return _PICKING_UP, Say(f"{language}_screening"), AfterAgentEnds()


def _machine(person: Callable[[str], Person], language: str, *, beeps: bool) -> Callee:
    spoken_ms = sum(load(clip).ms for clip in _mailbox_clips(language)) + _BETWEEN_SENTENCES_MS
    beep_ms = _BEFORE_BEEP_MS + load("beep").ms + _SURE_OF_BEEP_MS
    until_sure_ms = beep_ms if beeps else _SURE_OF_SILENCE_MS
    return Callee(
        person=person(language),
        answered_by="machine",
        message_end="beep" if beeps else "silence",
        detection_s=3.5,
        message_ends_s=(_PICKING_UP.ms + spoken_ms + until_sure_ms) / 1000,
    )


def _taken_for_a_machine(language: str) -> Callee:
    return Callee(person=slow_human(language), answered_by="machine", message_end="silence")


CALLEES: dict[str, Callable[[str], Callee]] = {
    "mailbox": lambda language: _machine(mailbox, language, beeps=True),
    "mailbox_without_beep": lambda language: _machine(mailbox_without_beep, language, beeps=False),
    "screening_assistant": lambda language: Callee(person=screening_assistant(language)),
    "assistant_who_refuses": lambda language: Callee(person=assistant_who_refuses(language)),
    "slow_human": _taken_for_a_machine,
    "hello_twice": lambda language: Callee(person=hello_twice(language)),
    "refuser": lambda language: Callee(person=refuser(language)),
    "wrong_number": lambda language: Callee(person=wrong_number(language)),
}
