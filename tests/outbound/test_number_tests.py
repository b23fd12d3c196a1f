"""A test call to a number that callers are put through to: who may have one made, what is refused,
what the carrier tells, and what is looked up when it tells nothing."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from calls import placing
from calls.models import Call, DoNotCall, DoNotCallVia, TransferTarget
from outbound.actions import begin_number_test, settle_number_tests
from outbound.actions.number_tests import SECONDS_A_TEST, TESTS_AN_HOUR
from outbound.dialer import dial
from outbound.models import (
    CarrierAccount,
    DialUsage,
    NumberTest,
    NumberTestState,
    NumberTrouble,
    SuppressedNumber,
)
from outbound.wording import of_test
from prosaas.simulator.rest_faults import ACCEPT_HANG, RestFault
from tenants.actions import suspend_business
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier, new_sid
from tests.outbound.pages import Window, as_alice
from tests.outbound.rig import (
    OPEN_HOURS,
    CarrierThread,
    Clock,
    job_of,
    limits,
    new_number,
    started,
)
from tests.people import make_member, make_number

__all__ = ["as_alice"]

pytestmark = pytest.mark.django_db(transaction=True)

SENTENCE = "המספר שאליו הסוכן שלכם מעביר שיחות"
REFUSED = RestFault(accept=False, status=400, code=21211)
REFUSED_ACCOUNT = RestFault(accept=False, status=401, code=20003)


@pytest.fixture(autouse=True)
def roomy(flowers: Business) -> None:
    CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=None
    )
    limits(flowers, calls_a_day=10_000, minutes_a_day=1_000_000)
    make_number(flowers)


def somebody(business: Business, e164: str = "", **fields: Any) -> TransferTarget:
    with business_scope(business):
        return TransferTarget.objects.create(
            business=business, name=new_number(), e164=e164 or new_number(), **fields
        )


def rung(target: TransferTarget, clock: Clock, by: User | None = None) -> NumberTest:
    with business_scope(target.business_id):
        business = Business.objects.get(pk=target.business_id)
    return begin_number_test(business=business, target_id=target.pk, by=by, clock=clock)


def refused(target: TransferTarget, clock: Clock) -> str:
    with pytest.raises(ValidationError) as error:
        rung(target, clock)
    return str(error.value.code)


def fresh(test: NumberTest) -> NumberTest:
    with business_scope(test.business_id):
        return NumberTest.objects.get(pk=test.pk)


def used(business: Business) -> list[tuple[int, int, int]]:
    with business_scope(business):
        rows = DialUsage.objects.for_business(business)
        return list(rows.values_list("calls", "reserved_s", "used_s"))


def faults(line: CarrierThread, *scripted: RestFault) -> None:
    line.does(lambda carrier: carrier.rest.faults.extend(scripted))


class Callee(SignedCarrier):
    """The call of one test, as the carrier tells us of it."""

    def __init__(self, test: NumberTest, slug: str = "flowers", token: str = "") -> None:
        super().__init__(settings.TWILIO_ACCOUNT_SID, token or settings.TWILIO_AUTH_TOKEN)
        self.test, self.slug = test, slug
        self.call_sid = test.call_sid or new_sid()
        self.sequence = itertools.count()

    def picks_up(self) -> HttpResponse:
        path = reverse("outbound:number_test_answer", args=[self.slug, self.test.pk])
        return self.post(path, self._fields("in-progress"))

    def reports(self, status: str, **more: str) -> HttpResponse:
        path = reverse("outbound:number_test_status", args=[self.slug, self.test.pk])
        sequence = {"SequenceNumber": str(next(self.sequence))}
        return self.post(path, self._fields(status) | sequence | more)

    def _fields(self, status: str) -> dict[str, str]:
        return {
            "CallSid": self.call_sid,
            "From": self.test.from_e164,
            "To": self.test.to_e164,
            "CallStatus": status,
            "Direction": "outbound-api",
        }


def test_the_number_is_rung_once_from_a_number_of_the_business(
    flowers: Business, line: CarrierThread, clock: Clock, alice: User
) -> None:
    target = somebody(flowers)
    test = rung(target, clock, alice)
    assert line.rung == [target.e164]
    assert (test.state, test.by) == (NumberTestState.PLACED, alice)
    assert used(flowers) == [(1, SECONDS_A_TEST, 0)]
    with business_scope(flowers):
        event = AuditEvent.objects.for_business(flowers).get(action="transfertarget.tested")
        assert not Call.objects.for_business(flowers).exists(), "it is none of the agent's calls"
    assert (event.subject, event.facts) == (str(target.pk), {"test": str(test.pk)})


def test_what_the_carrier_tells_is_followed_to_the_end(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    test = rung(somebody(flowers), clock)
    callee = Callee(test)
    callee.reports("ringing")
    assert fresh(test).state == NumberTestState.RINGING
    said = callee.picks_up()
    assert SENTENCE in said.content.decode()
    assert "<Hangup" in said.content.decode()
    assert fresh(test).state == NumberTestState.ANSWERED
    callee.reports("completed", CallDuration="9")
    callee.reports("ringing")  # late
    ended = fresh(test)
    assert (ended.state, ended.ended_at is not None) == (NumberTestState.COMPLETED, True)
    assert used(flowers) == [(1, 0, 9)]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("busy", NumberTestState.BUSY),
        ("no-answer", NumberTestState.NO_ANSWER),
        ("failed", NumberTestState.FAILED),
    ],
)
def test_whoever_is_not_reached_is_said_to_be_so(
    flowers: Business, line: CarrierThread, clock: Clock, status: str, state: str
) -> None:
    test = rung(somebody(flowers), clock)
    Callee(test).reports(status)
    assert fresh(test).state == state
    assert of_test(fresh(test))
    assert used(flowers) == [(1, 0, 0)]


def test_nobody_but_the_carrier_says_anything_of_it(
    flowers: Business, garage: Business, line: CarrierThread, clock: Clock
) -> None:
    test = rung(somebody(flowers), clock)
    assert Callee(test, token="another token").reports("busy").status_code == 403
    assert Callee(test, slug="garage").reports("busy").status_code == 404
    assert Callee(test, slug="garage").picks_up().status_code == 404
    assert fresh(test).state == NumberTestState.PLACED


def test_another_call_is_not_taken_for_it(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    test = rung(somebody(flowers), clock)
    stranger = Callee(test)
    stranger.call_sid = new_sid()
    assert SENTENCE not in stranger.picks_up().content.decode()
    stranger.reports("busy")
    assert fresh(test).state == NumberTestState.PLACED


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+12125550123", "destination"),  # a country that it does not call
        ("+972190012345", "destination"),  # costs more than a telephone
    ],
)
def test_a_number_that_the_business_may_not_call_is_not_rung(
    flowers: Business, line: CarrierThread, clock: Clock, number: str, why: str
) -> None:
    assert refused(somebody(flowers, number), clock) == why
    assert line.rung == []


def test_a_number_at_rest_or_that_wants_no_calls_is_not_rung(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    assert refused(somebody(flowers, active=False), clock) == "at_rest"
    target = somebody(flowers)
    with business_scope(flowers):
        listed = DoNotCall.objects.create(
            business=flowers, phone_e164=target.e164, via=DoNotCallVia.OWNER, since=clock.now
        )
    assert refused(target, clock) == "do_not_call"
    with business_scope(flowers):
        listed.delete()
    SuppressedNumber.objects.create(phone_e164=target.e164)
    assert refused(target, clock) == "do_not_call"
    assert line.rung == []


def test_a_number_is_rung_once_at_a_time(
    flowers: Business, garage: Business, line: CarrierThread, clock: Clock
) -> None:
    target = somebody(flowers)
    test = rung(target, clock)
    assert refused(target, clock) == "on_the_line"
    make_number(garage)
    assert refused(somebody(garage, target.e164), clock) == "on_the_line", "one telephone, one ring"
    Callee(test).reports("busy")
    rung(target, clock)
    assert line.rung == [target.e164] * 2


def test_a_run_waits_for_a_test_and_a_test_for_a_run(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    target = somebody(flowers)
    test = rung(target, clock)
    run = started(flowers, target.e164)
    assert dial(for_s=1, clock=clock) == 0
    Callee(test).reports("busy")
    clock.moves(minutes=1)
    assert dial(for_s=5, clock=clock) == 1
    assert job_of(run).status == "dialing"
    assert refused(target, clock) == "on_the_line"


def test_the_caps_of_the_day_hold(flowers: Business, line: CarrierThread, clock: Clock) -> None:
    limits(flowers, calls_a_day=1, minutes_a_day=1_000)
    Callee(rung(somebody(flowers), clock)).reports("busy")
    assert refused(somebody(flowers), clock) == "gate"
    limits(flowers, calls_a_day=100, minutes_a_day=0)
    assert refused(somebody(flowers), clock) == "gate"
    assert len(line.rung) == 1


def test_so_many_tests_an_hour(flowers: Business, line: CarrierThread, clock: Clock) -> None:
    for _ in range(TESTS_AN_HOUR):
        Callee(rung(somebody(flowers), clock)).reports("busy")
    assert refused(somebody(flowers), clock) == "many"
    clock.moves(hours=1, seconds=1)
    rung(somebody(flowers), clock)
    assert len(line.rung) == TESTS_AN_HOUR + 1


def test_without_a_number_of_its_own_a_business_rings_nobody(
    flowers: Business, garage: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(garage, countries=["IL"])
    assert refused(somebody(garage), clock) == "no_number"
    suspend_business(business=flowers, reason="", by=None, now=OPEN_HOURS)
    assert refused(somebody(flowers), clock) == "gate"
    assert line.rung == []


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [(REFUSED, NumberTrouble.REFUSED), (REFUSED_ACCOUNT, NumberTrouble.ACCOUNT)],
)
def test_what_the_carrier_refuses_is_said_with_what_to_do(
    flowers: Business, line: CarrierThread, clock: Clock, fault: RestFault, trouble: str
) -> None:
    faults(line, fault)
    test = rung(somebody(flowers), clock)
    assert (test.state, test.trouble) == (NumberTestState.FAILED, trouble)
    assert used(flowers) == [(0, 0, 0)], "nobody was rung"
    if trouble == NumberTrouble.ACCOUNT:
        assert refused(somebody(flowers), clock) == "gate"


def test_a_test_whose_answer_was_lost_is_found_and_not_made_again(
    flowers: Business,
    line: CarrierThread,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placing, "TIMEOUT_S", 0.3)
    faults(line, ACCEPT_HANG)
    clock.now = timezone.now()  # the carrier's list goes by its own
    target = somebody(flowers)
    test = rung(target, clock)
    assert test.state == NumberTestState.UNKNOWN
    assert refused(target, clock) == "on_the_line"
    clock.moves(seconds=16)
    assert settle_number_tests(now=clock()) == 1
    assert fresh(test).call_sid is not None
    assert line.rung == [target.e164]


def test_the_call_of_an_earlier_test_is_not_taken_for_that_of_a_later_one(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    target = somebody(flowers)
    earlier = rung(target, clock)
    line.settled()
    clock.moves(seconds=16)
    settle_number_tests(now=clock())
    assert not fresh(earlier).is_live

    later = rung(target, clock)
    own = later.call_sid
    with business_scope(flowers):  # as a process that was killed before it had the answer leaves it
        lost = NumberTest.objects.filter(pk=later.pk)
        lost.update(state=NumberTestState.UNKNOWN, call_sid=None)
    clock.moves(seconds=16)
    settle_number_tests(now=clock())
    assert fresh(later).call_sid == own != fresh(earlier).call_sid
    assert len(line.rung) == 2


def test_a_test_that_was_never_placed_ends_after_two_looks_far_apart(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    test = rung(somebody(flowers), clock)
    with business_scope(flowers):  # as a process that was killed behind its intent leaves it
        NumberTest.objects.filter(pk=test.pk).update(
            state=NumberTestState.POSTING,
            call_sid=None,
            to_e164=new_number(),
            created_at=clock.now,
        )
    clock.moves(seconds=16)
    settle_number_tests(now=clock())
    assert fresh(test).is_live, "the carrier's list may lag"
    for _ in range(2):
        clock.moves(seconds=121)
        assert fresh(test).is_live
        settle_number_tests(now=clock())
    assert (fresh(test).state, fresh(test).trouble) == ("failed", NumberTrouble.NOT_PLACED)
    assert used(flowers) == [(0, 0, 0)]


def test_a_callback_that_was_lost_is_asked_for(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    test = rung(somebody(flowers), clock)
    line.settled()  # nobody listens at the address of the tests
    clock.moves(seconds=16)
    settle_number_tests(now=clock())
    assert not fresh(test).is_live
    assert settle_number_tests(now=clock() + timedelta(hours=1)) == 0


def test_managers_test_and_agents_do_not(
    flowers: Business, line: CarrierThread, clock: Clock, bob: User, charlie: User
) -> None:
    make_member(flowers, charlie, Membership.Role.AGENT)
    rung(somebody(flowers), clock, bob)
    with pytest.raises(PermissionDenied):
        rung(somebody(flowers), clock, charlie)
    assert len(line.rung) == 1


def test_the_page_shows_how_far_it_is_and_is_found_again(
    as_alice: Window, flowers: Business, line: CarrierThread
) -> None:
    target = somebody(flowers)
    address = reverse("outbound:number_test", args=[target.pk])
    assert "It has not been tested yet." in as_alice.get(address)
    assert as_alice.post(address).url == address
    shown = as_alice.get(address)
    assert "It is being dialled." in shown
    now = reverse("outbound:number_test_now", args=[target.pk])
    assert now in shown, "it looks by itself"
    with business_scope(flowers):
        test = NumberTest.objects.get()
    callee = Callee(test)
    callee.reports("ringing")
    assert "It rings." in as_alice.get(now)
    callee.picks_up()
    callee.reports("completed")
    shown = as_alice.get(address)
    assert "It works" in shown
    assert now not in shown
    assert address in as_alice.get(reverse("settings:people"))


def test_a_refusal_is_told_on_the_page(
    as_alice: Window, flowers: Business, line: CarrierThread
) -> None:
    target = somebody(flowers, "+12125550123")
    answer = as_alice.client.post(
        reverse("outbound:number_test", args=[target.pk]),
        {"_business": str(flowers.pk)},
        follow=True,
    )
    assert "does not call the country" in answer.content.decode()
    assert line.rung == []


def test_another_business_finds_no_such_number(
    client: Client, charlie: User, flowers: Business, garage: Business, line: CarrierThread
) -> None:
    client.force_login(charlie)
    window = Window(client, garage)
    address = reverse("outbound:number_test", args=[somebody(flowers).pk])
    window.get(address, 404)
    assert window.post(address).status_code == 404
    assert line.rung == []


def test_whoever_is_removed_from_the_list_leaves_the_test_behind(
    as_alice: Window, flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    target = somebody(flowers)
    test = rung(target, clock)
    as_alice.post(reverse("settings:delete-person", args=[target.pk]))
    assert fresh(test).target_id is None
    assert Callee(test).reports("busy").status_code == 204
