"""What was said is not kept for ever: after the days of the business it is deleted."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog

from calls.models import AgentSettings, Call, ToolCall, Transfer, Turn
from calls.models.agent_settings import TRANSCRIPT_DAYS
from calls.resolve import every_business
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

# Of one business in one go: a transaction of some milliseconds, beside calls.
AT_ONCE: Final = 200
ROUNDS: Final = 10


def forget_words(*, now: datetime) -> int:
    """Turns, and what tools and transfers were told, of calls that ended too long ago. What is left
    over for want of time, the next round deletes. Returns how many calls.
    """
    return sum(_forget_of(business_id, now) for business_id in every_business())


def _forget_of(business_id: uuid.UUID, now: datetime) -> int:
    forgotten = 0
    for _ in range(ROUNDS):
        with business_scope(business_id):
            some = _forget_some(business_id, now)
        forgotten += some
        if some < AT_ONCE:
            break
    if forgotten:
        logger.info("words_forgotten", business_id=str(business_id), calls=forgotten)
    return forgotten


def _forget_some(business_id: uuid.UUID, now: datetime) -> int:
    before = now - timedelta(days=_days(business_id))
    old = Call.objects.for_business(business_id).with_words_from_before(before)
    calls = list(old.order_by("ended_at").values_list("pk", flat=True)[:AT_ONCE])
    Turn.objects.for_business(business_id).filter(call__in=calls).delete()
    tools = ToolCall.objects.for_business(business_id).filter(call__in=calls)
    tools.update(arguments={}, result=None)
    Transfer.objects.for_business(business_id).filter(call__in=calls).update(summary="")
    Call.objects.for_business(business_id).filter(pk__in=calls).update(words_deleted=True)
    return len(calls)


def _days(business_id: uuid.UUID) -> int:
    found = AgentSettings.objects.for_business(business_id).values_list(
        "transcript_days", flat=True
    )
    return found.first() or TRANSCRIPT_DAYS
