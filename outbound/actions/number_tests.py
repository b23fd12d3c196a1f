"""One short call to a number of the list of people who take over, to see whether it rings there.

By the rules of every outbound call: the intent is a row that is committed before the carrier is
asked, the carrier is asked once, and no test is ever made again by itself.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from calls import telephony
from calls.models import DoNotCall, Transfer, TransferTarget
from calls.placing import (
    CallRequest,
    NotPlaced,
    Placed,
    Placing,
    Refused,
    Unknown,
    Withheld,
    place_call,
)
from calls.telephony import TelephonyError
from outbound import accounts, addresses, usage
from outbound.destinations import banned, country_of
from outbound.gates import refusal_of_test
from outbound.intents import account_of, keep_pace, locked_account, locked_usage, wait_for_turn
from outbound.models import (
    CarrierAccount,
    DialUsage,
    NumberTest,
    NumberTestState,
    NumberTrouble,
    OutboundSettings,
    SuppressedNumber,
)
from outbound.protocol import database_now, protocol
from outbound.situation import everywhere, on_the_line, own_countries, situation_of_test
from outbound.wording.number_tests import of_ban, of_gate
from tenants import access
from tenants.actions import record_audit
from tenants.credentials import TwilioAccount
from tenants.models import Business, PhoneNumber, User
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

HOUR: Final = timedelta(hours=1)
TESTS_AN_HOUR: Final = 6
RING_S: Final = 25
# The sentence takes ten; a mailbox that talks first is not listened to for ever.
LONGEST_S: Final = 30
SECONDS_A_TEST: Final = RING_S + LONGEST_S
# By then the carrier has answered, or whoever asked it has been killed.
FIRST_LOOK: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class TestIntent:
    test_id: uuid.UUID
    business_id: uuid.UUID
    slug: str
    language: str
    account: TwilioAccount
    to: str
    from_: str

    __test__ = False  # pytest takes it for a test by its name


def begin_number_test(
    *,
    business: Business,
    target_id: uuid.UUID,
    by: User | None,
    clock: Callable[[], datetime] = database_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> NumberTest:
    """Rings the number, outside every scope and transaction: the carrier may take seconds to answer.

    Raises `ValidationError` with what to do, and then nobody was rung.
    """
    intent = _intend(business.pk, target_id, by, clock)
    intended_at = monotonic()
    placing = place_call(
        intent.account,
        _request(intent),
        may_send=lambda: _may_send(intent, intended_at, monotonic),
    )
    logger.info("number_test_asked", test_id=str(intent.test_id), came=type(placing).__name__)
    return _record(intent, placing, clock())


def _intend(
    business_id: uuid.UUID, target_id: uuid.UUID, by: User | None, clock: Callable[[], datetime]
) -> TestIntent:
    with platform_scope(PlatformReason.DIAL):
        wait_for_turn()
        now = clock()
        with business_scope(business_id):
            business = Business.objects.get(pk=business_id)
            access.require(by, business, access.Action.EDIT_SETTINGS)
            target = TransferTarget.objects.for_business(business_id).get(pk=target_id)
            account = account_of(business_id)
        lines = locked_account(account)
        all_over = everywhere(lines)
        busy = on_the_line(account.account_sid, [target.e164]) if account else frozenset[str]()
        with business_scope(business_id):
            _refuse_number(business, target, busy)
            _refuse_many(business, now)
            caller = _caller_number(business, target)
            counted = locked_usage(business, now)
            own = OutboundSettings.objects.of(business)
            refusal = refusal_of_test(
                situation_of_test(
                    business, own, counted, lines, all_over, seconds_a_call=SECONDS_A_TEST, now=now
                )
            )
            if refusal is not None or account is None or lines is None:
                raise ValidationError(of_gate(refusal), code="gate")
            test = _written(business, target, caller, account, counted, by, now)
            _reserve(test, counted, lines, now)
            record_audit(
                business=business,
                action="transfertarget.tested",
                by=by,
                now=now,
                subject=str(target.pk),
                facts={"test": str(test.pk)},
            )
            return TestIntent(
                test_id=test.pk,
                business_id=business.pk,
                slug=business.slug,
                language=business.language,
                account=account,
                to=test.to_e164,
                from_=test.from_e164,
            )


def _refuse_number(business: Business, target: TransferTarget, busy: frozenset[str]) -> None:
    own = OutboundSettings.objects.of(business)
    number = target.e164
    if not target.active:
        raise ValidationError(
            _("This number is at rest. Tick “May be rung” and save, then test it."), code="at_rest"
        )
    ban = banned(number, countries=own.countries or own_countries(business))
    if ban is not None:
        raise ValidationError(of_ban(ban), code="destination")
    if _has_objected(business, number):
        raise ValidationError(
            _("This number is on a do-not-call list, so it is not rung."), code="do_not_call"
        )
    transfers = Transfer.objects.for_business(business).under_way()
    if number in busy or transfers.filter(e164=number).exists():
        raise ValidationError(
            _("A call to this number is under way. Test it when that is over."), code="on_the_line"
        )


def _has_objected(business: Business, number: str) -> bool:
    return (
        DoNotCall.objects.has(business.pk, number)
        or SuppressedNumber.objects.filter(phone_e164=number).exists()
    )


def _refuse_many(business: Business, now: datetime) -> None:
    lately = NumberTest.objects.for_business(business).filter(created_at__gt=now - HOUR)
    if lately.count() >= TESTS_AN_HOUR:
        raise ValidationError(
            _("Your business has made %(most)s tests within an hour. Try again later."),
            code="many",
            params={"most": TESTS_AN_HOUR},
        )


def _caller_number(business: Business, target: TransferTarget) -> PhoneNumber:
    """Of the business's own: where it can be, one of the same country."""
    own = PhoneNumber.objects.for_business(business).filter(active=True).order_by("e164")
    country = country_of(target.e164)
    numbers = sorted(own, key=lambda number: country_of(number.e164) != country)
    if not numbers:
        raise ValidationError(
            _("Your business has no number to call from. Connect one under Telephone numbers."),
            code="no_number",
        )
    return numbers[0]


