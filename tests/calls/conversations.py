"""Calls as they are after somebody has called: what the pages are tested with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from calls.models import Call, CallStatus, EndReason, Lead, Turn
from prompts.models import Direction
from tenants.models import Business
from tenants.scoping import business_scope
from tests.people import NOW


def make_lead(business: Business, phone: str, name: str = "") -> Lead:
    with business_scope(business):
        return Lead.objects.create(business=business, phone_e164=phone, name=name)


def make_call(business: Business, *said: str, **fields: Any) -> Call:
    """An answered one of a minute, in which caller and agent say these things in turn."""
    began = fields.setdefault("created_at", NOW)
    given = {
        "direction": Direction.INBOUND,
        "status": CallStatus.COMPLETED,
        "end_reason": EndReason.CALLER_HANGUP,
        "call_sid": f"CA{uuid.uuid4().hex}",
        "from_e164": "+972501234567",
        "to_e164": "+97231110001",
        "language": "he",
        "answered_at": began + timedelta(seconds=2),
        "ended_at": began + timedelta(seconds=62),
        "duration_s": 60,
    }
    with business_scope(business):
        call = Call.objects.create(business=business, **given | fields)
        add_turns(call, said)
    return call


def add_turns(call: Call, said: Sequence[str]) -> list[Turn]:
    with business_scope(call.business_id):
        return [
            Turn.objects.create(
                business_id=call.business_id,
                call=call,
                position=position,
                speaker=("caller", "agent")[position % 2],
                item_id=f"item_{position}",
                text=text,
                started_ms=position * 3000,
                ended_ms=position * 3000 + 2500,
            )
            for position, text in enumerate(said)
        ]


# What the way into every page costs before the view begins.
WAY_IN = ("SAVEPOINT", "set_config", "django_session", "tenants_user", "tenants_membership")


def queries(client: Client, path: str, data: dict[str, str] | None = None) -> int:
    """Those of the view itself."""
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path, data or {}).status_code == 200
    return sum(not any(word in query["sql"] for word in WAY_IN) for query in caught)
