"""What the engine is told before a call begins: how this agent behaves, and what went before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class BargeIn(StrEnum):
    HOLD = "hold"
    INSTANT = "instant"
    CONFIRM = "confirm"


class Role(StrEnum):
    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class PastItem:
    """Something that was said before this session of the model began, as text."""

    role: Role
    text: str = field(repr=False)


class Resumption(StrEnum):
    """Why a call that has been under way comes to a media stream again."""

    PROCESS_LOST = "process_lost"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    FAILED = "failed"


class OnMachine(StrEnum):
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    TALK = "talk"


@dataclass(frozen=True, slots=True)
class MachinePolicy:
    """What becomes of an outbound call that a machine answers."""

    then: OnMachine
    message: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    barge_in: BargeIn = BargeIn.HOLD
    # A greeting that was spoken once and stored: mu-law, 8 kHz. Empty: the model speaks it live.
    greeting_audio: bytes = field(default=b"", repr=False)
    greeting_text: str = field(default="", repr=False)
    greeting_protected: bool = False
    # What callers of this business may be expected to speak.
    languages: frozenset[str] = frozenset({"he", "en", "ar"})
    # Keys of the telephone that mean a tool, by name.
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    # None: whoever is on the line has called us.
    machine: MachinePolicy | None = None
    # A call that is resumed is not greeted a second time.
    resumption: Resumption | None = None
    # What this stream follows on, so that rows and ids go on and do not begin again.
    stream_number: int = 0
    turns_before: int = 0
    elapsed_ms: int = 0
    past: tuple[PastItem, ...] = ()
