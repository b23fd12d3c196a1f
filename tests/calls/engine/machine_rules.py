"""What must hold of outbound calls that a machine may have answered; see `rules.py`."""

from __future__ import annotations

from typing import Final

from calls.engine import commands, events
from calls.engine.answering import MESSAGES
from calls.engine.commands import Purpose
from calls.engine.core import Phase
from calls.engine.events import Event
from calls.engine.fillers import Meaning, meaning
from calls.engine.left_message import Message
from calls.engine.mailboxes import Hint, hint_in
from calls.engine.session import CallSession
from calls.engine.transcript import Verdict
from tests.calls.engine.telephone import EPSILON_S

VOICEMAIL: Final = "voicemail"


class MachineRules:
    """Every answer is what is wrong, or nothing."""

    def __init__(self, session: CallSession) -> None:
        self._session = session
        self._began: dict[str, float] = {}  # the callee's turns
        self._over: set[str] = set()  # of them
        self._closed_at: float | None = None
        self._message_at: float | None = None
        self._messages: list[str] = []  # requests
        self._responses: dict[str, str] = {}  # of them, by request
        self._whole: set[str] = set()  # responses that the model finished
        self._interrupted: set[str] = set()  # messages, by a person
        self._heard_at = 0.0  # something of the callee, or of the model

    def hear(self, event: Event, now: float) -> None:
        match event:
            case events.CallerStarted(item_id):
                self._began[item_id] = now
            case events.CallerCommitted(item_id):
                self._over.add(item_id)
            case events.ResponseStarted(response_id, request_id):
                if request_id in self._messages:
                    self._responses[request_id] = response_id
            case events.ResponseFinished(response_id, "completed"):
                self._whole.add(response_id)
        if isinstance(event, HEARD_OF):
            self._heard_at = now

    def speaks(self, purpose: Purpose | None, *, first: bool, caller_speaking: bool) -> str:
        """A frame of the agent's is about to be heard."""
        if self._session.core.profile.machine is None:
            return ""
        if self._session.conversation.answering.closing and purpose is not Purpose.MESSAGE:
            return "the agent talks to a machine"
        greets = purpose in (None, Purpose.GREETING) and self._session.phase is Phase.GREETING
        if first and caller_speaking and greets:
            return "the callee is greeted while he speaks"
        if purpose is Purpose.MESSAGE and first and caller_speaking:
            return "the message is spoken into the greeting"
        return ""

    def asks(self, command: commands.RequestResponse, now: float) -> str:
        if command.purpose is not Purpose.MESSAGE or command.request_id in self._messages:
            return ""
        self._messages.append(command.request_id)
        self._message_at = now
        # What a model was lost in the middle of, another one is asked for.
        if len(self._messages) > MESSAGES + self._session.metrics.reconnects:
            return "one message after the other is left"
        return ""

    def holds_back(self, now: float) -> str:
        """Is a greeting that waits for the callee's hello kept waiting in vain?"""
        waited = now - self._heard_at
        too_long = waited > self._session.limits.opening_s + EPSILON_S
        return "nobody speaks, and nobody is greeted" if too_long else ""

    def rest(self, event: Event | None, now: float, *, believed: Verdict | None) -> str:
        answering = self._session.conversation.answering
        fault = ""
        if isinstance(event, events.CallerTranscribed) and believed is Verdict.NONE:
            fault = self._judge_protest(event)
        if answering.closing and self._closed_at is None:
            self._closed_at = now
        elif not answering.closing and self._closed_at is not None:
            self._interrupted |= set(self._messages)
            self._closed_at = self._message_at = None
        return fault

    def _judge_protest(self, event: events.CallerTranscribed) -> str:
        """A person who speaks to a line that is being closed on a machine."""
        session = self._session
        if self._closed_at is None or not session.core.online or session.phase is Phase.ENDED:
            return ""
        since = self._closed_at if self._message_at is None else self._message_at
        after = self._began.get(event.item_id, 0.0) >= since
        if not after or event.item_id not in self._over:
            return ""
        if meaning(event.text) is not Meaning.MEANINGFUL:
            return ""
        hint = hint_in(event.text)
        person = hint is Hint.PERSON or (hint is None and self._message_at is not None)
        if person and session.conversation.answering.closing:
            return "a person speaks, and is taken for a machine"
        return ""

    def ends(self, reason: str, heard: dict[str, list[bool]], unwanted: set[str]) -> str:
        """`heard`: of what every response has said, whether it was heard in full."""
        session = self._session
        self._whole -= unwanted  # what has come of them was not listened to
        if reason == VOICEMAIL and session.core.profile.machine is None:
            return "whoever has called us is taken for a machine"
        summary = session.summary()
        if summary.message != self._message(heard):
            return f"the message is {summary.message!r}, and was {self._message(heard)!r}"
        return ""

    def _message(self, heard: dict[str, list[bool]]) -> str:
        begun = [each for each in self._messages if each in self._responses]
        said = [each for each in begun if heard.get(self._responses[each])]
        if not said:
            return Message.NONE
        response = self._responses[said[-1]]
        if response in self._whole and all(heard[response]):
            return Message.HEARD
        return Message.INTERRUPTED if said[-1] in self._interrupted else Message.CUT_OFF


HEARD_OF: Final = (
    events.CallerStarted,
    events.CallerStopped,
    events.CallerCommitted,
    events.CallerTranscribed,
    events.SessionConfirmed,
    events.ModelLost,
)
