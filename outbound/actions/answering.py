from __future__ import annotations

import uuid
from datetime import datetime

import structlog

from calls import resolve, twiml
from calls.actions import connect_outbound, take_answering_verdict, take_call_status
from calls.forms import CallStatusForm, DetectionForm, IncomingCallForm
from calls.models import CARRIER_STATUSES
from outbound.binding import bind, locked
from outbound.models import DialAttempt, JobStatus, OutboundCallJob
from outbound.outcomes import settle
from tenants.models import Business
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)


def answer_attempt(
    *, slug: str, attempt_id: uuid.UUID, form: IncomingCallForm, now: datetime
) -> str:
    """The TwiML for somebody who has picked up. Whoever is on a line that belongs to no attempt any
    more, or that we had told the carrier to give up, hears nothing and is hung up on.
    """
    business_id = _business(slug)
    with business_scope(business_id):
        attempt, job = _attempt(attempt_id, business_id)
        is_ours = bind(attempt, job, call_sid=form.call_sid, now=now)
        if not is_ours or attempt.cancel_asked_at or attempt.call_id is None:
            logger.error("answered_call_turned_away", attempt_id=str(attempt_id))
            return twiml.hang_up()
        OutboundCallJob.objects.for_business(business_id).filter(
            pk=job.pk, status=JobStatus.DIALING
        ).update(status=JobStatus.IN_PROGRESS)
        return connect_outbound(
            call_id=attempt.call_id,
            business_id=business_id,
            version=attempt.run.version,
            now=now,
        )


def take_attempt_status(
    *, slug: str, attempt_id: uuid.UUID, form: CallStatusForm, now: datetime
) -> None:
    """Keep what the carrier says of a call of ours. The address says which attempt it is, so that a
    call whose CallSid never reached us is found all the same.
    """
    business_id = _business(slug)
    with business_scope(business_id):
        attempt, job = _attempt(attempt_id, business_id)
        is_ours = bind(attempt, job, call_sid=form.call_sid, now=now)
    take_call_status(slug=slug, form=form, now=now)
    status = CARRIER_STATUSES.get(form.call_status)
    if is_ours and status is not None and not status.is_live:
        settle(attempt_id=attempt_id, business_id=business_id, now=now)


def take_detection(*, slug: str, attempt_id: uuid.UUID, form: DetectionForm, now: datetime) -> None:
    """A hint for the conversation, which has its own evidence. It may come at any time."""
    business_id = _business(slug)
    with business_scope(business_id):
        attempt, job = _attempt(attempt_id, business_id)
        is_ours = bind(attempt, job, call_sid=form.call_sid, now=now)
        call_id = attempt.call_id
    if is_ours and call_id is not None:
        take_answering_verdict(
            call_id=call_id, business_id=business_id, answered_by=form.answered_by, now=now
        )


def _business(slug: str) -> uuid.UUID:
    business_id = resolve.business_by_slug(slug)
    if business_id is None:
        raise Business.DoesNotExist(slug)
    return business_id


def _attempt(attempt_id: uuid.UUID, business_id: uuid.UUID) -> tuple[DialAttempt, OutboundCallJob]:
    attempts = DialAttempt.objects.for_business(business_id)
    return locked(attempts.get(pk=attempt_id))
