"""One request to the carrier to call somebody, and what is known of it afterwards.

The carrier's `POST …/Calls.json` is not idempotent (its error page 20500 says that a repeat can ring
the same person again), so there is one request, on a connection of its own, and it is never
repeated here. Connecting and sending are apart: what fails before the first byte of the request was
never placed, what fails after it may have been.
"""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlencode, urlsplit

import certifi
import orjson
from django.conf import settings

from tenants.credentials import TwilioAccount

TIMEOUT_S: Final = 5.0
TOO_MANY_REQUESTS: Final = 429
CREATED: Final = 201
ANSWER_LIMIT: Final = 64 * 1024
CALL_SID: Final = re.compile(r"CA[0-9a-fA-F]{32}")
# The carrier's connection overrides. Retried thrice within the carrier's patience of 15 s: a callback is the strongest evidence of a
# call whose answer was lost.
# Whoever has picked up does not wait for longer than this for the first word.
ANSWER_PATIENCE: Final = "#ct=2000&rt=4000"
CALLBACK_RETRIES: Final = "#rc=3&rp=all&ct=2000&rt=4000&tt=14000"


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Whom to ring and where the carrier finds us. Seconds are whole."""

    to: str
    from_: str
    answer_url: str
    fallback_url: str
    status_url: str
    detection_url: str  # empty: the carrier does not listen for machines
    ring_s: int
    longest_s: int


@dataclass(frozen=True, slots=True)
class Placed:
    call_sid: str
    queued_ms: int  # before the carrier will dial it, by its own estimate


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """Surely not: to be tried again later, and not counted against the person."""

    reason: str
    congested: bool = False  # the carrier is asked too often


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely not, and asking again is no use: `status` and `code` are the carrier's."""

    status: int
    code: int
    message: str

    @property
    def is_about_the_account(self) -> bool:
        return self.status in (401, 403)


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may ring by now, or never."""

    reason: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """We were told at the last moment not to send it."""


Placing = Placed | NotPlaced | Refused | Unknown | Withheld


def place_call(
    account: TwilioAccount, request: CallRequest, *, may_send: Callable[[], bool]
) -> Placing:
    """`may_send` is asked once, connected and with nothing sent yet. Raises only what it raises."""
    connection = _connection()
    try:
        try:
            connection.connect()
        except OSError as error:  # refused, not found, timed out, not trusted
            return NotPlaced(f"not connected: {type(error).__name__}")
        if not may_send():
            return Withheld()
        try:
            connection.request(
                "POST",
                f"{_base_path()}/2010-04-01/Accounts/{account.account_sid}/Calls.json",
                body=urlencode(_form(request)),
                headers=_headers(account),
            )
            answer = connection.getresponse()
            return _meaning(answer.status, answer.read(ANSWER_LIMIT))
        except (OSError, HTTPException, ValueError) as error:
            return Unknown(f"no answer: {type(error).__name__}")
    finally:
        connection.close()


def _connection() -> HTTPConnection:
    """Never a kept one: of a request on a stale connection nobody can tell whether it arrived."""
    base = urlsplit(settings.TWILIO_API_BASE_URL)
    host = base.hostname or ""
    if base.scheme == "https":
        return HTTPSConnection(host, base.port, timeout=TIMEOUT_S, context=_trust())
    return HTTPConnection(host, base.port, timeout=TIMEOUT_S)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _base_path() -> str:
    return urlsplit(settings.TWILIO_API_BASE_URL).path.rstrip("/")


def _headers(account: TwilioAccount) -> dict[str, str]:
    pair = f"{account.account_sid}:{account.auth_token}".encode()
    return {
        "Authorization": f"Basic {b64encode(pair).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Connection": "close",
    }


def _form(request: CallRequest) -> list[tuple[str, str]]:
    form = [
        ("To", request.to),
        ("From", request.from_),
        ("Url", request.answer_url + ANSWER_PATIENCE),
        ("FallbackUrl", request.fallback_url),
        ("StatusCallback", request.status_url + CALLBACK_RETRIES),
        ("Timeout", str(request.ring_s)),
        ("TimeLimit", str(request.longest_s)),
        *(("StatusCallbackEvent", event) for event in ("initiated", "ringing", "answered")),
        ("StatusCallbackEvent", "completed"),
    ]
    if request.detection_url:
        form += [
            ("MachineDetection", "DetectMessageEnd"),
            ("AsyncAmd", "true"),
            ("AsyncAmdStatusCallback", request.detection_url),
        ]
    return form


def _meaning(status: int, body: bytes) -> Placing:
    if status == TOO_MANY_REQUESTS:
        return NotPlaced("too many requests", congested=True)
    answer = _json(body)
    if status == CREATED:
        return _placed(answer)
    code = answer.get("code")
    if 400 <= status < 500 and isinstance(code, int):
        return Refused(status, code, str(answer.get("message", ""))[:200])
    return Unknown(f"status {status}")


def _placed(answer: dict[str, object]) -> Placing:
    sid = answer.get("sid")
    if not (isinstance(sid, str) and CALL_SID.fullmatch(sid)):
        return Unknown("an answer without a call")
    queued = str(answer.get("queue_time") or "0")
    return Placed(sid, int(queued) if queued.isascii() and queued.isdigit() else 0)


def _json(body: bytes) -> dict[str, object]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
