"""A person says what became of an attempt that nobody could find out about."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from calls.placing import CALL_SID
from outbound.binding import bind, locked
from outbound.models import AttemptState, DialAttempt
from outbound.placements import put_back
from tenants import access
from tenants.actions import record_audit
from tenants.models import User
from tenants.scoping import business_scope


def mark_placed(*, attempt: DialAttempt, call_sid: str, by: User | None, now: datetime) -> None:
    """It has rung: this is its call. From here on the carrier is asked about it as of any other."""
    if not CALL_SID.fullmatch(call_sid):
        raise ValidationError(
            _("A CallSid is CA and 32 digits or letters from a to f."), code="call_sid"
        )
    with business_scope(attempt.business_id):
        access.require(by, attempt.business, access.Action.SETTLE_ATTEMPT)
        fresh, job = locked(attempt)
        _has_to_wait_for_a_person(fresh)
        if not bind(fresh, job, call_sid=call_sid, now=now):
            raise ValidationError(_("That call belongs to another attempt."), code="other_call")
        _audit(fresh, "attempt.marked_placed", by, now)


def mark_not_placed(*, attempt: DialAttempt, by: User | None, now: datetime) -> None:
    """It has not rung: the person may be called, under the same attempt number."""
    with business_scope(attempt.business_id):
        access.require(by, attempt.business, access.Action.SETTLE_ATTEMPT)
        fresh, job = locked(attempt)
        _has_to_wait_for_a_person(fresh)
        put_back(fresh, job, now=now, detail="somebody has said that it was not placed")
        _audit(fresh, "attempt.marked_not_placed", by, now)


def _has_to_wait_for_a_person(attempt: DialAttempt) -> None:
    if attempt.state != AttemptState.HUMAN:
        raise ValidationError(
            _("Nobody has to decide about this attempt any more."), code="decided"
        )


def _audit(attempt: DialAttempt, action: str, by: User | None, now: datetime) -> None:
    record_audit(business=attempt.business, action=action, by=by, now=now, subject=str(attempt.pk))
