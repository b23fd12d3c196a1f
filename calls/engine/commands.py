"""What to do. Imperative; the bridge executes each of them without a decision of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Which of the two prompts a session.update carries."""

    COMPACT = "compact"
    FULL = "full"


class Purpose(StrEnum):
    """Why a response was asked for."""

    GREETING = "greeting"
    ANSWER = "answer"
    SILENCE = "silence"
    WARNING = "warning"
    FAREWELL = "farewell"


class EndReason(StrEnum):
    """Why a call ended, as far as the engine decides it. The row knows some more."""

    CALLER_HANGUP = "caller_hangup"
    AGENT_GOODBYE = "agent_goodbye"
    SILENCE = "silence"
    MAX_DURATION = "max_duration"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_LOST = "model_lost"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class ConfigureSession:
    stage: Stage
    event_id: str


@dataclass(frozen=True, slots=True)
class ClearInputAudio:
    """Forget caller audio that the model may have read in its default format."""


@dataclass(frozen=True, slots=True)
class RequestResponse:
    """`request_id` goes into the metadata, so that the response can be told from any other."""

    request_id: str
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class CancelResponse:
    response_id: str


@dataclass(frozen=True, slots=True)
class TruncateItem:
    item_id: str
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class DeleteItem:
    item_id: str


@dataclass(frozen=True, slots=True)
class AddNote:
    """A system message into the conversation, for the next response to act on."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerTool:
    call_id: str
    name: str
    arguments: str
    output: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class ClearPlayback:
    """Empty the carrier's buffer, and whatever of ours has not reached it."""


@dataclass(frozen=True, slots=True)
class SaveTurn:
    """One utterance as it stands; sent again, whole, when more becomes known about it.

    Times are milliseconds since the media stream started. For a caller's turn `generated_ms` and
    `heard_ms` are 0.
    """

    position: int
    speaker: str
    item_id: str
    text: str
    started_ms: int
    ended_ms: int
    generated_ms: int
    heard_ms: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class EndCall:
    """The last command of a call.

    With `apologise` the carrier's line is left to what follows the stream in the TwiML, which
    speaks a sentence and hangs up; otherwise the bridge hangs up.
    """

    reason: str
    detail: str
    apologise: bool


Command = (
    ConfigureSession
    | ClearInputAudio
    | RequestResponse
    | CancelResponse
    | TruncateItem
    | DeleteItem
    | AddNote
    | AnswerTool
    | ClearPlayback
    | SaveTurn
    | EndCall
)
