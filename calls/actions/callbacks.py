from __future__ import annotations

import uuid
from datetime import datetime

import structlog

from calls import resolve, twiml
from calls.actions.ending import announce_end
from calls.actions.leaving import goodbye, is_leave_taken
from calls.actions.resuming import stream_after
from calls.actions.transferring import dialling, fallback_after, transfer_after
from calls.forms import (
    AfterStreamForm,
    CallbackForm,
    CallStatusForm,
    RecordingStatusForm,
    StreamStatusForm,
)
from calls.models import (
    CARRIER_STATUSES,
    Call,
    CallbackEvent,
    CallbackSource,
    EndReason,
    Recording,
)
from calls.signature import ForeignCall
from tenants.models import Business
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)


def after_stream(*, call_id: uuid.UUID, number: int, form: AfterStreamForm, now: datetime) -> str:
    """What the caller hears when the media stream of this number is over.

    Decided by the row alone, in whatever process. Whoever ends a call therefore writes why before
    closing the socket; a row that says nothing tells of a caller who is to be put through, or of a
    socket that broke under both of them.
    """
    business_id = resolve.business_of_call(call_id)
    with business_scope(business_id):
        call = _named_call(call_id, business_id, form.call_sid)
        if is_leave_taken(call):
            return twiml.hang_up()
        transfer = transfer_after(call, number)
        if transfer is None and call.is_live:
            if call.resume(number, now):
                logger.warning("media_stream_broke_off", call_id=str(call_id), number=number)
                return _stream_after(call, number)
            _give_up(call, now)
        transfer = transfer or fallback_after(call, number, now)
        return dialling(call, transfer) if transfer else goodbye(call)


def _stream_after(call: Call, number: int) -> str:
    """Unless the call has ended between our reading and our writing."""
    call.refresh_from_db(fields=["status", "end_reason", "carrier_final_at"])
    return stream_after(call, number) if call.is_live else goodbye(call)


def _give_up(call: Call, now: datetime) -> None:
    call.finish(
        end_reason=EndReason.ERROR,
        end_detail="The line to the caller broke too often.",
        metrics={},
        now=now,
    )
    # The bridge may have said why between our reading and our writing.
    call.refresh_from_db(fields=["status", "end_reason", "carrier_final_at"])
    announce_end(call)


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
    business_id = resolve.business_of_call(call_id)
    with business_scope(business_id):
        call = _named_call(call_id, business_id, form.call_sid)
        stored = _event(CallbackSource.STREAM_STATUS, business_id, call, form, now).store_once()
        if stored and form.stream_event == "stream-error":
            call.count("stream_errors")
            logger.warning("media_stream_error", call_id=str(call_id), error=form.stream_error)


def take_recording_status(*, call_id: uuid.UUID, form: RecordingStatusForm, now: datetime) -> None:
    """Nothing is fetched here: the carrier waits for an answer. Safe to be told twice, in any order,
    also before the carrier's own answer has told us what the recording is called.
    """
    business_id = resolve.business_of_call(call_id)
    with business_scope(business_id):
        call = _named_call(call_id, business_id, form.call_sid)
        if not _event(CallbackSource.RECORDING_STATUS, business_id, call, form, now).store_once():
            return
        recording = Recording.objects.for_business(business_id).of_call(call).first()
        if recording is None or not recording.is_called(form.recording_sid, now):
            logger.warning("callback_of_unknown_recording", call_id=str(call_id))
            return
        _merge_recording(recording, form, now)


def _merge_recording(recording: Recording, form: RecordingStatusForm, now: datetime) -> None:
    match form.recording_status:
        case "completed":
            recording.complete(
                duration_s=form.recording_duration,
                channels=form.recording_channels,
                started_at=form.recording_start_time,
                now=now,
            )
        case "absent" | "failed":
            recording.lose(f"The carrier reported {form.recording_status}.", now)


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


def _named_call(call_id: uuid.UUID, business_id: uuid.UUID, call_sid: str) -> Call:
    calls = Call.objects.for_business(business_id).select_related("business")
    call: Call = calls.get(pk=call_id)
    if call.call_sid != call_sid:
        raise ForeignCall(call_id)
    return call
