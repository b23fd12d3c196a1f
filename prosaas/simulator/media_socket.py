"""Under a media stream: the handshake, what may be said on the socket, and bunched sending."""

from __future__ import annotations

import binascii
import random
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus

from prosaas.simulator.twiml import HANDSHAKE_FAILURE
from prosaas.simulator.webhooks import Account, PublicAddress, sign

CONNECTION_TIMEOUT = 31901
SOCKET_CLOSED = 31921
PROTOCOL_FAILURE = 31924
BUFFER_OVERFLOW = 31930

# Of the machine's time, whatever the speed of the simulation: a handshake takes what it takes.
_CONNECT_TIMEOUT_S = 5.0
_CLOSE_TIMEOUT_S = 2.0

Signature = Literal["right", "wrong", "missing"]


class StreamError(Exception):
    """What the carrier reports about a stream, by its own codes."""

    def __init__(self, code: int, message: str, http_status: int | None = None) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.http_status = http_status


async def open_socket(
    url: str,
    account: Account,
    address: PublicAddress,
    signature: Signature = "right",
) -> ClientConnection:
    """Raises StreamError when the product does not let the carrier in."""
    token = account.auth_token if signature == "right" else "not the account's token"
    headers = {} if signature == "missing" else {"X-Twilio-Signature": sign(token, url)}
    route, tcp = _socket_route(url, address)
    try:
        return await connect(
            route,
            compression=None,
            additional_headers=headers,
            user_agent_header="Twilio.TmeWs/1.0",
            proxy=None,
            open_timeout=_CONNECT_TIMEOUT_S,
            ping_interval=None,
            close_timeout=_CLOSE_TIMEOUT_S,
            **tcp,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        raise StreamError(HANDSHAKE_FAILURE, f"answered {status}, not 101", status) from error
    except (InvalidHandshake, InvalidMessage) as error:
        raise StreamError(HANDSHAKE_FAILURE, str(error)) from error
    except (OSError, TimeoutError) as error:
        raise StreamError(CONNECTION_TIMEOUT, str(error)) from error


def _socket_route(url: str, address: PublicAddress) -> tuple[str, dict[str, Any]]:
    if not address.covers(url):
        return url, {}
    public, inner = urlsplit(url), urlsplit(address.deliver_to)
    # The Host header stays the public one; only the TCP connection goes elsewhere.
    route = urlunsplit(("ws", public.netloc, public.path, "", ""))
    return route, {"host": inner.hostname, "port": inner.port or 80}


def read_message(message: str | bytes) -> tuple[str, dict[str, Any]]:
    """The event's name and the whole message; raises StreamError on what the carrier refuses."""
    if isinstance(message, bytes):
        raise StreamError(PROTOCOL_FAILURE, "a binary message")
    try:
        body = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise StreamError(PROTOCOL_FAILURE, "a message that is not JSON") from error
    event = body.get("event") if isinstance(body, dict) else None
    if event not in ("media", "mark", "clear"):
        raise StreamError(PROTOCOL_FAILURE, f"unknown event {event!r}")
    return event, body


def read_payload(body: dict[str, Any]) -> bytes:
    media = body.get("media")
    payload = media.get("payload") if isinstance(media, dict) else None
    if not isinstance(payload, str):
        raise StreamError(PROTOCOL_FAILURE, "media without a payload")
    try:
        return binascii.a2b_base64(payload, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise StreamError(PROTOCOL_FAILURE, "a payload that is not base64") from error


@dataclass(frozen=True, slots=True)
class Jitter:
    """Frames come in bunches instead of one by one."""

    smallest_bunch: int = 3
    largest_bunch: int = 10
    seed: int = 0


class Outbox:
    """Messages on their way out; with jitter they wait until a bunch of frames is together."""

    def __init__(self, jitter: Jitter | None) -> None:
        self._jitter = jitter
        self._dice = random.Random(jitter.seed if jitter else 0)
        self._messages: deque[str] = deque()
        self._missing_frames = 0
        self._next_bunch()

    def put(self, message: str) -> None:
        self._messages.append(message)

    def put_frame(self, message: str) -> None:
        self._messages.append(message)
        self._missing_frames -= 1

    def flush(self) -> None:
        self._missing_frames = 0

    def take(self) -> list[str]:
        if self._missing_frames > 0:
            return []
        taken = list(self._messages)
        self._messages.clear()
        self._next_bunch()
        return taken

    def _next_bunch(self) -> None:
        if self._jitter is not None:
            self._missing_frames = self._dice.randint(
                self._jitter.smallest_bunch, self._jitter.largest_bunch
            )
