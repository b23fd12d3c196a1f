"""The addresses under which the carrier reaches us.

All of them stand on PUBLIC_URL and none on a request's Host header: behind a proxy that header is
not what the carrier has signed, and it is whatever a stranger writes into it.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.urls import reverse


def public(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def media_socket(token: str) -> str:
    """`wss` follows from `https`. No query string: the carrier refuses one (error 31920)."""
    return "ws" + public(f"/ws/media/{token}").removeprefix("http")


def after_stream(call_id: uuid.UUID, number: int) -> str:
    """The first stream of a call has the plain address, as nearly all calls have one only."""
    return public(reverse("calls:after-stream", args=[call_id, number] if number else [call_id]))


def transfer_ended(call_id: uuid.UUID, transfer_id: uuid.UUID) -> str:
    return public(reverse("calls:transfer-ended", args=[call_id, transfer_id]))


def whisper(transfer_id: uuid.UUID) -> str:
    return public(reverse("calls:whisper", args=[transfer_id]))


def whisper_answer(transfer_id: uuid.UUID) -> str:
    return public(reverse("calls:whisper-answer", args=[transfer_id]))


def stream_status(call_id: uuid.UUID) -> str:
    return public(reverse("calls:stream-status", args=[call_id]))


def recording_status(call_id: uuid.UUID) -> str:
    return public(reverse("calls:recording-status", args=[call_id]))
