"""What happened. Past tense; from the model, from the carrier, from our own operations."""

from __future__ import annotations

from dataclasses import dataclass, field

from calls.engine.tooling import ToolOutcome


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one response, as `response.done` reports them. Cached ones are a subset."""

    text_in: int = 0
    audio_in: int = 0
    cached_text_in: int = 0
    cached_audio_in: int = 0
    text_out: int = 0
    audio_out: int = 0


@dataclass(frozen=True, slots=True)
class FunctionCall:
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in the caller's playback: `end_ms` of an item, queued in a given generation.

    The carrier echoes a mark when the audio before it was played *or cleared*; the generation
    tells the two apart.
    """

    item_id: str
    end_ms: int
    generation: int


# From the model's socket


@dataclass(frozen=True, slots=True)
class ModelReady:
    """The socket to the model is open and has said session.created."""


@dataclass(frozen=True, slots=True)
class ModelUnavailable:
    """No socket to the model could be opened. `code` when the key or the account is refused."""

    detail: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class ModelLost:
    """The socket to the model ended, and it was not us who closed it."""

    detail: str


@dataclass(frozen=True, slots=True)
class SessionConfirmed:
    input_format: str
    output_format: str


@dataclass(frozen=True, slots=True)
class CallerStarted:
    item_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CallerStopped:
    item_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CallerCommitted:
    item_id: str


@dataclass(frozen=True, slots=True)
class CallerTranscribed:
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptionFailed:
    item_id: str
    code: str


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """`request_id` is what we put into the request's metadata; empty if it was not ours."""

    response_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class AgentAudio:
    response_id: str
    item_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class AgentAudioDone:
    response_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class AgentTextDelta:
    """The next words of an item; they run ahead of their audio."""

    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AgentTranscribed:
    """What the agent generated, not what was heard of it."""

    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ResponseFinished:
    response_id: str
    status: str
    error_code: str = ""
    item_ids: tuple[str, ...] = ()
    function_calls: tuple[FunctionCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    retry_after_s: float = 0.0  # when a rate limit says how long it lasts


@dataclass(frozen=True, slots=True)
class ModelError:
    """An `error` event; `event_id` names the message of ours that it answers, if any."""

    code: str
    message: str
    event_id: str = ""


# From the carrier's socket


@dataclass(frozen=True, slots=True)
class MarkReached:
    mark: Mark


@dataclass(frozen=True, slots=True)
class KeyPressed:
    digit: str


@dataclass(frozen=True, slots=True)
class CarrierStopped:
    """The carrier said `stop`: the caller hung up, or the call was ended over REST."""


@dataclass(frozen=True, slots=True)
class CarrierLost:
    """The carrier's socket ended without a `stop`, or broke the protocol beyond repair.

    The caller may still be there, and come back in another stream, unless it is for good.
    """

    detail: str
    for_good: bool = False


# From our own operations


@dataclass(frozen=True, slots=True)
class ToolFinished:
    call_id: str
    outcome: ToolOutcome


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """What the carrier takes the callee for, in its own words. A hint, at any time or never."""

    verdict: str


@dataclass(frozen=True, slots=True)
class TeamInstructed:
    """Somebody of the business, who follows the call, tells the agent something."""

    text: str


@dataclass(frozen=True, slots=True)
class TakeOverRequested:
    """Somebody of the business has decided that a person takes over; who, says the row."""


@dataclass(frozen=True, slots=True)
class EndRequested:
    """The call is over, or is to be, by news from outside the two sockets."""

    reason: str
    detail: str = ""


Event = (
    ModelReady
    | ModelUnavailable
    | ModelLost
    | SessionConfirmed
    | CallerStarted
    | CallerStopped
    | CallerCommitted
    | CallerTranscribed
    | TranscriptionFailed
    | ResponseStarted
    | AgentAudio
    | AgentAudioDone
    | AgentTextDelta
    | AgentTranscribed
    | ResponseFinished
    | ModelError
    | MarkReached
    | KeyPressed
    | CarrierStopped
    | CarrierLost
    | ToolFinished
    | AnsweredBy
    | TeamInstructed
    | TakeOverRequested
    | EndRequested
)