def _written(
    business: Business,
    target: TransferTarget,
    caller: PhoneNumber,
    account: TwilioAccount,
    counted: DialUsage,
    by: User | None,
    now: datetime,
) -> NumberTest:
    return NumberTest.objects.create(
        business=business,
        target=target,
        to_e164=target.e164,
        from_e164=caller.e164,
        account_sid=account.account_sid,
        by=by,
        created_at=now,
        look_at=now + FIRST_LOOK,
        reserved_s=SECONDS_A_TEST,
        usage_day=counted.day,
    )


def _reserve(test: NumberTest, counted: DialUsage, lines: CarrierAccount, now: datetime) -> None:
    keep_pace(lines, now)
    lines.save(update_fields=["next_at"])
    DialUsage.objects.for_business(test.business_id).filter(pk=counted.pk).update(
        calls=F("calls") + 1, reserved_s=F("reserved_s") + test.reserved_s
    )


def _request(intent: TestIntent) -> CallRequest:
    return CallRequest(
        to=intent.to,
        from_=intent.from_,
        answer_url=addresses.test_answer(intent.slug, intent.test_id),
        fallback_url=addresses.fallback(intent.language),
        status_url=addresses.test_status(intent.slug, intent.test_id),
        detection_url="",
        ring_s=RING_S,
        longest_s=LONGEST_S,
    )


def _may_send(intent: TestIntent, intended_at: float, monotonic: Callable[[], float]) -> bool:
    """The last look. Whoever was paused since the intent, or since the look, does not send."""
    looked_at = monotonic()
    if looked_at - intended_at > protocol().intent_good_s:
        return False
    try:
        with business_scope(intent.business_id):
            tests = NumberTest.objects.for_business(intent.business_id)
            posting = tests.filter(pk=intent.test_id, state=NumberTestState.POSTING)
            wanted = posting.filter(business__status=Business.Status.ACTIVE).exists()
    except (DatabaseError, InterfaceError):
        return False
    return wanted and monotonic() - looked_at <= protocol().look_good_s


def _record(intent: TestIntent, placing: Placing, now: datetime) -> NumberTest:
    with business_scope(intent.business_id):
        test = locked_test(intent.business_id, intent.test_id)
        is_ours = not isinstance(placing, Placed) or bind_test(test, placing.call_sid, now)
        if not isinstance(placing, Placed) and test.state == NumberTestState.POSTING:
            _move(test, placing, now)
    if isinstance(placing, Placed) and not is_ours:
        end_strange_call(intent.account, placing.call_sid)
    _tell_account(intent.account.account_sid, placing, now)
    return test


def _move(test: NumberTest, placing: Placing, now: datetime) -> None:
    match placing:
        case Withheld():
            not_rung(test, NumberTrouble.WITHHELD, now)
        case NotPlaced():
            congested = placing.congested
            not_rung(test, NumberTrouble.CONGESTED if congested else NumberTrouble.NOT_REACHED, now)
        case Refused():
            of_account = placing.is_about_the_account
            trouble = NumberTrouble.ACCOUNT if of_account else NumberTrouble.REFUSED
            not_rung(test, trouble, now, error_code=placing.code)
        case Unknown():
            test.become(NumberTestState.UNKNOWN, now=now)


def _tell_account(account_sid: str, placing: Placing, now: datetime) -> None:
    match placing:
        case Placed():
            accounts.taken(account_sid, queued_ms=placing.queued_ms, now=now)
        case NotPlaced(congested=True):
            accounts.congested(account_sid, now=now)
        case Refused() if placing.is_about_the_account:
            accounts.refused(account_sid, code=placing.code, now=now)


def locked_test(business_id: uuid.UUID, test_id: uuid.UUID) -> NumberTest:
    """Raises `NumberTest.DoesNotExist`."""
    tests = NumberTest.objects.for_business(business_id).select_related("business")
    test: NumberTest = tests.select_for_update(of=("self",)).get(pk=test_id)
    return test


def bind_test(test: NumberTest, call_sid: str, now: datetime) -> bool:
    """This call is what the test has become. False: it has become another one, or is given up. The
    row is locked by the caller.
    """
    if test.call_sid is None and test.is_live:
        test.call_sid = call_sid
        test.save(update_fields=["call_sid"])
        test.become(NumberTestState.PLACED, now=now)
    return test.call_sid == call_sid


def not_rung(
    test: NumberTest, trouble: NumberTrouble, now: datetime, *, error_code: int | None = None
) -> None:
    if test.become(NumberTestState.FAILED, now=now, trouble=trouble, error_code=error_code):
        usage.give_back(test)


def end_strange_call(account: TwilioAccount, call_sid: str) -> None:
    """It belongs to a test that is over, or has another call: nobody is to listen to it."""
    logger.error("second_call_of_a_number_test", call_sid=call_sid)
    try:
        telephony.hang_up(account, call_sid)
    except TelephonyError:
        logger.exception("second_call_not_ended", call_sid=call_sid)
