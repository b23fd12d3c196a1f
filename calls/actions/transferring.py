"""A caller is put through to a person: the carrier's questions on the way, and our answers.

Nothing is remembered between them but rows. Each question may come twice, and gets the same answer.
"""

from __future__ import annotations

import uuid
from datetime import datetime

import structlog

from calls import resolve, twiml
from calls.actions.ending import announce_end
from calls.actions.leaving import goodbye
from calls.actions.resuming import stream_after
from calls.callers import telephone_of
from calls.forms import TransferEndedForm, WhisperAnswerForm, WhisperForm
from calls.models import (
    CARRIER_STATUSES,
    AgentSettings,
    Call,
    EndReason,
    Transfer,
    TransferQuerySet,
    TransferStatus,
)
from calls.phrases import Phrase, announcement
from calls.signature import ForeignCall
from prompts.models import Direction
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

ACCEPT = "1"
# "answered" is what some documents of the carrier's call it.
PICKED_UP = frozenset({"completed", "answered"})
# What a transfer says about the end of its call.
EXPLAINED: dict[str, tuple[EndReason, str]] = {
    TransferStatus.COMPLETED: (EndReason.TRANSFER, "The caller talked to a person."),
    TransferStatus.CALLER_HANGUP: (
        EndReason.CALLER_HANGUP,
        "The caller hung up before a person took over.",
    ),
}
# How one has ended of which nothing more was told before the call was over.
LEFT_OVER = {
    TransferStatus.REQUESTED: TransferStatus.FAILED,
    TransferStatus.DIALING: TransferStatus.CALLER_HANGUP,
    TransferStatus.CONNECTED: TransferStatus.COMPLETED,
}
NOBODY_THERE = {"busy": TransferStatus.BUSY, "no-answer": TransferStatus.NO_ANSWER}
# Endings of our own making: the caller may be helped by a person where the agent could not go on.
AGENT_FAILED = frozenset({EndReason.MODEL_LOST, EndReason.MODEL_UNAVAILABLE, EndReason.ERROR})


def transfer_after(call: Call, number: int) -> Transfer | None:
    """The transfer for which the caller left this media stream; its telephone is to ring now."""
    transfers = Transfer.objects.for_business(call.business_id).filter(call=call)
    dialled = transfers.after_stream(number).first()
    if dialled or call.stream_number != number:
        return dialled
    requested = transfers.requested().first()
    if requested is None:
        return None
    requested.dial(number)
    logger.info("caller_put_through", call_id=str(call.pk), transfer_id=str(requested.pk))
    return requested


def fallback_after(call: Call, number: int, now: datetime) -> Transfer | None:
    """Whom the business has named for the case that its agent fails, as a transfer of its own.

    Announced to nobody: the caller has waited long enough.
    """
    settings = AgentSettings.objects.of(call.business)
    target = settings.fallback
    if call.end_reason not in AGENT_FAILED or target is None or not target.active:
        return None
    if not call.business.is_active:
        return None
    wanted = Transfer(
        business=call.business,
        call=call,
        target=target,
        e164=target.e164,
        warm=False,
        ring_s=settings.transfer_ring_s,
        status=TransferStatus.DIALING,
        stream_number=number,
        requested_at=now,
    )
    Transfer.objects.bulk_create([wanted], ignore_conflicts=True)
    logger.warning("caller_put_through_to_fallback", call_id=str(call.pk))
    transfers = Transfer.objects.for_business(call.business_id).filter(call=call)
    return transfers.after_stream(number).first()


def dialling(call: Call, transfer: Transfer) -> str:
    """Goes by what never changes once it is dialled, so that every delivery gets the same bytes."""
    return twiml.dial(
        call_id=call.pk,
        transfer_id=transfer.pk,
        e164=transfer.e164,
        caller_id=_number_of_business(call),
        ring_s=transfer.ring_s,
        warm=transfer.warm,
        language=call.language,
        first=Phrase.ONE_MOMENT if call.end_reason in AGENT_FAILED else None,
    )


def whisper(*, transfer_id: uuid.UUID, form: WhisperForm, now: datetime) -> str:
    """What whoever has picked up hears, while it still rings for the caller."""
    business_id = resolve.business_of_transfer(transfer_id)
    with business_scope(business_id):
        transfer = _announced(transfer_id, business_id, form)
        if not transfer.pick_up(now):
            return twiml.hang_up()
        call = transfer.call
        words = announcement(
            call.business.language,
            business=call.business.name,
            caller=_caller(call),
            summary=transfer.summary,
        )
        return twiml.whisper(transfer_id=transfer.pk, words=words, language=call.business.language)


