"""The response arbiter: one response at a time, cancelled once, by id.

idle -> requested -> active -> idle. The API refuses a second response in the conversation
(`conversation_already_has_active_response`), drops a cancel that it has no response for, and
creates a response even if its cancel was sent before `response.created`; so there is one place
that knows which of the three states holds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from calls.engine.commands import CancelResponse, Command, Purpose, RequestResponse

# Reconnecting or asking again is of no use with these (the account or its key is at fault).
FATAL_CODES: Final = frozenset(
    {
        "insufficient_quota",
        "invalid_api_key",
        "account_deactivated",
        "billing_hard_limit_reached",
    }
)
EXPIRED_CODE: Final = "session_expired"
RATE_LIMIT_CODES: Final = frozenset({"rate_limit_exceeded", "inference_rate_limit_exceeded"})
BUSY_CODE: Final = "conversation_already_has_active_response"


class State(Enum):
    IDLE = auto()
    REQUESTED = auto()
    ACTIVE = auto()


@dataclass(frozen=True, slots=True)
class Request:
    request_id: str
    purpose: Purpose


class ResponseArbiter:
    def __init__(self) -> None:
        self.state = State.IDLE
        self.response_id = ""  # of the active response
        self._current: Request | None = None  # requested or active
        self._waiting: Request | None = None  # to be requested when the current one is done
        self._cancelled = False  # the current one is not wanted any more
        self._count = 0
        self._online = True  # the model is there to be asked
        self._over: deque[str] = deque(maxlen=8)  # ids of late, so that an echo starts nothing
        self._foreign: set[str] = set()  # ids that we have cancelled and do not wait for

    @property
    def idle(self) -> bool:
        return self.state is State.IDLE and self._waiting is None

    @property
    def purpose(self) -> Purpose | None:
        """What the current response is for; None when there is none, or it is not wanted."""
        if self._current is None or self._cancelled:
            return None
        return self._current.purpose

    @property
    def next_purpose(self) -> Purpose | None:
        """What the agent's next words are for: a request that waits supersedes the current one."""
        return self.purpose if self._waiting is None else self._waiting.purpose

    def accepts(self, response_id: str) -> bool:
        """May audio and text of this response reach the caller?"""
        return (
            self.state is State.ACTIVE and response_id == self.response_id and not self._cancelled
        )

    def request(self, purpose: Purpose) -> list[Command]:
        """Ask for a response, now or as soon as the current one is done."""
        self._count += 1
        self._waiting = Request(f"req_{self._count}", purpose)
        return self._send_waiting()

    def cancel(self) -> list[Command]:
        """The current response, and one that waits behind it, are not wanted any more."""
        self._waiting = None
        if self.state is State.IDLE or self._cancelled:
            return []
        self._cancelled = True
        if self.state is State.REQUESTED:
            return []  # there is nothing to cancel by id yet: started() will do it
        return [CancelResponse(self.response_id)]

    def started(self, response_id: str, request_id: str) -> list[Command]:
        if response_id == self.response_id or response_id in (*self._over, *self._foreign):
            return []  # said twice
        if self._current is None or request_id != self._current.request_id:
            self._foreign.add(response_id)
            return [CancelResponse(response_id)]  # nobody asked for it, or nobody does any more
        self.state = State.ACTIVE
        self.response_id = response_id
        return [CancelResponse(response_id)] if self._cancelled else []

    def finished(self, response_id: str) -> list[Command]:
        """A response is over, ours or one that we knew nothing of: whatever waits may go."""
        if self.state is State.ACTIVE and response_id == self.response_id:
            self._forget()
        self._foreign.discard(response_id)
        self._over.append(response_id)
        return self._send_waiting()

    def refused(self, request_id: str, *, busy: bool) -> tuple[list[Command], bool]:
        """An error has answered our request: no response will come of it. Was it ours?

        When the server is `busy` with a response that we do not know of, the request waits for
        the end of that one. Busy answers of older servers name no request.
        """
        if self.state is not State.REQUESTED or self._current is None:
            return [], False
        if request_id != self._current.request_id and not (busy and not request_id):
            return [], False
        unwanted, request = self._cancelled, self._current
        self._forget()
        if busy and not unwanted and self._waiting is None:
            self._waiting = request
            return [], True
        return self._send_waiting(), True

    def abandon(self) -> list[Command]:
        """Nothing has come of the current response for too long: give up waiting for its end.

        Should it show up after all, started() cancels it.
        """
        commands = self.cancel()
        self._forget()
        self._foreign.clear()
        return commands

    def disconnect(self) -> Purpose | None:
        """The model is gone, and the current response with it. What that was for, if it is still
        wanted. A request that waits goes on waiting, for connect().
        """
        wanted = self.purpose
        self._forget()
        self._foreign.clear()
        self._online = False
        return wanted

    def connect(self) -> list[Command]:
        self._online = True
        return self._send_waiting()

    def _send(self, request: Request) -> list[Command]:
        self.state = State.REQUESTED
        self._current = request
        self._cancelled = False
        return [RequestResponse(request.request_id, request.purpose)]

    def _send_waiting(self) -> list[Command]:
        if self.state is not State.IDLE or self._foreign or not self._online:
            return []
        if self._waiting is None:
            return []
        request, self._waiting = self._waiting, None
        return self._send(request)

    def _forget(self) -> None:
        self.state = State.IDLE
        self.response_id = ""
        self._current = None
        self._cancelled = False
