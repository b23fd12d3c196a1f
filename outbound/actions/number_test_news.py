"""What the carrier tells of a test call, asked or unasked, in any order and more than once."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog

from calls import resolve, telephony, twiml
from calls.forms import CallStatusForm, IncomingCallForm
from calls.models import CARRIER_STATUSES, CallStatus
from calls.phrases import Phrase
from calls.telephony import ListedCall, TelephonyError
from outbound import usage
from outbound.actions.number_tests import (
    SECONDS_A_TEST,
    bind_test,
    end_strange_call,
    locked_test,
    not_rung,
)
from outbound.intents import account_of
from outbound.models import NumberTest, NumberTestState, NumberTrouble
from outbound.protocol import protocol
from outbound.reconcile import not_of_others
from tenants.credentials import TwilioAccount
from tenants.models import Business
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

LOOKS_A_TICK: Final = 20
LOOK_EVERY: Final = timedelta(seconds=20)

STATES: Final = {
    CallStatus.QUEUED: NumberTestState.PLACED,
    CallStatus.RINGING: NumberTestState.RINGING,
    CallStatus.IN_PROGRESS: NumberTestState.ANSWERED,
    CallStatus.COMPLETED: NumberTestState.COMPLETED,
    CallStatus.BUSY: NumberTestState.BUSY,
    CallStatus.NO_ANSWER: NumberTestState.NO_ANSWER,
    CallStatus.FAILED: NumberTestState.FAILED,
    CallStatus.CANCELED: NumberTestState.FAILED,
}


def answer_number_test(
    *, slug: str, test_id: uuid.UUID, form: IncomingCallForm, now: datetime
) -> str:
    """The TwiML for whoever has picked up. On a line that belongs to no test any more: nothing."""
    business_id = _business(slug)
    with business_scope(business_id):
        test = locked_test(business_id, test_id)
        if not bind_test(test, form.call_sid, now):
            logger.error("answered_test_turned_away", test_id=str(test_id))
            return twiml.hang_up()
        test.become(NumberTestState.ANSWERED, now=now)
        if test.spoken_at is None:
            test.spoken_at = now
            test.save(update_fields=["spoken_at"])
        return twiml.say(Phrase.NUMBER_TEST, test.business.language)


def take_number_test_status(
    *, slug: str, test_id: uuid.UUID, form: CallStatusForm, now: datetime
) -> None:
    business_id = _business(slug)
    with business_scope(business_id):
        test = locked_test(business_id, test_id)
        if bind_test(test, form.call_sid, now):
            _follow(test, form.call_status, form.call_duration, now)


def settle_number_tests(*, now: datetime) -> int:
    """Ask the carrier about those of which nothing has come for a while. Returns how many."""
    with platform_scope(PlatformReason.DIAL):
        due = NumberTest.objects.live().filter(look_at__lte=now).order_by("look_at")
        addresses = list(due.values_list("pk", "business_id")[:LOOKS_A_TICK])
    for test_id, business_id in addresses:
        _look_up(test_id, business_id, now)
    return len(addresses)


def _look_up(test_id: uuid.UUID, business_id: uuid.UUID, now: datetime) -> None:
    with business_scope(business_id):
        tests = NumberTest.objects.for_business(business_id)
        mine = tests.live().filter(pk=test_id, look_at__lte=now)
        if not mine.update(look_at=now + LOOK_EVERY):
            return
        test, account = tests.get(pk=test_id), account_of(business_id)
    try:
        if account is None or account.account_sid != test.account_sid:
            raise TelephonyError("It was another account's.", permanent=True)
        if test.call_sid is None:
            _look_for(test, account, now)
        else:
            _look_at(test, test.call_sid, account, now)
    except TelephonyError as error:
        logger.warning("number_test_not_looked_up", test_id=str(test_id), error=str(error))
        _give_up(test, now)


def _look_at(test: NumberTest, call_sid: str, account: TwilioAccount, now: datetime) -> None:
    call = telephony.fetch_call(account, call_sid)
    with business_scope(test.business_id):
        _follow(locked_test(test.business_id, test.pk), call.status, call.duration_s, now)


def _look_for(test: NumberTest, account: TwilioAccount, now: datetime) -> None:
    apart = timedelta(seconds=protocol().clocks_apart_s)
    listed = telephony.find_calls(account, to=test.to_e164, from_=test.from_e164)
    recent = [call for call in listed if call.created_at >= test.created_at - apart]
    found = sorted(not_of_others(recent, but=test.pk), key=lambda call: call.created_at)
    surplus = [call for call in found if not _found(test, call, now)]
    for call in surplus:
        end_strange_call(account, call.call_sid)
    if not found:
        _absent(test, now)


def _found(test: NumberTest, call: ListedCall, now: datetime) -> bool:
    with business_scope(test.business_id):
        locked = locked_test(test.business_id, test.pk)
        is_ours = bind_test(locked, call.call_sid, now)
        if is_ours:
            _follow(locked, call.status, None, now)
        return is_ours


def _absent(test: NumberTest, now: datetime) -> None:
    """That proves something only long after nothing could be sent any more, and only twice."""
    if now < test.created_at + timedelta(seconds=protocol().settle_s):
        return
    with business_scope(test.business_id):
        locked = locked_test(test.business_id, test.pk)
        if locked.call_sid is not None:
            return
        if locked.absent_at is None:
            locked.absent_at = now
            locked.save(update_fields=["absent_at"])
        elif now >= locked.absent_at + timedelta(seconds=protocol().absent_again_s):
            not_rung(locked, NumberTrouble.NOT_PLACED, now)


def _give_up(test: NumberTest, now: datetime) -> None:
    """A test is not worth a person's decision; it counts as if it had rung."""
    if now < test.created_at + timedelta(seconds=protocol().human_after_s):
        return
    with business_scope(test.business_id):
        locked = locked_test(test.business_id, test.pk)
        if locked.become(NumberTestState.FAILED, now=now, trouble=NumberTrouble.NOT_KNOWN):
            usage.use(locked, seconds=SECONDS_A_TEST)


def _follow(test: NumberTest, said: str, duration_s: int | None, now: datetime) -> None:
    status = CARRIER_STATUSES.get(said)
    if status is None:
        return
    state = STATES[status]
    failed = state == NumberTestState.FAILED
    moved = test.become(state, now=now, trouble=NumberTrouble.CALL_FAILED if failed else "")
    if moved and not test.is_live:
        usage.use(test, seconds=min(duration_s or 0, SECONDS_A_TEST))


def _business(slug: str) -> uuid.UUID:
    business_id = resolve.business_by_slug(slug)
    if business_id is None:
        raise Business.DoesNotExist(slug)
    return business_id