def take_whisper_answer(*, transfer_id: uuid.UUID, form: WhisperAnswerForm, now: datetime) -> str:
    """The key decides. An empty document puts the legs together; whoever has refused is hung up."""
    business_id = resolve.business_of_transfer(transfer_id)
    with business_scope(business_id):
        transfer = _announced(transfer_id, business_id, form)
        if form.digits == ACCEPT:
            return twiml.accept() if transfer.accept(now) else twiml.hang_up()
        transfer.move(TransferStatus.REFUSED, ended_at=now)
        return twiml.hang_up()


def end_transfer(
    *, call_id: uuid.UUID, transfer_id: uuid.UUID, form: TransferEndedForm, now: datetime
) -> str:
    """What the caller hears when it has stopped ringing, or the other one has hung up.

    Whoever was not reached, the caller is back with the agent, in the next media stream.
    """
    business_id = resolve.business_of_call(call_id)
    with business_scope(business_id):
        transfer = _dialled(business_id).get(pk=transfer_id, call_id=call_id)
        call = transfer.call
        if call.call_sid != form.call_sid:
            raise ForeignCall(call_id)
        transfer.move(_outcome(transfer, form), ended_at=now)
        # Not what was written: the key of whoever was dialled may have decided before.
        transfer.refresh_from_db(fields=["status"])
        logger.info("transfer_ended", transfer_id=str(transfer_id), status=transfer.status)
        return _follow(call, transfer, form, now)


def settle_left_over(*, transfer_id: uuid.UUID, business_id: uuid.UUID, now: datetime) -> None:
    """End a transfer of a call that is over, when the carrier has not told how it ended."""
    with business_scope(business_id):
        transfers = Transfer.objects.for_business(business_id).select_related("call")
        transfer = transfers.get(pk=transfer_id)
        if transfer.is_live and transfer.move(
            LEFT_OVER[TransferStatus(transfer.status)], ended_at=now
        ):
            transfer.refresh_from_db(fields=["status"])
            _explain(transfer.call, transfer, now)
            logger.warning("transfer_left_over", transfer_id=str(transfer_id))


def _follow(call: Call, transfer: Transfer, form: TransferEndedForm, now: datetime) -> str:
    """Goes by rows: the second delivery of a webhook finds what the first has left."""
    if transfer.status in EXPLAINED:
        _explain(call, transfer, now)
        return twiml.hang_up()
    number = transfer.stream_number or 0
    call.next_stream(number, now)
    call.refresh_from_db(fields=["status", "end_reason"])
    return stream_after(call, number) if call.is_live else goodbye(call)


def _explain(call: Call, transfer: Transfer, now: datetime) -> None:
    if transfer.status in EXPLAINED:
        reason, detail = EXPLAINED[transfer.status]
        call.finish(end_reason=reason, end_detail=detail, metrics={}, now=now)
        announce_end(call)


def _outcome(transfer: Transfer, form: TransferEndedForm) -> TransferStatus:
    """Our own row says whether an announced caller was accepted: the carrier calls a leg completed
    also when whoever picked up has refused. Only the newer carriers say whether the legs were joined.
    """
    picked_up = form.dial_call_status in PICKED_UP
    accepted = transfer.accepted_at is not None if transfer.warm else picked_up
    if accepted and form.dial_bridged.lower() != "false":
        return TransferStatus.COMPLETED
    if _is_over(form) or transfer.call.carrier_final_at:
        return TransferStatus.CALLER_HANGUP
    if transfer.answered_at and not accepted:
        return TransferStatus.REFUSED
    return NOBODY_THERE.get(form.dial_call_status, TransferStatus.FAILED)


def _is_over(form: TransferEndedForm) -> bool:
    """The caller's own leg, of which the carrier tells as well when it asks what follows."""
    status = CARRIER_STATUSES.get(form.call_status)
    return status is not None and not status.is_live


def _number_of_business(call: Call) -> str:
    number = call.to_e164 if call.direction == Direction.INBOUND else call.from_e164
    return telephone_of(number) or ""


def _caller(call: Call) -> str:
    """By name, or by the number digit for digit, so that it is not read as a sum of money."""
    if call.lead and call.lead.name:
        return call.lead.name
    number = call.from_e164 if call.direction == Direction.INBOUND else call.to_e164
    return " ".join((telephone_of(number) or "").removeprefix("+"))


def _announced(transfer_id: uuid.UUID, business_id: uuid.UUID, form: WhisperForm) -> Transfer:
    transfer = _dialled(business_id).get(pk=transfer_id, warm=True)
    if form.parent_call_sid not in ("", transfer.call.call_sid):
        raise ForeignCall(transfer.call_id)
    return transfer


def _dialled(business_id: uuid.UUID) -> TransferQuerySet:
    transfers: TransferQuerySet = Transfer.objects.for_business(business_id).dialled()
    return transfers.select_related("call__business", "call__lead")
