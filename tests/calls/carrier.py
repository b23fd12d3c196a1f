"""The carrier's side of the webhooks: signs its forms as the real one does."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from twilio.request_validator import RequestValidator

CALLER = "+972501234567"


def new_sid(kind: str = "CA") -> str:
    return kind + uuid.uuid4().hex


class SignedCarrier:
    """One account of the carrier, and what it posts to us."""

    def __init__(self, account_sid: str, auth_token: str) -> None:
        self.account_sid = account_sid
        self.validator = RequestValidator(auth_token)
        self.client = Client(enforce_csrf_checks=True)
        self._sequence = itertools.count()

    def signature(self, url: str, fields: dict[str, str] | None = None) -> str:
        signature: str = self.validator.compute_signature(url, fields or {})
        return signature

    def post(self, path: str, fields: dict[str, str], **headers: str) -> HttpResponse:
        fields = {"AccountSid": self.account_sid, "ApiVersion": "2010-04-01"} | fields
        signature = self.signature(f"{settings.PUBLIC_URL}{path}", fields)
        return self.unsigned(path, fields, X_Twilio_Signature=signature, **headers)

    def unsigned(self, path: str, fields: dict[str, str], **headers: str) -> HttpResponse:
        given: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, fields, headers=given)  # type: ignore[return-value]

    def rings(
        self, slug: str, to: str, *, call_sid: str | None = None, caller: str = CALLER
    ) -> HttpResponse:
        return self.post(
            reverse("calls:incoming", args=[slug]),
            {
                "CallSid": call_sid or new_sid(),
                "From": caller,
                "To": to,
                "CallStatus": "ringing",
                "Direction": "inbound",
            },
        )

    def says_of_call(self, slug: str, call_sid: str, status: str, **more: str) -> HttpResponse:
        fields = {"CallSid": call_sid, "CallStatus": status} | more
        fields.setdefault("SequenceNumber", str(next(self._sequence)))
        return self.post(reverse("calls:call-status", args=[slug]), fields)

    def asks_what_follows(self, call_id: uuid.UUID, call_sid: str, number: int = 0) -> HttpResponse:
        """The media stream of this number is over."""
        path = reverse("calls:after-stream", args=[call_id, number] if number else [call_id])
        return self.post(path, {"CallSid": call_sid})

    def asks_for_whisper(self, transfer_id: uuid.UUID, **more: str) -> HttpResponse:
        """Whoever was dialled has picked up; this leg has a CallSid of its own."""
        fields = {"CallSid": new_sid(), "CallStatus": "in-progress", "Direction": "outbound-dial"}
        return self.post(reverse("calls:whisper", args=[transfer_id]), fields | more)

    def says_digit(self, transfer_id: uuid.UUID, digits: str, **more: str) -> HttpResponse:
        fields = {"CallSid": new_sid(), "CallStatus": "in-progress", "Digits": digits}
        return self.post(reverse("calls:whisper-answer", args=[transfer_id]), fields | more)

    def says_transfer_ended(
        self,
        call_id: uuid.UUID,
        transfer_id: uuid.UUID,
        call_sid: str,
        dial_status: str,
        **more: str,
    ) -> HttpResponse:
        fields = {
            "CallSid": call_sid,
            "CallStatus": "in-progress",
            "DialCallStatus": dial_status,
            "DialCallSid": new_sid(),
        }
        return self.post(
            reverse("calls:transfer-ended", args=[call_id, transfer_id]), fields | more
        )

    def says_of_stream(
        self, call_id: uuid.UUID, call_sid: str, event: str, **headers: str
    ) -> HttpResponse:
        return self.post(
            reverse("calls:stream-status", args=[call_id]),
            {"CallSid": call_sid, "StreamSid": new_sid("MZ"), "StreamEvent": event},
            **headers,
        )
