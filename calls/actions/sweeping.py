from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from calls import resolve, telephony
from calls.actions.ending import announce_end
from calls.actions.transferring import settle_left_over
from calls.actions.trying import close_abandoned_tests
from calls.models import (
    CARRIER_STATUSES,
    AgentSettings,
    Call,
    CallStatus,
    EndReason,
    Transfer,
)
from calls.resolve import CallAddress
from calls.telephony import CallUnknown, CarrierCall, TelephonyError
from calls.tools.executing import give_up
from calls.twiml import LONGEST_TALK_S
from tenants.credentials import CredentialMissing, TwilioAccount, twilio_account
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

# With a sweep a minute, a call whose every callback was lost is final within three minutes.
QUIET = timedelta(minutes=2)
CALLS_A_SWEEP = 200
TRANSFERS_A_SWEEP = 200
TOOLS_A_SWEEP = 200
# As long as the carrier lets two people talk; the rest is for the ringing before.
LONGEST_TALK = timedelta(seconds=LONGEST_TALK_S) + QUIET
# After that nobody will tell any more; the row is closed with what is known.
GIVE_UP = timedelta(days=1)


def close_stale_calls(*, now: datetime) -> None:
    """Ask the carrier about calls that it has not spoken of for a while, and believe its answer.

    One that it cannot be asked about now comes up again in a later sweep. What was still under way
    when a call ended, or a process, is ended as well.
    """
    close_abandoned_tests(now=now)
    due = resolve.unsettled_calls(quiet_since=now - QUIET, most=CALLS_A_SWEEP)
    silent: set[str] = set()
    for address in due:
        _check(address, silent, now)
    for left in resolve.left_over_transfers(ended_before=now - QUIET, most=TRANSFERS_A_SWEEP):
        settle_left_over(transfer_id=left.transfer_id, business_id=left.business_id, now=now)
    for tool in resolve.left_over_tools(asked_before=now - QUIET, most=TOOLS_A_SWEEP):
        give_up(row_id=tool.row_id, business_id=tool.business_id, now=now)


def _check(address: CallAddress, silent: set[str], now: datetime) -> None:
    call = _claim(address, now)
    if call is None:
        return
    try:
        account = _account(call)
        # One account that does not answer must not eat the time of all others.
        if account.account_sid not in silent:
            _settle(call, account, now)
    except CredentialMissing as missing:
        _not_asked(call, missing, now)
    except TelephonyError as error:
        if not error.permanent:
            silent.add(account.account_sid)
        _not_asked(call, error, now)


def _claim(address: CallAddress, now: datetime) -> Call | None:
    """None when another sweep has just taken it."""
    with business_scope(address.business_id):
        calls = Call.objects.for_business(address.business_id).select_related("business")
        call: Call = calls.get(pk=address.call_id)
        return call if call.claim_check(now) else None


def _account(call: Call) -> TwilioAccount:
    with business_scope(call.business_id):
        return twilio_account(call.business_id)


def _settle(call: Call, account: TwilioAccount, now: datetime) -> None:
    try:
        carrier = telephony.fetch_call(account, call.call_sid or "")
    except CallUnknown:
        _forget(call, now)
        return
    status = CARRIER_STATUSES.get(carrier.status)
    if status is None:
        logger.warning("unknown_call_status", call_id=str(call.pk), status=carrier.status)
    elif status.is_live:
        _stop_if_abandoned(call, account, now)
    else:
        _believe(call, status, carrier, now)


def _believe(call: Call, status: CallStatus, carrier: CarrierCall, now: datetime) -> None:
    with business_scope(call.business_id):
        call.apply_carrier_status(
            status,
            sequence=None,
            duration=carrier.duration_s,
            ended_at=carrier.ended_at,
            now=now,
        )
        announce_end(call)
    logger.info("call_settled_by_asking", call_id=str(call.pk), status=status.value)


def _forget(call: Call, now: datetime) -> None:
    with business_scope(call.business_id):
        call.finish(
            end_reason=EndReason.ERROR,
            end_detail="The carrier does not know this call.",
            metrics={},
            now=now,
        )
        call.apply_carrier_status(CallStatus.FAILED, sequence=None, now=now)
        announce_end(call)


def _stop_if_abandoned(call: Call, account: TwilioAccount, now: datetime) -> None:
    """The carrier still holds a line on which nobody of ours speaks, or for longer than allowed."""
    if _is_put_through(call, now):
        return
    reason = _why_abandoned(call, now)
    if reason is None and call.is_live:
        return
    if reason:
        with business_scope(call.business_id):
            call.finish(end_reason=reason[0], end_detail=reason[1], metrics={}, now=now)
            announce_end(call)
    logger.warning("call_stopped_at_carrier", call_id=str(call.pk))
    telephony.hang_up(account, call.call_sid or "")


def _is_put_through(call: Call, now: datetime) -> bool:
    """The caller waits for a person, or talks to one: nobody of ours has to be on the line then."""
    with business_scope(call.business_id):
        transfers = Transfer.objects.for_business(call.business_id).filter(call=call)
        found: bool = transfers.under_way().filter(requested_at__gt=now - LONGEST_TALK).exists()
    return found


def _longest(call: Call) -> timedelta:
    with business_scope(call.business_id):
        return timedelta(seconds=AgentSettings.objects.of(call.business).max_call_s) + QUIET


def _why_abandoned(call: Call, now: datetime) -> tuple[EndReason, str] | None:
    if call.answered_at and call.answered_at + _longest(call) <= now:
        return EndReason.MAX_DURATION, "The call went on beyond the longest allowed."
    if call.token_expires_at and call.token_expires_at <= now and not call.token_used_at:
        return EndReason.ERROR, "No media stream was opened for the call."
    return None


def _not_asked(call: Call, why: Exception, now: datetime) -> None:
    logger.warning("carrier_not_asked", call_id=str(call.pk), error=str(why))
    if call.created_at + GIVE_UP > now:
        return
    with business_scope(call.business_id):
        call.finish(
            end_reason=EndReason.ERROR,
            end_detail="The carrier could not be asked how the call ended.",
            metrics={},
            now=now,
        )
        call.refresh_from_db(fields=["status"])
        call.apply_carrier_status(CallStatus(call.status), sequence=None, now=now)
