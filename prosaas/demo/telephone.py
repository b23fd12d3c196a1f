"""Somebody calls a business: through the stand-in carrier's own door, watched in the rows."""

from __future__ import annotations

import base64
import http.client
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from calls.models import Call, Turn
from tenants.models import Business, PhoneNumber
from tenants.scoping import business_scope

TIMEOUT_S = 10.0


class CarrierDoorError(Exception):
    """The stand-in carrier did not do what was asked."""


@dataclass(frozen=True, slots=True)
class CarrierDoor:
    url: str
    account_sid: str
    auth_token: str = field(repr=False)

    def place_call(
        self, *, to: str, voice_url: str, status_url: str, person: str, language: str
    ) -> str:
        """Dials, and returns the CallSid."""
        wish = {
            "to": to,
            "voice_url": voice_url,
            "status_callback": status_url,
            "status_events": ["initiated", "ringing", "answered", "completed"],
            "person": person,
            "language": language,
        }
        return str(self._ask("POST", "/simulator/calls", wish)["sid"])

    def script(self, numbers: Mapping[str, Mapping[str, Any]]) -> None:
        """Who picks up when these numbers are dialled."""
        self._ask("PUT", "/simulator/callees", {"numbers": numbers})

    def bring(self, numbers: Mapping[str, Business], public_url: str) -> None:
        """The calls of these numbers to us, as somebody would set it in Twilio's console."""
        wish = {
            e164: {
                "voice_url": voice_url(business, public_url),
                "status_callback": status_url(business, public_url),
            }
            for e164, business in numbers.items()
        }
        self._ask("PUT", f"/simulator/accounts/{self.account_sid}/numbers", wish)

    def state(self, call_sid: str) -> dict[str, Any]:
        return self._ask("GET", f"/simulator/calls/{call_sid}")

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        login = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            answer = response.read().decode()
        except OSError as error:
            raise CarrierDoorError(
                f"The stand-in carrier at {self.url} does not answer."
            ) from error
        finally:
            connection.close()
        if response.status >= 400:
            raise CarrierDoorError(f"The stand-in carrier refused: {answer}")
        parsed: dict[str, Any] = json.loads(answer)
        return parsed


@dataclass(slots=True)
class Conversation:
    """One call as it becomes known, printed turn by turn."""

    business: Business
    call_sid: str
    say: Callable[[str], None]
    over: bool = False
    _printed: dict[str, str] = field(default_factory=dict)

    def look(self) -> None:
        with business_scope(self.business):
            call = Call.objects.for_business(self.business).filter(call_sid=self.call_sid).first()
            if call is None:
                return
            turns = list(Turn.objects.for_business(self.business).filter(call=call))
        self.over = call.ended_at is not None and call.carrier_final_at is not None
        for turn in sorted(turns, key=lambda turn: turn.started_ms):
            # A caller's words come later than the turn itself: wait for them, but not for ever.
            if (turn.text or self.over) and self._printed.get(turn.item_id) != turn.text:
                self._print_turn(turn)
        if self.over:
            self.say(metrics_line(self.business, call))

    def _print_turn(self, turn: Turn) -> None:
        self._printed[turn.item_id] = turn.text
        minutes, seconds = divmod(turn.started_ms / 1000, 60)
        cut = (
            f"  [interrupted after {(turn.heard_ms or 0) / 1000:.1f} s]" if turn.interrupted else ""
        )
        text = turn.text or "(no words recognised)"
        self.say(
            f"{self.business.slug:>14}  {int(minutes):02d}:{seconds:04.1f}  "
            f"{turn.speaker:<6}  {text}{cut}"
        )


def metrics_line(business: Business, call: Call) -> str:
    figures = {
        "business": business.slug,
        "status": call.status,
        "end_reason": call.end_reason,
        "greeting_latency_ms": call.greeting_latency_ms,
        "frames_in": call.frames_in,
        "frames_forwarded": call.frames_forwarded,
        "frames_dropped": call.frames_dropped,
        "frames_sent": call.frames_sent,
        "heard_ms": call.heard_ms,
        "utterances": call.utterances_total,
        "barge_ins": call.barge_ins,
        "full_prompt": "confirmed" if call.full_confirmed else "not confirmed",
    }
    return "[CALL_METRICS] " + " ".join(f"{name}={value}" for name, value in figures.items())


def number_of(business: Business) -> str:
    """A number under which the business is reached. Raises LookupError if it has none."""
    with business_scope(business):
        numbers = PhoneNumber.objects.for_business(business).filter(active=True)
        number = numbers.order_by("e164").first()
    if number is None:
        raise LookupError(f"{business.slug} has no active number: give it one in the admin.")
    return number.e164


def voice_url(business: Business, public_url: str) -> str:
    return f"{public_url}/twiml/incoming/{business.slug}"


def status_url(business: Business, public_url: str) -> str:
    return f"{public_url}/webhooks/twilio/call-status/{business.slug}"


def call_business(
    door: CarrierDoor,
    business: Business,
    public_url: str,
    person: str,
    say: Callable[[str], None],
) -> Conversation:
    call_sid = door.place_call(
        to=number_of(business),
        voice_url=voice_url(business, public_url),
        status_url=status_url(business, public_url),
        person=person,
        language=business.language,
    )
    return Conversation(business, call_sid, say)


def business_id_of(report: str) -> uuid.UUID:
    """The id in what create_business prints."""
    return uuid.UUID(json.loads(report)["business_id"])
