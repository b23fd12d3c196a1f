"""A caller on the line, and what the model asks for on their behalf."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import count
from typing import Any

from calls.engine.tooling import ToolEffect, ToolOutcome
from calls.models import (
    AgentSettings,
    Call,
    DoNotCall,
    HttpTool,
    Lead,
    OpeningHours,
    ToolCall,
    TransferTarget,
)
from calls.tools.executing import take_up
from prompts.models import Direction
from tenants.models import Business
from tenants.scoping import business_scope
from tests.people import NOW

CALLER = "+972501234567"
EVERYTHING = {"may_schedule": True, "may_transfer": True}


def permit(business: Business, **given: Any) -> None:
    with business_scope(business):
        AgentSettings.objects.update_or_create(business=business, defaults=given)


def opening_hours(business: Business, *weekdays: int, opens: str, closes: str) -> None:
    with business_scope(business):
        for weekday in weekdays:
            OpeningHours.objects.create(
                business=business,
                weekday=weekday,
                opens=time.fromisoformat(opens),
                closes=time.fromisoformat(closes),
            )


def target(business: Business, name: str, **given: Any) -> TransferTarget:
    with business_scope(business):
        values = {"e164": "+97231112222", **given}
        return TransferTarget.objects.create(business=business, name=name, **values)


def http_tool(business: Business, name: str = "find_order", **given: Any) -> HttpTool:
    values: dict[str, Any] = {
        "description": "Look an order up.",
        "url": "https://tool.garage.test/orders",
        "secret": "a secret of the garage's own",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer"}},
            "required": ["number"],
        },
    }
    with business_scope(business):
        return HttpTool.objects.create(business=business, name=name, **values | given)


@dataclass
class OnTheLine:
    """One call, as its tools see it."""

    call: Call
    now: datetime = NOW
    ids: count[int] = field(default_factory=lambda: count(1))

    @classmethod
    def of(cls, business: Business, caller: str | None = CALLER) -> OnTheLine:
        with business_scope(business):
            lead = None
            if caller:
                lead, _ = Lead.objects.get_or_create(business=business, phone_e164=caller)
            return cls(
                Call.objects.create(
                    business=business,
                    direction=Direction.INBOUND,
                    call_sid=f"CA{uuid.uuid4().hex}",
                    from_e164=caller or "+266696687",
                    lead=lead,
                    language="he",
                    created_at=NOW,
                )
            )

    def take_up(self, name: str, arguments: object = None, tool_call_id: str = "") -> Any:
        written = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
        return take_up(
            business_id=self.call.business_id,
            call_id=self.call.pk,
            tool_call_id=tool_call_id or f"call_{next(self.ids)}",
            name=name,
            arguments=written,
            now=self.now,
        )

    def asks(self, name: str, arguments: object = None, tool_call_id: str = "") -> Told:
        outcome = self.take_up(name, arguments, tool_call_id)
        assert isinstance(outcome, ToolOutcome)
        return Told(json.loads(outcome.output), outcome.succeeded, outcome.effect)

    @property
    def lead(self) -> Lead:
        with business_scope(self.call.business_id):
            return Lead.objects.get(calls=self.call)

    @property
    def not_to_be_called(self) -> tuple[datetime, str]:
        with business_scope(self.call.business_id):
            entry = DoNotCall.objects.get(phone_e164=self.lead.phone_e164, call=self.call)
            return entry.since, entry.via

    @property
    def rows(self) -> list[ToolCall]:
        with business_scope(self.call.business_id):
            return list(ToolCall.objects.filter(call=self.call).order_by("created_at", "pk"))


@dataclass(frozen=True)
class Told:
    """What the model hears of it."""

    content: dict[str, Any]
    succeeded: bool
    effect: ToolEffect
