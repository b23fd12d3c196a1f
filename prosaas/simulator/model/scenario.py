"""What a stand-in session is told to do: replies, what it hears, how fast it is, what goes wrong.

Everything is counted per session. Where a script ends, the session goes on by itself: it answers
like a polite receptionist, understands the recordings in clips/ and nothing breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Range = tuple[float, float]


# How fast


@dataclass(frozen=True, slots=True)
class Pacing:
    """Simulated seconds, each drawn from its range."""

    first_delta: Range = (0.3, 1.5)
    """From the request (or the end of the caller's turn) to the first delta."""
    created_by_client: Range = (0.01, 0.06)
    created_by_turn: Range = (0.2, 0.8)
    """To `response.created`; never later than the first delta."""
    delta_ms: Range = (100, 400)
    """Audio in one delta. Sizes are odd: never whole telephone frames."""
    burst: tuple[int, int] = (1, 4)
    """Deltas that leave together."""
    times_real_time: Range | None = (3, 10)
    """None: without any pause. Below 1: slower than it is heard."""
    late_deltas: tuple[int, int] = (0, 3)
    """Deltas that still leave after a response was cut."""
    cut: Range = (0.01, 0.06)
    """From the cut to `response.done`."""


REALISTIC = Pacing()
INSTANT = Pacing(
    first_delta=(0, 0),
    created_by_client=(0, 0),
    created_by_turn=(0, 0),
    times_real_time=None,
    cut=(0, 0),
)
SLOW = Pacing(times_real_time=(0.5, 0.8))


# What it says


@dataclass(frozen=True, slots=True)
class Say:
    """One spoken item, or a written one in a response that asked for text."""

    text: str


@dataclass(frozen=True, slots=True)
class UseTool:
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = None
    """Sent instead of the arguments, to be broken JSON for instance."""
    call_id: str | None = None
    """The same one twice is a call delivered twice."""
    deltas: int = 4


@dataclass(frozen=True, slots=True)
class Completed:
    pass


@dataclass(frozen=True, slots=True)
class Failed:
    code: str = "server_error"
    message: str = "The server had an error while processing your request."
    after_ms: int = 0
    """Audio that still left; at 0 there is not even an item."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    reason: Literal["max_output_tokens", "content_filter"] = "max_output_tokens"
    after_ms: int = 500


RATE_LIMITED = Failed(
    code="rate_limit_exceeded",
    message="Rate limit reached for this model. Please try again in 1.5s.",
)


@dataclass(frozen=True, slots=True)
class Reply:
    output: tuple[Say | UseTool, ...] = ()
    ending: Completed | Failed | Incomplete = Completed()
    pacing: Pacing | None = None


def say(*texts: str, pacing: Pacing | None = None) -> Reply:
    """Each text is an item of its own."""
    return Reply(tuple(Say(text) for text in texts), pacing=pacing)


# What it hears


@dataclass(frozen=True, slots=True)
class Hearing:
    """How one turn of the caller is transcribed."""

    outcome: Literal["right", "wrong", "empty", "failed", "never"] = "right"
    text: str | None = None
    """Instead of what was recognised; also what the answer goes by."""
    language: str = ""
    delay: Range = (0.25, 0.6)
    """From the commit."""
    after: Literal["committed", "response.created", "response.done", "next_turn"] = (
        "response.created"
    )
    patience: float | None = None
    """How long it waits, after the delay, for that event before it comes all the same. None: the
    usual time, which is short for `response.created` and long for the others."""


# What goes wrong


@dataclass(frozen=True, slots=True)
class CloseSocket:
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AbortSocket:
    """The connection is reset: no closing frame, no goodbye."""


@dataclass(frozen=True, slots=True)
class Stall:
    """No events for a while; they come all at once afterwards. Deaf: nothing is read either."""

    seconds: float = 30.0
    deaf: bool = False


@dataclass(frozen=True, slots=True)
class SendError:
    code: str | None
    message: str = "The server had an error while processing your request."
    type: str = "server_error"


@dataclass(frozen=True, slots=True)
class SendEvent:
    """An event of any type, known or unknown."""

    type: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SendText:
    """A text frame as it stands, JSON or not."""

    text: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same event again."""


Action = CloseSocket | AbortSocket | Stall | SendError | SendEvent | SendText | Repeat


@dataclass(frozen=True, slots=True)
class Incident:
    """Strikes right behind the nth event of a type that this session sends."""

    after: str
    does: tuple[Action, ...]
    nth: int = 1
    """0: behind every one."""
    delay: float = 0.0


AUDIO_DELTA = "response.output_audio.delta"
SESSION_TOO_OLD = CloseSocket(1001, "Your session hit the maximum duration of 60 minutes.")
QUOTA_EXHAUSTED: tuple[Action, ...] = (
    SendError(
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
    ),
    CloseSocket(1008, "insufficient_quota"),
)


def mid_reply(*actions: Action, deltas: int = 3) -> Incident:
    """Behind so many deltas of audio."""
    return Incident(AUDIO_DELTA, actions, nth=deltas)


@dataclass(frozen=True, slots=True)
class UpdateAnswer:
    """How one `session.update` is taken."""

    outcome: Literal["apply", "error", "other_format", "ignore"] = "apply"
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Handshake:
    """How one connection attempt is taken."""

    status: int | None = None
    """Refuse with this HTTP status."""
    error_code: str | None = None
    """Accept, send an `error` with this code, close."""
    delay: float = 0.0
    lifetime: float | None = None
    """Seconds until the connection is closed for its age."""
    incidents: tuple[Incident, ...] = ()
    """Of this connection, used or not; those of a scenario wait for its first client event."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A session takes up its scenario with the first event of its client, so that connections
    which are only kept ready use up none.
    """

    replies: tuple[Reply, ...] = ()
    """For responses of the default conversation, in the order they were accepted."""
    asides: tuple[Reply, ...] = ()
    """For responses outside of it (`conversation: none`)."""
    hearings: tuple[Hearing, ...] = ()
    """For the caller's turns, in order."""
    updates: tuple[UpdateAnswer, ...] = ()
    incidents: tuple[Incident, ...] = ()
    pacing: Pacing = REALISTIC
    hearing: Hearing = Hearing()
    """For turns that `hearings` does not name."""
    rate_limits: Literal["late", "early", "never"] = "late"
    extra_fields: bool = False
    """Every event carries fields that nobody knows."""
    truncates_itself: bool = False
    """Cuts an interrupted item on its own, as some have claimed the service does."""
    seed: int = 0
