"""What to do. Imperative; the bridge executes each of them without a decision of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calls.engine.profile import Role


class Stage(StrEnum):
    """Which of the two prompts a session.update carries."""

    COMPACT = "compact"
    FULL = "full"


class Purpose(StrEnum):
    """Why a response was asked for."""

    GREETING = "greeting"
    ANSWER = "answer"
    WORDS = "words"  # an answer that calls no more tools
    SILENCE = "silence"
    WARNING = "warning"
    FAREWELL = "farewell"
    MESSAGE = "message"  # given words, for a mailbox
    RESUMPTION = "resumption"


class Disposition(StrEnum):
    """What becomes of the carrier's line at the end."""

    HANG_UP = "hang_up"
    APOLOGISE = "apologise"  # the TwiML behind the stream speaks a sentence, or finds a person
    LEAVE = "leave"  # the call goes on without us, as the row says


class EndReason(StrEnum):
    """Why a call ended, as far as the engine decides it. The row knows some more."""

    CALLER_HANGUP = "caller_hangup"
    AGENT_GOODBYE = "agent_goodbye"
    SILENCE = "silence"
    MAX_DURATION = "max_duration"
    VOICEMAIL = "voicemail"
    TRANSFER = "transfer"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_LOST = "model_lost"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class ConnectModel:
    """A new socket to the model; one that is still there is closed."""


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
class AddItem:
    """Something that was said and that this session of the model has not heard, as text.

    With `first` it stands before everything else.
    """

    role: Role
    text: str
    item_id: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class RunTool:
    call_id: str
    name: str
    arguments: str


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
    language: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class ReportKey:
    """The account's key was refused, and will be the next time: others are to know at once.

    Without a code: it was good for a session.
    """

    code: str = ""


@dataclass(frozen=True, slots=True)
class ReportLimit:
    """The account has as much under way as it may: nobody is to be called for a while."""

    code: str


@dataclass(frozen=True, slots=True)
class EndCall:
    """The last command of a call."""

    reason: str
    detail: str
    then: Disposition


Command = (
    ConnectModel
    | ConfigureSession
    | ClearInputAudio
    | RequestResponse
    | CancelResponse
    | TruncateItem
    | DeleteItem
    | AddNote
    | AddItem
    | RunTool
    | AnswerTool
    | ClearPlayback
    | SaveTurn
    | ReportKey
    | ReportLimit
    | EndCall
)
