"""Ending calls: by the owner's wish, or because the carrier still holds them when it is too late."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from calls import telephony
from calls.actions import finish_call
from calls.models import CallStatus, EndReason
from calls.telephony import TelephonyError
from outbound.models import DialAttempt, OutboundCallRun, RunStatus
from outbound.protocol import protocol
from outbound.reconcile import AttemptAddress
from outbound.situation import Rules
from tenants import access
from tenants.actions import record_audit
from tenants.credentials import CredentialMissing, twilio_account
from tenants.models import User
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

CHECKED_A_TICK = 100


def hang_up_all(*, run: OutboundCallRun, by: User | None, now: datetime) -> int:
    """Every call of the run that is under way. Returns how many were told to end."""
    with business_scope(run.business_id):
        access.require(by, run.business, access.Action.DIRECT_RUN)
        placed = DialAttempt.objects.for_business(run.business_id).placed().filter(run=run)
        told = list(placed.values_list("pk", "call_id"))
        record_audit(
            business=run.business,
            action="run.hung_up",
            by=by,
            now=now,
            subject=str(run.pk),
            facts={"calls": len(told)},
        )
    for attempt_id, call_id in told:
        finish_call(
            call_id=call_id,
            business_id=run.business_id,
            end_reason=EndReason.OWNER_HANGUP,
            end_detail="The business ended all calls of the run.",
            metrics={},
            now=now,
        )
        _tell_carrier(AttemptAddress(attempt_id, run.business_id))
    return len(told)


def withdraw_late_calls(*, now: datetime) -> int:
    """Calls that the carrier has taken and not rung yet, and that nobody may ring now: the window
    has closed, or the run was stopped. Should one be answered all the same, nobody talks.
    """
    return sum(_withdraw(address, now) for address in _still_queued(now))


def _still_queued(now: datetime) -> list[AttemptAddress]:
    with platform_scope(PlatformReason.DIAL):
        waiting = DialAttempt.objects.placed().filter(
            posted_at__lt=now - timedelta(seconds=protocol().queued_at_most_s),
            cancel_asked_at=None,
            call__status=CallStatus.QUEUED,
        )
        rows = waiting.order_by("posted_at").values_list("pk", "business_id")
        return [AttemptAddress(*row) for row in rows[:CHECKED_A_TICK]]


def _withdraw(address: AttemptAddress, now: datetime) -> bool:
    with business_scope(address.business_id):
        attempts = DialAttempt.objects.for_business(address.business_id)
        attempt = attempts.select_related("run__business").get(pk=address.attempt_id)
        wanted = attempt.run.status not in (RunStatus.CANCELED, RunStatus.PAUSED)
        rules = Rules.of(attempt.run, now)
        if wanted and rules.window(attempt.to_e164, now).allowed:
            logger.warning("call_waits_at_carrier", attempt_id=str(attempt.pk))
            return False
        attempts.filter(pk=attempt.pk).update(cancel_asked_at=now)
    logger.warning("queued_call_withdrawn", attempt_id=str(address.attempt_id))
    _tell_carrier(address)
    return True


def _tell_carrier(address: AttemptAddress) -> None:
    """Where it cannot be told, the call is turned away when it is answered, and the sweep of stale
    calls asks about it again. The calls of others are not to wait for that.
    """
    try:
        with business_scope(address.business_id):
            account = twilio_account(address.business_id)
            attempts = DialAttempt.objects.for_business(address.business_id)
            attempt = attempts.get(pk=address.attempt_id)
        telephony.hang_up(account, attempt.call_sid or "")
    except (TelephonyError, CredentialMissing):
        logger.exception("call_not_ended", attempt_id=str(address.attempt_id))
