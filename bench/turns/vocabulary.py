"""What a situation is made of: when, what the caller does, how the model hears it, what is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from prosaas.simulator.model import Hearing, Scenario
from prosaas.simulator.people import Step


class Phase(StrEnum):
    GREETING = "greeting"
    STORED_GREETING = "stored greeting"
    MIDDLE = "mid-sentence"
    LAST_WORD = "last word"
    BETWEEN = "between items"
    THINKING = "while thinking"
    TOOL = "while a tool runs"
    SILENCE = "silence"
    FAREWELL = "farewell"


class Right(StrEnum):
    STOP = "stop"  # for good, and the caller is answered
    HUSH = "hush"  # stops for good, and it does not matter what follows
    RESUME = "resume"  # everything is heard, whether or not there was a pause in it
    NO_ANSWER = "no answer"
    ANSWER = "answer"  # one
    FAREWELL = "farewell"  # heard to its last frame, then the line is hung up


class Mode(StrEnum):
    HOLD = "hold"
    INSTANT = "instant"
    CONFIRM = "confirm"


Script = Callable[[str], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Doing:
    """What the caller does, by language."""

    name: str
    steps: Script
    real: bool = True
    """Meant for the agent; a filler or a noise is not, and leaves nothing in the conversation."""
    echo_db: float | None = None
    text: dict[str, str] | None = None
    """What the model makes of it where the recording cannot be recognised."""


@dataclass(frozen=True, slots=True)
class Heard:
    name: str
    hearing: Hearing


@dataclass(frozen=True, slots=True)
class Row:
    language: str
    phase: Phase
    doing: Doing
    heard: Heard
    right: Right
    mode: Mode = Mode.HOLD
    paired: bool = False
    """The same script is played to a relay that leaves turn-taking to the model."""

    @property
    def name(self) -> str:
        return f"{self.language} {self.mode}, {self.phase}: {self.doing.name}, {self.heard.name}"


@dataclass(frozen=True, slots=True)
class Situation:
    row: Row
    lead_in: tuple[Step, ...]
    does: tuple[Step, ...]
    leaves: tuple[Step, ...]
    scenario: Scenario
    greeting: str
    said_before: int
    """Sounds of the caller's in the lead-in."""

    @property
    def name(self) -> str:
        return self.row.name
