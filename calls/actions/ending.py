from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

import structlog

from calls import telephony
from calls.actions.announcing import announce
from calls.models import Call, EndReason
from tenants.actions import record_audit
from tenants.credentials import twilio_account
from tenants.models import User
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)


def finish_call(
    *,
    call_id: uuid.UUID,
    business_id: uuid.UUID,
    end_reason: str,
    end_detail: str,
    metrics: Mapping[str, object],
    now: datetime,
    stream_number: int | None = None,
) -> None:
    """Note why a call ended. Has to be done before its carrier socket is closed by us, since the
    carrier asks at once what the caller shall hear next, and the row answers.

    With `stream_number` the end of that media stream is the end of the call: unless the caller is
    in another one already, which a process that comes late knows nothing of.
    """
    with business_scope(business_id):
        call = Call.objects.for_business(business_id).select_for_update().get(pk=call_id)
        if stream_number not in (None, call.stream_number):
            call.add_metrics(metrics)
            logger.warning("end_of_an_earlier_stream", call_id=str(call_id), number=stream_number)
            return
        call.finish(
            end_reason=EndReason(end_reason), end_detail=end_detail, metrics=metrics, now=now
        )
        announce_end(call)


def leave_stream(
    *,
    call_id: uuid.UUID,
    business_id: uuid.UUID,
    stream_number: int,
    metrics: Mapping[str, object],
) -> None:
    """Keep what a media stream has measured. The call goes on: the row says nothing of an end, and
    the carrier, which asks next, is told what follows this stream.
    """
    with business_scope(business_id):
        call = Call.objects.for_business(business_id).get(pk=call_id)
        call.add_metrics(metrics)
    logger.info("media_stream_left", call_id=str(call_id), number=stream_number)


def hang_up(*, call_id: uuid.UUID, business_id: uuid.UUID) -> None:
    """Unless the carrier itself has said that it is over. Raises `TelephonyError`; nothing is locked
    while the carrier is asked.
    """
    with business_scope(business_id):
        account = twilio_account(business_id)
        call = Call.objects.for_business(business_id).get(pk=call_id)
    if call.call_sid and call.carrier_final_at is None:
        telephony.hang_up(account, call.call_sid)


def end_by_operator(*, call: Call, by: User, now: datetime) -> bool:
    """False when it is over already. Raises `TelephonyError` or `CredentialMissing` when the carrier
    cannot be told: the row is closed all the same, and the sweep tells the carrier later.
    """
    with business_scope(call.business_id):
        calls = Call.objects.for_business(call.business_id).select_related("business")
        row = calls.select_for_update(of=("self",)).get(pk=call.pk)
        if not row.is_live:
            return False
        row.finish(
            end_reason=EndReason.ERROR,
            end_detail="An operator ended the call.",
            metrics={},
            now=now,
        )
        record_audit(
            business=row.business, action="call.ended", by=by, now=now, subject=str(row.pk)
        )
        announce_end(row)
    hang_up(call_id=call.pk, business_id=call.business_id)
    return True


def announce_end(call: Call) -> None:
    """Tell the process that holds the sockets, once the row is committed."""
    announce(call, "call.ended")
