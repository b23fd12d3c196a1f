from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import structlog

from calls import resolve, twiml
from calls.actions.binding import rendered
from calls.callers import telephone_of
from calls.forms import IncomingCallForm
from calls.models import TOKEN_LIFETIME, AgentSettings, Call, CallStatus, EndReason, Lead
from calls.phrases import Phrase
from prompts.models import Direction, Prompt, PromptVersion
from tenants.credentials import CredentialMissing, is_refused, openai_account
from tenants.models import Business
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

WHY_NOT = {
    EndReason.REJECTED_UNKNOWN_NUMBER: "The dialled number is not one of this business's.",
    EndReason.REJECTED_SUSPENDED: "The business is suspended.",
    EndReason.REJECTED_NO_PROMPT: "No prompt for inbound calls is published.",
    EndReason.REJECTED_NO_CREDENTIALS: "There is no key for the model.",
    EndReason.REJECTED_KEY_REFUSED: "The model has refused the key, a moment ago.",
}


def answer_call(*, slug: str, form: IncomingCallForm, now: datetime) -> str:
    """The TwiML for a ringing number. A second delivery gets the same and makes nothing new.

    Nothing outside is asked, and all rows are written in one transaction.
    """
    business_id = resolve.business_by_slug(slug)
    if business_id is None:
        raise Business.DoesNotExist(slug)
    owner = resolve.owner_of_number(form.to)
    with business_scope(business_id):
        call = Call.objects.for_business(business_id).filter(call_sid=form.call_sid).first()
        if call is None:
            business = Business.objects.get(pk=business_id)
            call = _record(business, owner, form=form, now=now)
        return _answer(call)


def connect_outbound(
    *, call_id: uuid.UUID, business_id: uuid.UUID, version: PromptVersion, now: datetime
) -> str:
    """The TwiML for a call of ours that somebody has picked up, on this version of the outbound
    prompt. A second delivery gets the same. Inside the business's scope.
    """
    calls = Call.objects.for_business(business_id).select_related("business", "lead")
    call: Call = calls.select_for_update(of=("self",)).get(pk=call_id)
    if call.direction != Direction.OUTBOUND or version.prompt.direction != Direction.OUTBOUND:
        raise ValueError("An outbound call runs on an outbound prompt.")
    if call.token_expires_at is None and call.is_live:
        _connect(call, version, now)
    if not call.token_expires_at:
        return twiml.hang_up() if call.end_reason else twiml.say(Phrase.NOT_NOW, call.language)
    return _answer(call)


def _connect(call: Call, version: PromptVersion, now: datetime) -> None:
    refusal = not_able(call.business, now)
    if refusal:
        call.finish(end_reason=refusal, end_detail=WHY_NOT[refusal], metrics={}, now=now)
        call.refresh_from_db()
        return
    call.token_expires_at = now + TOKEN_LIFETIME
    call.recording_announced = AgentSettings.objects.of(call.business).records
    call.save(update_fields=["token_expires_at", "recording_announced"])
    rendered(call, version).save(force_insert=True)
    logger.info("outbound_call_answered", call_id=str(call.pk), business_id=str(call.business_id))


def _answer(call: Call) -> str:
    """Goes by columns that never change, so that every delivery gets the same bytes."""
    if call.token_expires_at:
        return twiml.connect(
            call_id=call.pk,
            number=0,
            token=call.token(0),
            language=call.language,
            first=Phrase.RECORDED if call.recording_announced else None,
        )
    if call.end_reason == EndReason.REJECTED_UNKNOWN_NUMBER:
        return twiml.say(Phrase.NOT_IN_SERVICE, call.language)
    return twiml.say(Phrase.NOT_NOW, call.language)


def _record(
    business: Business,
    owner: resolve.NumberOwner | None,
    *,
    form: IncomingCallForm,
    now: datetime,
) -> Call:
    number_id = owner.number_id if owner and owner.business_id == business.pk else None
    version = Prompt.objects.published_version(business, Direction.INBOUND)
    refusal = _refusal(business, number_id, version, now)
    call = Call(
        business=business,
        direction=Direction.INBOUND,
        call_sid=form.call_sid,
        account_sid=form.account_sid,
        number_id=number_id,
        lead=_lead(business, form.from_, now) if number_id else None,
        language=business.language,
        created_at=now,
        **(_as_refused(refusal, now) if refusal else _as_ringing(business, now)),
    )
    if number_id or owner is None:
        # Who rang another business's number is for that business alone to know.
        call.from_e164, call.to_e164 = form.from_, form.to
    return _store(call, version, form)


def _refusal(
    business: Business, number_id: uuid.UUID | None, version: PromptVersion | None, now: datetime
) -> EndReason | None:
    if number_id is None:
        return EndReason.REJECTED_UNKNOWN_NUMBER
    if business.is_active and version is None:
        return EndReason.REJECTED_NO_PROMPT
    return not_able(business, now)


def not_able(business: Business, now: datetime) -> EndReason | None:
    """Why nobody of ours could talk on this business's lines now."""
    if not business.is_active:
        return EndReason.REJECTED_SUSPENDED
    try:
        account = openai_account(business)
    except CredentialMissing:
        return EndReason.REJECTED_NO_CREDENTIALS
    return EndReason.REJECTED_KEY_REFUSED if is_refused(account.api_key, now=now) else None


def _as_ringing(business: Business, now: datetime) -> dict[str, Any]:
    return {
        "status": CallStatus.RINGING,
        "token_expires_at": now + TOKEN_LIFETIME,
        "recording_announced": AgentSettings.objects.of(business).records,
    }


def _as_refused(reason: EndReason, now: datetime) -> dict[str, Any]:
    return {
        "status": CallStatus.REJECTED,
        "end_reason": reason,
        "end_detail": WHY_NOT[reason],
        "ended_at": now,
    }


def _lead(business: Business, address: str, now: datetime) -> Lead | None:
    telephone = telephone_of(address)
    if telephone is None:
        return None
    lead, _ = Lead.objects.get_or_create(
        business=business, phone_e164=telephone, defaults={"created_at": now}
    )
    return lead


def _store(call: Call, version: PromptVersion | None, form: IncomingCallForm) -> Call:
    """Two deliveries may arrive together; the row of the one that came first serves both."""
    Call.objects.bulk_create([call], ignore_conflicts=True)
    stored = Call.objects.for_business(call.business).get(call_sid=call.call_sid)
    if stored.pk != call.pk:
        return stored
    if call.lead_id:
        Lead.objects.for_business(call.business_id).called(call.lead_id, call.created_at)
    facts = {
        "call_id": str(call.pk),
        "business_id": str(call.business_id),
        "pii.from": form.from_,
        "pii.to": form.to,
    }
    if call.is_live and version:
        rendered(call, version).save(force_insert=True)
        logger.info("incoming_call_answered", **facts)
    else:
        logger.warning("incoming_call_refused", reason=call.end_reason, **facts)
    return stored
