from __future__ import annotations

import uuid
from datetime import datetime

import structlog

from calls import resolve
from calls.actions.binding import rendered
from calls.admission import AdmittedCall, StreamRefused
from calls.media_tokens import call_id_of
from calls.models import Call, EndReason, PromptBinding
from calls.signature import is_genuine_socket
from prompts.models import Prompt
from tenants.credentials import (
    CredentialMissing,
    OpenAIAccount,
    TwilioAccount,
    openai_account,
    twilio_account,
)
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)


def admit_stream(*, token: str, signature: str, url: str, now: datetime) -> AdmittedCall:
    """Give a media socket its call, once. Asked before the handshake is accepted.

    The token is used up last: a socket that is refused for any other reason leaves the call to
    the one that it belongs to. Raises `StreamRefused`.
    """
    call_id = call_id_of(token)
    if call_id is None:
        raise StreamRefused("bad_token")
    business_id = resolve.business_of_token(call_id)
    if business_id is None:
        raise StreamRefused("unknown_call", call_id=call_id)
    try:
        with business_scope(business_id):
            call = _call(call_id, business_id)
            admitted = _admit(call, signature=signature, url=url, now=now)
    except CredentialMissing as missing:
        raise StreamRefused("no_credentials", call_id=call_id) from missing
    if admitted is None:  # only now: the reason on the row has to outlive the refusal
        raise StreamRefused("binding", call_id=call_id)
    logger.info("media_stream_admitted", call_id=str(call_id), business_id=str(business_id))
    return admitted


def _call(call_id: uuid.UUID, business_id: uuid.UUID) -> Call:
    calls = Call.objects.for_business(business_id).select_related("business", "lead")
    return calls.get(pk=call_id)


def _admit(call: Call, *, signature: str, url: str, now: datetime) -> AdmittedCall | None:
    carrier = twilio_account(call.business)
    if not is_genuine_socket(carrier, url, signature):
        raise StreamRefused("bad_signature", call_id=call.pk)
    if not call.is_live:
        raise StreamRefused("ended", call_id=call.pk)
    if not call.business.is_active:
        raise StreamRefused("suspended", call_id=call.pk)
    if call.token_expires_at is None or call.token_expires_at <= now:
        raise StreamRefused("expired", call_id=call.pk)
    model = openai_account(call.business)
    if not call.take_stream(now):
        raise StreamRefused("used", call_id=call.pk)
    binding = _binding(call)
    if binding is None:
        _reject(call, now)
        return None
    return _admitted(call, binding, carrier, model)


def _binding(call: Call) -> PromptBinding | None:
    """The snapshot, rendered again when it is another call's; None when that does not help."""
    stored = (
        PromptBinding.objects.for_business(call.business)
        .select_related("version__prompt")
        .filter(call=call)
        .first()
    )
    if stored and stored.suits(call):
        return stored
    version = Prompt.objects.published_version(call.business, call.direction)
    fresh = rendered(call, version) if stored and version else None
    if fresh is None or not fresh.suits(call):
        return None
    logger.error("prompt_rendered_again", call_id=str(call.pk))
    call.count("prompt_rendered_again")
    return fresh


def _reject(call: Call, now: datetime) -> None:
    call.finish(
        end_reason=EndReason.REJECTED_BINDING,
        end_detail="The bound prompt was not made for this business and direction.",
        metrics={},
        now=now,
    )


def _admitted(
    call: Call, binding: PromptBinding, carrier: TwilioAccount, model: OpenAIAccount
) -> AdmittedCall:
    return AdmittedCall(
        call_id=call.pk,
        business_id=call.business_id,
        business_slug=call.business.slug,
        direction=call.direction,
        call_sid=call.call_sid or "",
        account_sid=carrier.account_sid,
        language=call.language,
        compact=binding.compact,
        full=binding.full,
        transcription=binding.transcription,
        compact_sha256=binding.compact_sha256,
        full_sha256=binding.full_sha256,
        voice=binding.voice,
        greeting=binding.greeting,
        openai_api_key=model.api_key,
        api_key_owner=model.owner,
    )
