from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import structlog
from django.db.models import Max

from calls import resolve
from calls.actions.binding import greeting_audio, rendered
from calls.actions.resuming import past_of, resumption_of
from calls.admission import AdmittedCall, StreamRefused
from calls.engine.limits import Limits
from calls.engine.profile import BargeIn, MachinePolicy, OnMachine, Profile
from calls.media_tokens import call_of
from calls.models import (
    AgentSettings,
    Call,
    EndReason,
    PromptBinding,
    Recording,
    RecordingStatus,
    Turn,
)
from calls.signature import is_genuine_socket
from calls.tools.offer import tools_of
from prompts.models import Direction, Prompt
from tenants.credentials import (
    CredentialMissing,
    OpenAIAccount,
    openai_account,
    twilio_account,
)
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

SHORTEST_CALL_S = 60.0
OBJECTION_KEY = "9"


def admit_stream(*, token: str, signature: str, url: str, now: datetime) -> AdmittedCall:
    """Give a media socket its call, once. Asked before the handshake is accepted.

    The token is used up last: a socket that is refused for any other reason leaves the call to
    the one that it belongs to. Raises `StreamRefused`.
    """
    stream = call_of(token)
    if stream is None:
        raise StreamRefused("bad_token")
    call_id = stream.call_id
    business_id = resolve.business_of_token(call_id)
    if business_id is None:
        raise StreamRefused("unknown_call", call_id=call_id)
    try:
        with business_scope(business_id):
            call = _call(call_id, business_id)
            admitted = _admit(call, stream.number, signature=signature, url=url, now=now)
    except CredentialMissing as missing:
        raise StreamRefused("no_credentials", call_id=call_id) from missing
    if admitted is None:  # only now: the reason on the row has to outlive the refusal
        raise StreamRefused("binding", call_id=call_id)
    logger.info("media_stream_admitted", call_id=str(call_id), business_id=str(business_id))
    return admitted


def _call(call_id: uuid.UUID, business_id: uuid.UUID) -> Call:
    calls = Call.objects.for_business(business_id).select_related("business", "lead")
    return calls.get(pk=call_id)


def _admit(
    call: Call, stream_number: int, *, signature: str, url: str, now: datetime
) -> AdmittedCall | None:
    carrier = twilio_account(call.business)
    if not is_genuine_socket(carrier, url, signature):
        raise StreamRefused("bad_signature", call_id=call.pk)
    if call.is_test:  # no carrier knows of it
        raise StreamRefused("bad_token", call_id=call.pk)
    model = _take(call, stream_number, now)
    binding = _binding(call)
    if binding is None:
        _reject(call, now)
        return None
    return _admitted(call, binding, carrier.account_sid, model, now)


def admitted_without_carrier(call: Call, *, now: datetime) -> AdmittedCall:
    """What the media of a test runs on, once. Inside a scope. Raises `StreamRefused`.

    The prompt is the one that was bound; no other version stands in for it.
    """
    try:
        model = _take(call, 0, now)
    except CredentialMissing as missing:
        raise StreamRefused("no_credentials", call_id=call.pk) from missing
    binding = _stored(call)
    if binding is None or not binding.suits(call):
        raise StreamRefused("binding", call_id=call.pk)
    return _admitted(call, binding, "", model, now)


def _take(call: Call, stream_number: int, now: datetime) -> OpenAIAccount:
    if not call.is_live:
        raise StreamRefused("ended", call_id=call.pk)
    if not call.business.is_active:
        raise StreamRefused("suspended", call_id=call.pk)
    if call.stream_number != stream_number:
        raise StreamRefused("used", call_id=call.pk)
    if call.token_expires_at is None or call.token_expires_at <= now:
        raise StreamRefused("expired", call_id=call.pk)
    model = openai_account(call.business)
    if not call.take_stream(now):
        raise StreamRefused("used", call_id=call.pk)
    return model


def _binding(call: Call) -> PromptBinding | None:
    """The snapshot, rendered again when it is another call's; None when that does not help."""
    stored = _stored(call)
    if stored and stored.suits(call):
        return stored
    version = Prompt.objects.published_version(call.business, call.direction)
    fresh = rendered(call, version) if stored and version else None
    if fresh is None or not fresh.suits(call):
        return None
    logger.error("prompt_rendered_again", call_id=str(call.pk))
    call.count("prompt_rendered_again")
    return fresh


