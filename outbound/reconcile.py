"""Attempts of which nobody knows what became: found, asked about, settled, or given to a person.

The clock for absence starts at the moment at which the sender is proven unable to send, by its own
word or by the loss of its lock: never at the intent, and never at the end of a lease.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from calls import telephony
from calls.telephony import ListedCall, TelephonyError
from outbound.binding import bind, locked
from outbound.liveness import is_dead
from outbound.models import AttemptState, DialAttempt, JobStatus, NumberTest, OutboundCallJob
from outbound.placements import put_back
from outbound.protocol import protocol
from tenants.credentials import CredentialMissing, TwilioAccount, twilio_account
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

LOOKS_A_TICK: Final = 50
LONG_ALIVE: Final = timedelta(seconds=60)


class AttemptAddress(NamedTuple):
    attempt_id: uuid.UUID
    business_id: uuid.UUID


def settle_the_dead(*, now: datetime) -> int:
    """What a dialler was sending when it died may have been sent. Returns how many there were."""
    return sum(_reap(owner, now) for owner in _owners())


def _owners() -> list[int]:
    with platform_scope(PlatformReason.DIAL):
        posting = DialAttempt.objects.posting().order_by()
        return list(posting.values_list("owner", flat=True).distinct())


def _reap(owner: int, now: datetime) -> int:
    """One transaction: the lock of the dead is ours until their attempts are marked."""
    with platform_scope(PlatformReason.DIAL):
        posting = DialAttempt.objects.posting().filter(owner=owner)
        if not is_dead(owner):
            if posting.filter(posted_at__lt=now - LONG_ALIVE).exists():
                logger.warning("attempt_long_under_way", owner=owner)
            return 0
        # The jobs first, as everybody locks them: a callback may be about to name the call.
        jobs = OutboundCallJob.objects.filter(dial_attempts__in=posting).order_by("pk")
        locked_jobs = list(jobs.select_for_update(of=("self",)).values_list("pk", flat=True))
        left = list(posting.filter(job__in=locked_jobs).values_list("pk", "job_id"))
        DialAttempt.objects.filter(pk__in=[pk for pk, _ in left]).update(
            state=AttemptState.UNKNOWN,
            unknown_at=now,
            look_at=now + timedelta(seconds=protocol().looks_s[0]),
            detail="the dialler stopped in the middle of it",
        )
        OutboundCallJob.objects.filter(pk__in=[job for _, job in left]).update(
            status=JobStatus.UNKNOWN
        )
    logger.warning("dead_dialler_settled", owner=owner, attempts=len(left))
    return len(left)


def look_up_unknown(*, now: datetime) -> int:
    """Ask the carrier about those that are due. Returns how many were asked about."""
    due = _due(now)
    for address in due:
        _look_up(address, now)
    return len(due)


def _due(now: datetime) -> list[AttemptAddress]:
    with platform_scope(PlatformReason.DIAL):
        due = DialAttempt.objects.unknown().filter(look_at__lte=now).order_by("look_at")
        return [AttemptAddress(*row) for row in due.values_list("pk", "business_id")[:LOOKS_A_TICK]]


def _look_up(address: AttemptAddress, now: datetime) -> None:
    with business_scope(address.business_id):
        attempts = DialAttempt.objects.for_business(address.business_id)
        attempt = attempts.unknown().filter(pk=address.attempt_id, look_at__lte=now).first()
        if attempt is None or not _claim_look(attempt, now):
            return
        account = _account(address.business_id)
    listed = _listed(attempt, account) if account else None
    if listed is None:
        _not_answered(address, now)
        return
    own = not_of_others(listed, but=attempt.pk)
    surplus = _decide(address, own, now)
    for call in surplus if account else ():
        _end(account, call)


def _claim_look(attempt: DialAttempt, now: datetime) -> bool:
    """Of two who come for the same look one asks, and sets when the next one is due."""
    attempts = DialAttempt.objects.for_business(attempt.business_id)
    mine = attempts.filter(pk=attempt.pk, look_at=attempt.look_at, state=AttemptState.UNKNOWN)
    next_at = _next_look(attempt, now)
    return mine.update(look_at=next_at, looks=attempt.looks + 1) == 1


def _next_look(attempt: DialAttempt, now: datetime) -> datetime:
    figures = protocol()
    settled_at = attempt.since + timedelta(seconds=figures.settle_s)
    if now >= settled_at:
        return now + timedelta(seconds=figures.absent_again_s)
    later = (attempt.since + timedelta(seconds=after) for after in figures.looks_s)
    return min((moment for moment in later if moment > now), default=settled_at)


def _account(business_id: uuid.UUID) -> TwilioAccount | None:
    try:
        return twilio_account(business_id)
    except CredentialMissing:
        return None


def _listed(attempt: DialAttempt, account: TwilioAccount) -> list[ListedCall] | None:
    """None: the carrier did not say. Of another account than that of the attempt nothing is asked."""
    if account.account_sid != attempt.account_sid:
        return None
    try:
        found = telephony.find_calls(account, to=attempt.to_e164, from_=attempt.from_e164)
    except TelephonyError as error:
        logger.warning("calls_not_listed", attempt_id=str(attempt.pk), error=str(error))
        return None
    apart = timedelta(seconds=protocol().clocks_apart_s)
    return sorted(
        (call for call in found if call.created_at >= attempt.posted_at - apart),
        key=lambda call: call.created_at,
    )


def not_of_others(listed: Sequence[ListedCall], *, but: uuid.UUID) -> list[ListedCall]:
    """Without what some attempt or some test of a number has become already, of whatever business on
    this account; `but` is the one that is asked about.
    """
    sids = [call.call_sid for call in listed]
    with platform_scope(PlatformReason.DIAL):
        taken = {
            sid
            for rows in (DialAttempt.objects, NumberTest.objects)
            for sid in rows.filter(call_sid__in=sids)
            .exclude(pk=but)
            .values_list("call_sid", flat=True)
        }
    return [call for call in listed if call.call_sid not in taken]


def _decide(
    address: AttemptAddress, found: Sequence[ListedCall], now: datetime
) -> Sequence[ListedCall]:
    """Returns the calls that belong to no attempt and are to be ended."""
    with business_scope(address.business_id):
        attempts = DialAttempt.objects.for_business(address.business_id)
        attempt, job = locked(attempts.get(pk=address.attempt_id))
        if attempt.state != AttemptState.UNKNOWN:
            return ()
        if found:
            bound = bind(attempt, job, call_sid=found[0].call_sid, now=now)
            logger.info("call_found_in_list", attempt_id=str(attempt.pk))
            return found[1:] if bound else found
        _absent(attempt, job, now)
        return ()


def _absent(attempt: DialAttempt, job: OutboundCallJob, now: datetime) -> None:
    """Not in the list. That proves something only long after nothing could be sent any more, and
    only when it is so twice.
    """
    figures = protocol()
    if now < attempt.since + timedelta(seconds=figures.settle_s):
        return
    if attempt.absent_at is None:
        attempt.absent_at = now
        attempt.save(update_fields=["absent_at"])
    elif now >= attempt.absent_at + timedelta(seconds=figures.absent_again_s):
        put_back(attempt, job, now=now, detail="proven not to have been placed")
        logger.info("attempt_proven_absent", attempt_id=str(attempt.pk))


def _not_answered(address: AttemptAddress, now: datetime) -> None:
    """Nothing is dialled on a guess: after a while a person has to say what has become of it."""
    with business_scope(address.business_id):
        attempts = DialAttempt.objects.for_business(address.business_id)
        attempt, _ = locked(attempts.get(pk=address.attempt_id))
        too_long = attempt.since + timedelta(seconds=protocol().human_after_s) <= now
        if attempt.state == AttemptState.UNKNOWN and too_long:
            attempt.state, attempt.look_at = AttemptState.HUMAN, None
            attempt.save(update_fields=["state", "look_at"])
            logger.error("attempt_waits_for_a_person", attempt_id=str(attempt.pk))


def _end(account: TwilioAccount | None, call: ListedCall) -> None:
    if account is None:
        return
    logger.error("surplus_call_ended", call_sid=call.call_sid)
    try:
        telephony.hang_up(account, call.call_sid)
    except TelephonyError:
        logger.exception("surplus_call_not_ended")
