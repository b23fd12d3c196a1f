"""What a call at the stand-in carrier is told to do, and what is to go wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from prosaas.simulator.callbacks import CallbackFaults
from prosaas.simulator.media import MediaFaults
from prosaas.simulator.people import Person, silent_caller

Status = Literal[
    "queued",
    "initiated",
    "ringing",
    "in-progress",
    "completed",
    "busy",
    "no-answer",
    "failed",
    "canceled",
]
Outcome = Literal["answered", "busy", "no-answer", "failed", "canceled"]
DetectionMode = Literal["Enable", "DetectMessageEnd"]
FINAL: frozenset[Status] = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class Fetch:
    """TwiML that has to be asked for. `more` is told besides what every request about a call tells."""

    url: str
    method: str = "POST"
    fallback_url: str = ""
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inline:
    document: str


Source = Fetch | Inline


@dataclass(frozen=True, slots=True)
class MachineDetection:
    mode: DetectionMode
    in_background: bool = False  # the call goes on; otherwise TwiML waits for the verdict
    callback: str = ""
    callback_method: str = "POST"
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class RecordingWish:
    channels: int = 1
    callback: str = ""
    callback_method: str = "POST"
    # in-progress, completed, absent, as the carrier names the subscriptions
    events: frozenset[str] = frozenset({"completed"})
    source: str = "OutboundAPI"
    ready_after_s: float = 2.0


@dataclass(frozen=True, slots=True)
class CallSettings:
    source: Source
    status_callback: str = ""
    status_callback_method: str = "POST"
    # initiated, ringing, answered, completed, as the carrier names the subscriptions
    status_events: frozenset[str] = frozenset({"completed"})
    rings_for_s: float = 60.0
    time_limit_s: float = 14_400.0
    detection: MachineDetection | None = None
    recording: RecordingWish | None = None


@dataclass(frozen=True, slots=True)
class CallFaults:
    media: MediaFaults = field(default_factory=MediaFaults)
    callbacks: CallbackFaults = field(default_factory=CallbackFaults)
    webhook_twice: Literal["", "in turn", "at once"] = ""  # the first request for TwiML…
    every_webhook_twice: bool = False  # …or each of the call
    completed_first: bool = False  # the final callback goes out before the socket is closed
    socket_lingers_s: float = 0.0  # …which stays open for so long unless the application closes it


@dataclass(frozen=True, slots=True)
class Callee:
    """What happens when a number is dialled."""

    outcome: Outcome = "answered"
    ring_s: float = 2.0
    person: Person = field(default_factory=silent_caller)
    answered_by: Literal["human", "machine", "fax", "unknown"] = "human"
    message_end: Literal["beep", "silence", "other"] = "beep"
    detection_s: float | None = 3.0  # None: the detector never comes to a verdict
    message_ends_s: float | None = None  # …on the end of a message, if that takes another time
    hangs_up_after_s: float | None = None  # having picked up, whatever goes on then
    # Dialled by <Dial>, they do the following instead of what a person's script says.
    presses: str = ""  # a key, while the screening document asks for one
    presses_after_s: float = 1.0
    talks_s: float | None = 5.0  # then hangs up; None: stays until the caller does

    def verdict_after_s(self, mode: DetectionMode) -> float | None:
        waits = mode == "DetectMessageEnd" and self.answered_by == "machine"
        return self.message_ends_s if waits and self.message_ends_s else self.detection_s

    def verdict(self, mode: DetectionMode) -> str:
        if self.answered_by != "machine":
            return self.answered_by
        return "machine_start" if mode == "Enable" else f"machine_end_{self.message_end}"


@dataclass(frozen=True, slots=True)
class HangUp:
    by: str
    unanswered: Status = "canceled"


@dataclass(frozen=True, slots=True)
class LoseNetwork:
    pass


Order = HangUp | LoseNetwork | Fetch | Inline
