"""What other processes wish for in JSON: people, callees, faults. Raises ValueError, TypeError or
KeyError for what is not understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from prosaas.simulator import called_people, people
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.callees import CalleeMix, callee_named
from prosaas.simulator.outbound_faults import OutboundFaults
from prosaas.simulator.people import Person, Step
from prosaas.simulator.rest_faults import FAULTS, FaultMix, RestFault, late_answer, queued, slow

Wish = Mapping[str, Any]

_STEPS: dict[str, Callable[..., Step]] = {
    "say": people.Say,
    "wait": people.Wait,
    "after_agent_starts": people.AfterAgentStarts,
    "at_last_word": people.AtLastWord,
    "after_agent_ends": people.AfterAgentEnds,
    "interrupt": people.Interrupt,
    "press": people.Press,
    "silent": people.Silent,
    "count_frames": people.CountFrames,
    "take_message": called_people.TakeMessage,
    "hang_up": people.HangUp,
}
_DEFAULT_LANGUAGE = "en"


def person_from(wish: object, language: str) -> Person:
    """A ready-made person by name, or `{"name": …, "steps": [{"step": "say", "clip": …}, …]}`."""
    if isinstance(wish, str):
        return callee_named(wish, language or _DEFAULT_LANGUAGE).person
    if not isinstance(wish, dict):
        raise ValueError("person: the name of one, or a script")
    steps = tuple(_step_from(step) for step in wish.get("steps", []))
    name = str(wish.get("name", "scripted caller"))
    return Person(name, steps, language, echo=bool(wish.get("echo")))


def _step_from(wish: Wish) -> Step:
    fields = dict(wish)
    name = fields.pop("step", None)
    if name not in _STEPS:
        raise ValueError(f"step: one of {', '.join(_STEPS)}")
    return _STEPS[name](**fields)


def callee_from(wish: Wish) -> Callee:
    """`{"callee": name, "language": …}`, or `{"person": …}`; every other field of it may be given
    besides.
    """
    fields = dict(wish)
    language = str(fields.pop("language", ""))
    callee = callee_named(str(fields.pop("callee", "answered")), language or _DEFAULT_LANGUAGE)
    if "person" in fields:
        fields["person"] = person_from(fields["person"], language)
    return replace(callee, **fields)


def callee_mix_from(wish: Wish) -> CalleeMix:
    """`{"seed": 7, "mix": {"busy": 0.2, "mailbox": 0.1}, "ring_s": [0.1, 0.5], …}`."""
    fields = _with_ranges(wish, "ring_s", "talks_s")
    fields["weights"] = fields.pop("mix")
    fields["languages"] = tuple(fields.get("languages", (_DEFAULT_LANGUAGE,)))
    return CalleeMix(**fields)


def fault_from(wish: object) -> RestFault:
    """A name, or `{"fault": "slow", "s": 2}`, or any fields of a RestFault."""
    if isinstance(wish, str):
        return FAULTS[wish]
    if not isinstance(wish, dict):
        raise ValueError(f"a fault: one of {', '.join(FAULTS)}, or an object")
    match wish:
        case {"fault": "slow", "s": seconds}:
            return slow(float(seconds))
        case {"fault": "late_answer", "s": seconds}:
            return late_answer(float(seconds))
        case {"fault": "queue", "s": seconds}:
            return queued(float(seconds))
        case {"fault": name, **fields}:
            return replace(FAULTS[name], **fields)
    return RestFault(**wish)


def fault_mix_from(wish: Wish) -> FaultMix:
    """`{"seed": 7, "mix": {"accept_500": 0.03}, "slow_s": [0.05, 1], "hang_s": 30}`."""
    fields = _with_ranges(wish, "slow_s", "queue_s")
    fields["weights"] = fields.pop("mix", {})
    return FaultMix(**fields)


def outbound_faults_from(wish: Wish) -> OutboundFaults:
    return OutboundFaults(**_with_ranges(wish, "delay_s", "verdict_late_s"))


def _with_ranges(wish: Wish, *names: str) -> dict[str, Any]:
    """A range may be given as one number, which is both of its ends."""
    fields = dict(wish)
    for name in names:
        if name in fields:
            given = fields[name]
            least, most = given if isinstance(given, list) else (given, given)
            fields[name] = (float(least), float(most))
    return fields