def _stored(call: Call) -> PromptBinding | None:
    bindings = PromptBinding.objects.for_business(call.business)
    return bindings.select_related("version__prompt").filter(call=call).first()


def _reject(call: Call, now: datetime) -> None:
    call.finish(
        end_reason=EndReason.REJECTED_BINDING,
        end_detail="The bound prompt was not made for this business and direction.",
        metrics={},
        now=now,
    )


def _admitted(
    call: Call,
    binding: PromptBinding,
    account_sid: str,
    model: OpenAIAccount,
    now: datetime,
) -> AdmittedCall:
    agent = AgentSettings.objects.of(call.business)
    elapsed = now - (call.answered_at or now)
    return AdmittedCall(
        call_id=call.pk,
        business_id=call.business_id,
        business_slug=call.business.slug,
        direction=call.direction,
        call_sid=call.call_sid or "",
        account_sid=account_sid,
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
        limits=_limits(agent, elapsed),
        profile=_profile(call, binding, agent, elapsed),
        tools=tools_of(call.business, call.direction),
        recording_id=_recording(call, agent, now),
    )


def _recording(call: Call, agent: AgentSettings, now: datetime) -> uuid.UUID | None:
    """The carrier opens a media socket when it has said to the end what it had to say before: this
    is the moment from which the caller knows. Who hangs up sooner is not recorded.
    """
    if not (call.recording_announced and agent.records):
        return None
    recordings = Recording.objects.for_business(call.business_id)
    wanted, _ = recordings.get_or_create(
        business=call.business,
        call=call,
        defaults={"consent_at": now, "moved_at": now, "next_try_at": now, "created_at": now},
    )
    return wanted.pk if wanted.status == RecordingStatus.WANTED else None


def _turns_before(call: Call) -> int:
    turns = Turn.objects.for_business(call.business_id).filter(call=call)
    last: int | None = turns.aggregate(last=Max("position"))["last"]
    return last or 0


def _limits(agent: AgentSettings, elapsed: timedelta) -> Limits:
    """A caller who comes back has at least as long as the shortest call that may be allowed."""
    return Limits(
        silence_prompt_s=float(agent.silence_prompt_s),
        silence_prompts=agent.silence_prompts,
        max_call_s=max(SHORTEST_CALL_S, agent.max_call_s - elapsed.total_seconds()),
    )


def _profile(
    call: Call, binding: PromptBinding, agent: AgentSettings, elapsed: timedelta
) -> Profile:
    past = past_of(call) if call.stream_number else ()
    return Profile(
        barge_in=BargeIn(agent.barge_in),
        greeting_audio=greeting_audio(call, binding),
        greeting_text=binding.greeting,
        greeting_protected=agent.greeting_protected,
        keys=_keys(agent, call.direction),
        machine=_machine(call),
        resumption=resumption_of(call),
        stream_number=call.stream_number,
        turns_before=_turns_before(call) if call.stream_number else 0,
        elapsed_ms=elapsed // timedelta(milliseconds=1) if call.stream_number else 0,
        past=past,
    )


def _machine(call: Call) -> MachinePolicy | None:
    """Only for whoever answers: who is in another stream already has been talked to."""
    if not call.machine_policy or call.stream_number:
        return None
    return MachinePolicy(OnMachine(call.machine_policy), call.machine_message)


def _keys(agent: AgentSettings, direction: str) -> dict[str, str]:
    """What a key of the telephone does, of what this agent may do at all. Whoever we call always has
    a key for no more calls.
    """
    keys = {}
    if agent.human_key and agent.may_transfer:
        keys[agent.human_key] = "transfer_to_human"
    no_more_calls = agent.do_not_call_key if agent.may_mark_do_not_call else ""
    if direction == Direction.OUTBOUND:
        no_more_calls = agent.do_not_call_key or OBJECTION_KEY
    if no_more_calls:
        keys.setdefault(no_more_calls, "mark_do_not_call")
    return keys
