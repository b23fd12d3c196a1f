"""A member of the team talks to the agent of the business, from the browser.

A call like any other in all that the agent knows of it: the same consumer, prompts, voice, limits of
turn-taking. But nobody has rung, no carrier is asked anything, and no figure counts it.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from calls import resolve
from calls.actions.admitting import admitted_without_carrier
from calls.actions.answering import not_able
from calls.actions.binding import rendered
from calls.actions.ending import announce_end
from calls.admission import AdmittedCall, StreamRefused
from calls.media_tokens import call_of
from calls.models import (
    LONGEST_TEST,
    TOKEN_LIFETIME,
    Call,
    CallOrigin,
    CallStatus,
    EndReason,
)
from prompts.models import PromptVersion
from tenants.access import Action, require
from tenants.models import Business, User
from tenants.scoping import business_scope
from tenants.second_factor import lacks_second_factor_in

logger = structlog.get_logger(__name__)

# Each costs what a call to the model costs, and nothing else bounds a team that plays.
TESTS_A_DAY: Final = 200
DAY: Final = timedelta(days=1)


def begin_test(
    *,
    business: Business,
    version: PromptVersion,
    origin: CallOrigin,
    by: User,
    now: datetime,
) -> Call:
    """A call that waits for the socket of whoever has asked for it, bound to this version of a
    prompt, published or not. One that this person has left open somewhere else ends.

    Raises `ValidationError` with a sentence for that person.
    """
    if origin == CallOrigin.TELEPHONE:
        raise ValueError("Nobody tries out an agent by telephone.")
    with business_scope(business):
        require(by, business, Action.TRY_AGENT)
        _refuse_if_unable(business, now)
        _end_open_test(business, by, now)
        call = Call(
            business=business,
            direction=version.prompt.direction,
            origin=origin,
            tried_by=by,
            status=CallStatus.RINGING,
            language=business.language,
            created_at=now,
            token_expires_at=now + TOKEN_LIFETIME,
        )
        call.save(force_insert=True)
        rendered(call, version).save(force_insert=True)
    logger.info("test_call_prepared", call_id=str(call.pk), business_id=str(business.pk))
    return call


def admit_test(*, token: str, origin: CallOrigin, by: User | None, now: datetime) -> AdmittedCall:
    """Give the socket of a browser its test call, once. Raises `StreamRefused`."""
    stream = call_of(token)
    if stream is None or by is None:
        raise StreamRefused("bad_token")
    business_id = resolve.business_of_token(stream.call_id)
    if business_id is None:
        raise StreamRefused("unknown_call", call_id=stream.call_id)
    with business_scope(business_id):
        calls = Call.objects.for_business(business_id).select_related("business", "lead")
        call: Call = calls.get(pk=stream.call_id)
        if call.origin != origin or call.tried_by_id != by.pk or stream.number:
            raise StreamRefused("bad_token", call_id=call.pk)
        _refuse_stranger(call, by)
        admitted = admitted_without_carrier(call, now=now)
    # By its own name: the page has to say so in the stream's `start`, as the carrier does.
    longest = LONGEST_TEST.total_seconds()
    limits = replace(admitted.limits, max_call_s=min(admitted.limits.max_call_s, longest))
    return replace(
        admitted, call_sid=str(call.pk), account_sid=origin.value, limits=limits, is_test=True
    )


def close_abandoned_tests(*, now: datetime) -> None:
    """The process that carried them, or the browser, has gone without a word."""
    for address in resolve.abandoned_tests(now=now):
        with business_scope(address.business_id):
            call = Call.objects.for_business(address.business_id).get(pk=address.call_id)
            _end(call, EndReason.ERROR, "The test was left without an end.", now)


def tests_since(business: Business, since: datetime) -> int:
    """Inside a scope."""
    tests = Call.objects.for_business(business).tests().filter(created_at__gt=since)
    count: int = tests.count()
    return count


def _refuse_if_unable(business: Business, now: datetime) -> None:
    refusal = not_able(business, now)
    if refusal == EndReason.REJECTED_NO_CREDENTIALS:
        raise ValidationError(_("There is no key for the model yet. Store one in the settings."))
    if refusal == EndReason.REJECTED_KEY_REFUSED:
        raise ValidationError(
            _("The model has refused the key a moment ago. Check it in the settings.")
        )
    if refusal is not None:
        raise ValidationError(_("The business is suspended."))
    if tests_since(business, now - DAY) >= TESTS_A_DAY:
        raise ValidationError(
            _("There were too many tests in the last 24 hours. Try again later."),
        )


def _end_open_test(business: Business, by: User, now: datetime) -> None:
    """Two windows of one person: the newer one counts, and the database lets nobody have two."""
    mine = Call.objects.for_business(business).tests().live().filter(tried_by=by)
    for call in mine.select_for_update(of=("self",)):
        _end(call, EndReason.OWNER_HANGUP, "The same person began another test.", now)


def _end(call: Call, reason: EndReason, detail: str, now: datetime) -> None:
    with transaction.atomic():
        call.finish(end_reason=reason, end_detail=detail, metrics={}, now=now)
        announce_end(call)


def _refuse_stranger(call: Call, by: User) -> None:
    try:
        require(by, call.business, Action.TRY_AGENT)
    except PermissionDenied:
        raise StreamRefused("not_allowed", call_id=call.pk) from None
    if lacks_second_factor_in(call.business, by):
        raise StreamRefused("second_factor", call_id=call.pk)


def call_of_test(*, business: Business, call_id: uuid.UUID, by: User) -> Call | None:
    """Inside a scope. Whoever has tried something sees it; others have no part in it."""
    mine = Call.objects.for_business(business).tests().filter(tried_by=by)
    found: Call | None = mine.filter(pk=call_id).first()
    return found
