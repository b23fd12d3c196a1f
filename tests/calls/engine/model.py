"""The other end of the model's socket, by the API's rules.

One response at a time; a second request is refused as busy and nothing follows it. A cancel stops
nothing at once: audio that was under way still arrives, and `response.done` comes when it comes.
Requests wait until the model gets to them, as they do on a slow day.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from calls.engine.events import (
    AgentAudio,
    AgentAudioDone,
    AgentTextDelta,
    AgentTranscribed,
    FunctionCall,
    ModelError,
    ModelLost,
    ModelReady,
    ResponseFinished,
    ResponseStarted,
)
from calls.engine.responses import BUSY_CODE
from tests.calls.engine.telephone import Utterance

# What the agent says: no two stretches of it are alike, so nothing lost or repeated goes unseen.
SPEECH: Final = random.Random(20).randbytes(1 << 18)
SPOKEN_BEFORE_REPEATING: Final = 1 << 17


@dataclass(slots=True)
class Request:
    request_id: str
    since: float  # when it was first asked for


@dataclass(slots=True)
class Response:
    response_id: str
    request_id: str  # empty: nobody asked for it
    asked_since: float
    cancelled_at: float | None = None
    utterances: list[Utterance] = field(default_factory=list)

    @property
    def wanted(self) -> bool:
        return bool(self.request_id) and self.cancelled_at is None

    @property
    def open_utterance(self) -> Utterance | None:
        return self.utterances[-1] if self.utterances and not self.utterances[-1].done else None


class Model:
    def __init__(self) -> None:
        self.pending: deque[Request] = deque()  # asked for, and not begun
        self.active: Response | None = None
        self.gone = False
        self.responses = 0
        self.sought = False  # a new socket to it was asked for, and is not open yet
        self.items: set[str] = set()  # that this session of it knows
        self.names_the_refused = True  # older servers do not
        self._items = 0
        self._calls = 0
        self._said = 0

    # What it is told

    def asked(self, request_id: str, since: float) -> ModelError | None:
        """The refusal, if a response is running; else the request waits until it is begun."""
        if self.active is not None:
            return self._refusal(request_id)
        self.pending.append(Request(request_id, since))
        return None

    def cancelled(self, response_id: str, now: float) -> None:
        if self.active is not None and self.active.response_id == response_id:
            self.active.cancelled_at = now

    # What it does

    def begins(self, now: float) -> tuple[ResponseStarted, list[ModelError]]:
        """The oldest request becomes a response, those behind it are refused.

        Without a request it begins one of its own accord.
        """
        request = self.pending.popleft() if self.pending else Request("", now)
        refused = [self._refusal(late.request_id) for late in self.pending]
        self.pending.clear()
        self.responses += 1
        self.active = Response(f"resp_{self.responses}", request.request_id, request.since)
        return ResponseStarted(self.active.response_id, request.request_id), refused

    def says(self, size: int) -> AgentAudio:
        response = self._running()
        utterance = response.open_utterance
        if utterance is None:
            utterance = Utterance(self._new_item(), response.response_id)
            self.items.add(utterance.item_id)
            response.utterances.append(utterance)
        data = SPEECH[self._said : self._said + size]
        self._said = (self._said + size) % SPOKEN_BEFORE_REPEATING
        return AgentAudio(response.response_id, utterance.item_id, data)

    def ends_item(self) -> AgentAudioDone:
        response = self._running()
        utterance = response.utterances[-1]
        utterance.done = True
        return AgentAudioDone(response.response_id, utterance.item_id)

    def transcribes(self, text: str) -> AgentTranscribed:
        response = self._running()
        return AgentTranscribed(response.response_id, response.utterances[-1].item_id, text)

    def finishes(self, status: str, error_code: str, tools: tuple[str, ...]) -> ResponseFinished:
        """With a call of each of the tools, which are items as well."""
        response, self.active = self._running(), None
        for utterance in response.utterances:
            utterance.done = True
        item_ids = [utterance.item_id for utterance in response.utterances]
        item_ids += [self._new_item() for _ in tools]
        calls = tuple(FunctionCall(self._new_call(), tool, "{}") for tool in tools)
        return ResponseFinished(response.response_id, status, error_code, tuple(item_ids), calls)

    def writes(self, text: str) -> AgentTextDelta:
        """Words ahead of their audio, of an item that has begun."""
        response = self._running()
        return AgentTextDelta(response.response_id, response.utterances[-1].item_id, text)

    def goes(self, why: str) -> ModelLost:
        """Its socket ends, and whatever it was at with it."""
        self.leaves()
        return ModelLost(why)

    def leaves(self) -> None:
        if self.active is not None:
            for utterance in self.active.utterances:
                utterance.done = True
        self.gone, self.active = True, None
        self.pending.clear()
        self.items.clear()

    def returns(self) -> ModelReady:
        self.gone = self.sought = False
        return ModelReady()

    def refuses(self) -> ModelError:
        """Not because it is busy: it will not do what was asked."""
        return ModelError("server_error", "try again", self.pending.popleft().request_id)

    def _new_item(self) -> str:
        self._items += 1
        return f"item_{self._items}"

    def _new_call(self) -> str:
        self._calls += 1
        return f"call_{self._calls}"

    def _refusal(self, request_id: str) -> ModelError:
        named = request_id if self.names_the_refused else ""
        return ModelError(BUSY_CODE, "Conversation already has an active response", named)

    def _running(self) -> Response:
        assert self.active is not None, "the model runs no response now"
        return self.active
