from __future__ import annotations

import uuid
from datetime import datetime

import structlog

from calls import resolve, twiml
from calls.actions.ending import announce_end
from calls.forms import AfterStreamForm, CallbackForm, CallStatusForm, StreamStatusForm
from calls.models import (
    CARRIER_STATUSES,
    Call,
    CallbackEvent,
    CallbackSource,
    EndReason,
)
from calls.phrases import Phrase
from calls.signature import ForeignCall
from tenants.models import Business
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

# Endings that the caller knows of. After any other the caller waits on an open line for a word.
TAKEN_LEAVE = frozenset(
    {
        EndReason.CALLER_HANGUP,
        EndReason.AGENT_GOODBYE,
        EndReason.SILENCE,
        EndReason.MAX_DURATION,
        EndReason.VOICEMAIL,
        EndReason.TRANSFER,
        EndReason.OWNER_HANGUP,
    }
)


def after_stream(*, call_id: uuid.UUID, form: AfterStreamForm, now: datetime) -> str:
    """What the caller hears when the media stream is over.

    Decided by the row alone, in whatever process. Whoever ends a call therefore writes why before
    closing the socket; a row that says nothing tells of a socket that broke.
    """
    business_id = _business_of(call_id)
    with business_scope(business_id):
        call = _named_call(call_id, business_id, form.call_sid)
        if not call.end_reason:
            call.finish(
                end_reason=EndReason.CARRIER,
                end_detail="The media stream broke off.",
                metrics={},
                now=now,
            )
            # The bridge may have said why between our reading and our writing.
            call.refresh_from_db(fields=["end_reason"])
            announce_end(call)
            logger.warning("media_stream_broke_off", call_id=str(call_id))
        if call.end_reason in TAKEN_LEAVE:
            return twiml.hang_up()
        return twiml.say(Phrase.SORRY, call.language)


def take_call_status(*, slug: str, form: CallStatusForm, now: datetime) -> None:
    """Keep what the carrier says, and merge it into the call. Safe to be told twice, in any order."""
    business_id = resolve.business_by_slug(slug)
    if business_id is None:
        raise Business.DoesNotExist(slug)
    with business_scope(business_id):
        call = Call.objects.for_business(business_id).filter(call_sid=form.call_sid).first()
        event = _event(CallbackSource.CALL_STATUS, business_id, call, form, now)
        event.sequence = form.sequence_number
        if not event.store_once():
            return
        if call is None:
            logger.warning("callback_of_unknown_call", business_id=str(business_id))
            return
        _merge(call, form, now)


def take_stream_status(*, call_id: uuid.UUID, form: StreamStatusForm, now: datetime) -> None:
    business_id = _business_of(call_id)
    with business_scope(business_id):
        call = _named_call(call_id, business_id, form.call_sid)
        stored = _event(CallbackSource.STREAM_STATUS, business_id, call, form, now).store_once()
        if stored and form.stream_event == "stream-error":
            call.count("stream_errors")
            logger.warning("media_stream_error", call_id=str(call_id), error=form.stream_error)


def _merge(call: Call, form: CallStatusForm, now: datetime) -> None:
    status = CARRIER_STATUSES.get(form.call_status)
    if status is None:
        logger.warning("unknown_call_status", call_id=str(call.pk), status=form.call_status)
        return
    changed = call.apply_carrier_status(
        status, sequence=form.sequence_number, duration=form.call_duration, now=now
    )
    if changed and not status.is_live:
        announce_end(call)


def _event(
    source: CallbackSource,
    business_id: uuid.UUID,
    call: Call | None,
    form: CallbackForm,
    now: datetime,
) -> CallbackEvent:
    return CallbackEvent(
        business_id=business_id,
        call=call,
        source=source,
        call_sid=form.call_sid,
        idempotency_token=form.idempotency_token,
        payload=form.payload,
        received_at=now,
    )


def _business_of(call_id: uuid.UUID) -> uuid.UUID:
    business_id = resolve.business_of_call(call_id)
    if business_id is None:
        raise Call.DoesNotExist(call_id)
    return business_id


def _named_call(call_id: uuid.UUID, business_id: uuid.UUID, call_sid: str) -> Call:
    call = Call.objects.for_business(business_id).get(pk=call_id)
    if call.call_sid != call_sid:
        raise ForeignCall(call_id)
    return call
