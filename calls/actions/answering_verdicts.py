from __future__ import annotations

import uuid
from datetime import datetime

import structlog

from calls.actions.announcing import announce
from calls.models import Call, CarrierVerdict
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)


def take_answering_verdict(
    *, call_id: uuid.UUID, business_id: uuid.UUID, answered_by: str, now: datetime
) -> None:
    """Keep what the carrier takes the callee for, and tell the process that carries the call. Safe
    to be told twice, before the stream starts and after it is over."""
    if answered_by not in CarrierVerdict.values:
        logger.warning("unknown_answered_by", call_id=str(call_id), answered_by=answered_by)
        return
    with business_scope(business_id):
        call = Call.objects.for_business(business_id).get(pk=call_id)
        if call.take_carrier_verdict(CarrierVerdict(answered_by), now):
            announce(call, "call.answered")
