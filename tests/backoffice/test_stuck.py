"""Calls that live in the rows alone, and the button that ends one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from calls.models import AgentSettings, Call, CallStatus, EndReason, Transfer, TransferTarget
from calls.stuck import Why, stuck_calls, why_stuck
from calls.telephony import TelephonyError
from tenants.credentials import TwilioAccount
from tenants.models import AuditEvent, Business, User
from tenants.scoping import NO_SCOPE, PlatformReason, business_scope, guard_of, platform_scope
from tests.people import NOW, make_business

pytestmark = pytest.mark.django_db

ANSWERED = {
    "status": CallStatus.IN_PROGRESS,
    "answered_at": NOW,
    "token_expires_at": NOW + timedelta(minutes=1),
    "token_used_at": NOW,
}
SIDS = iter(range(10_000))


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


class Carrier:
    def __init__(self) -> None:
        self.hung_up: list[str] = []
        self.is_away = False

    def hang_up(self, account: TwilioAccount, call_sid: str) -> None:
        assert guard_of(connection).scope is NO_SCOPE
        if self.is_away:
            raise TelephonyError("Away.", permanent=False)
        self.hung_up.append(call_sid)


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> Carrier:
    stand_in = Carrier()
    monkeypatch.setattr("calls.telephony.hang_up", stand_in.hang_up)
    return stand_in


def live(business: Business, **given: Any) -> Call:
    facts = {
        "direction": "inbound",
        "language": "en",
        "call_sid": f"CA{next(SIDS):032}",
        "created_at": NOW,
        "status": CallStatus.RINGING,
    }
    with business_scope(business):
        made: Call = Call.objects.create(business=business, **facts | given)
        return made


def stuck(**after: float) -> list[tuple[Call, Why]]:
    with platform_scope(PlatformReason.ADMIN):
        found = stuck_calls(now=NOW + timedelta(**after)).order_by("created_at", "pk")
        return [(call, why_stuck(call)) for call in found]


def fresh(call: Call) -> Call:
    with business_scope(call.business_id):
        found: Call = Call.objects.get(pk=call.pk)
        return found


def ends(client: Client, call: Call) -> str:
    where = reverse("admin:calls_call_do", args=[call.pk, "end"])
    answer = client.post(where, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_call_that_nobody_answers_is_stuck_after_ten_minutes(flowers: Business) -> None:
    call = live(flowers)
    assert stuck(minutes=9) == []
    assert stuck(minutes=10) == [(call, Why.NEVER_ANSWERED)]


def test_a_call_is_stuck_when_it_goes_on_for_longer_than_its_business_allows(
    flowers: Business, garage: Business
) -> None:
    with business_scope(garage):
        AgentSettings.objects.create(business=garage, max_call_s=60)
    short, long = live(garage, **ANSWERED), live(flowers, **ANSWERED)
    assert stuck(minutes=5) == []
    assert stuck(minutes=6) == [(short, Why.TOO_LONG)]
    assert stuck(minutes=34) == [(short, Why.TOO_LONG)]
    assert {call.pk for call, _ in stuck(minutes=35)} == {short.pk, long.pk}


def test_a_call_without_sound_is_stuck(flowers: Business) -> None:
    call = live(flowers, **ANSWERED | {"token_used_at": None})
    assert stuck(minutes=5) == []
    assert stuck(minutes=6) == [(call, Why.NO_MEDIA)]


def test_a_call_that_is_over_is_not_stuck(flowers: Business) -> None:
    over = {"status": CallStatus.COMPLETED, "end_reason": EndReason.SILENCE, "ended_at": NOW}
    live(flowers, **ANSWERED | over)
    assert stuck(days=1) == []


def test_who_talks_to_a_person_is_not_stuck_for_as_long_as_the_carrier_lets_them(
    flowers: Business,
) -> None:
    call = live(flowers, **ANSWERED)
    with business_scope(flowers):
        target = TransferTarget.objects.create(business=flowers, name="Bob", e164="+97231111111")
        Transfer.objects.create(
            business=flowers,
            call=call,
            target=target,
            e164=target.e164,
            warm=False,
            ring_s=25,
            status="connected",
            stream_number=0,
            requested_at=NOW,
        )
    assert stuck(hours=1) == []
    assert [found for found, _ in stuck(days=2)] == [call]


def test_the_page_names_the_call_and_leads_to_its_end(operator: Client, flowers: Business) -> None:
    call = live(flowers, from_e164="+972501234567")
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        operator.force_login(User.objects.get(email="olga@prosaas.test"))
        html = operator.get(reverse("admin:stuck")).content.decode()
    assert "Never answered, and never ended." in html
    assert '<bdi dir="ltr">+972501234567</bdi>' in html
    assert reverse("admin:calls_call_do", args=[call.pk, "end"]) in html


def test_the_page_costs_the_same_with_one_call_and_with_sixty(
    operator: Client, flowers: Business
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(reverse("admin:stuck")).status_code == 200
        return len(captured)

    long_ago = NOW - timedelta(days=1)
    live(flowers, created_at=long_ago)
    queries()
    one = queries()
    for number in range(60):
        live(make_business(f"shop-{number}"), created_at=long_ago)
    assert queries() == one <= 12
    assert "Page 1 of 2" in operator.get(reverse("admin:stuck")).content.decode()


def test_olga_is_asked_and_then_the_call_is_ended_here_and_at_the_carrier(
    operator: Client,
    flowers: Business,
    olga: User,
    carrier: Carrier,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    call, other = live(flowers), live(flowers)
    where = reverse("admin:calls_call_do", args=[call.pk, "end"])
    assert "cut at once" in operator.get(where).content.decode()
    assert fresh(call).is_live
    with django_capture_on_commit_callbacks() as told:
        assert "The call is ended." in ends(operator, call)
    assert len(told) == 1  # the process that holds the sockets
    ended = fresh(call)
    assert (ended.status, ended.end_reason) == (CallStatus.COMPLETED, EndReason.ERROR)
    assert ended.end_detail == "An operator ended the call."
    assert carrier.hung_up == [call.call_sid]
    assert fresh(other).is_live
    with business_scope(flowers):
        event = AuditEvent.objects.of_chain(flowers.pk).last()
        assert event is not None
        assert (event.action, event.subject, event.by) == ("call.ended", str(call.pk), olga)


def test_a_carrier_that_is_away_keeps_nobody_from_ending_a_call(
    operator: Client, flowers: Business, carrier: Carrier
) -> None:
    carrier.is_away = True
    call = live(flowers)
    assert "could not be told" in ends(operator, call)
    assert not fresh(call).is_live
    assert fresh(call).carrier_final_at is None  # so the sweep comes back to it


def test_a_call_that_has_ended_meanwhile_is_left_alone(
    operator: Client, flowers: Business, carrier: Carrier
) -> None:
    call = live(flowers)
    ends(operator, call)
    assert "somebody else was there before" in ends(operator, call)
    assert len(carrier.hung_up) == 1


def test_a_call_that_is_over_has_no_button(operator: Client, flowers: Business) -> None:
    over = {"status": CallStatus.COMPLETED, "end_reason": EndReason.SILENCE, "ended_at": NOW}
    pages = [
        operator.get(reverse("admin:calls_call_change", args=[call.pk])).content.decode()
        for call in (live(flowers), live(flowers, **ANSWERED | over))
    ]
    assert ["/do/end/" in html for html in pages] == [True, False]
