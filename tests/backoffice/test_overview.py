"""All businesses at a glance: what is counted, what it costs, and where it leads."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.models import Call, CallStatus, EndReason
from outbound.models import AttemptState, CarrierAccount, DialAttempt, DialUsage, LeadImport
from prosaas.backoffice.figures import Row
from tenants.credentials import refuse_key
from tenants.models import Business, NumberRequest, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.people import make_business, make_number
from tests.rows import bare_business, make_row

pytestmark = pytest.mark.django_db

MOST_QUERIES = 12
# In Jerusalem it is half past one at night, in London still the day before.
NIGHT = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
OVERVIEW = "/admin/overview/"


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


def call(business: Business, **given: Any) -> Call:
    """Over, after a minute and a half."""
    at = given.pop("at", NIGHT)
    facts = {
        "direction": "inbound",
        "language": "en",
        "created_at": at,
        "status": CallStatus.COMPLETED,
        "end_reason": EndReason.AGENT_GOODBYE,
        "ended_at": at,
        "duration_s": 90,
    }
    with business_scope(business):
        made: Call = Call.objects.create(business=business, **facts | given)
        return made


def looks(client: Client, **asked: str) -> Any:
    with time_machine.travel(NIGHT + timedelta(minutes=1), tick=False):
        client.force_login(User.objects.get(email="olga@prosaas.test"))
        page = client.get(OVERVIEW, asked)
    assert page.status_code == 200
    return page


def rows(client: Client, **asked: str) -> dict[str, Row]:
    """In the order of the page."""
    return {row.business.slug: row for row in looks(client, **asked).context["rows"]}


def tiles(client: Client) -> dict[str, tuple[int, str]]:
    found = looks(client).context["tiles"]
    return {str(tile.label): (tile.count, tile.address) for tile in found}


def test_calls_are_counted_for_the_week_and_for_the_day_of_each_business(
    operator: Client, flowers: Business
) -> None:
    tea = make_business("tea", timezone="Europe/London")
    for business in (flowers, tea):
        for hours in (1, 3, 48, 24 * 8):
            call(business, at=NIGHT - timedelta(hours=hours))
    counted = rows(operator)
    assert (counted["flowers"].calls_today, counted["tea"].calls_today) == (1, 2)
    assert (counted["flowers"].calls, counted["flowers"].minutes) == (3, 4)
    assert counted["flowers"].last_call_at == NIGHT - timedelta(hours=1)


def test_a_failure_is_ours_and_not_the_callers(operator: Client, flowers: Business) -> None:
    for reason in (EndReason.CALLER_HANGUP, EndReason.SILENCE, EndReason.CARRIER):
        call(flowers, end_reason=reason)
    for reason in (EndReason.MODEL_LOST, EndReason.ERROR):
        call(flowers, end_reason=reason)
    call(flowers, status=CallStatus.REJECTED, end_reason=EndReason.REJECTED_NO_PROMPT)
    assert rows(operator)["flowers"].failures == 3


def test_what_was_dialled_is_counted_for_the_week(operator: Client, flowers: Business) -> None:
    with business_scope(flowers):
        for days in (0, 6, 7):
            day = NIGHT.date() - timedelta(days=days)
            DialUsage.objects.create(business=flowers, day=day, calls=1, used_s=125)
    assert rows(operator)["flowers"].dialled_minutes == 4


def test_a_business_without_a_call_stands_there_as_well(
    operator: Client, flowers: Business
) -> None:
    row = rows(operator)["flowers"]
    assert (row.calls_today, row.calls, row.minutes, row.failures) == (0, 0, 0, 0)
    assert (row.dialled_minutes, row.last_call_at) == (0, None)


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("name", "quiet"),
        ("-name", "busy"),
        ("-status", "faulty"),
        ("-calls", "busy"),
        ("calls", "quiet"),
        ("-minutes", "long"),
        ("-failures", "faulty"),
        ("-dialled", "dialling"),
        ("-last", "long"),
        ("today", "quiet"),  # is not sorted by
        ("'; DROP", "quiet"),
    ],
)
def test_the_table_is_sorted_by_what_is_asked_for(order: str, first: str, operator: Client) -> None:
    named = {"busy": "E", "faulty": "D", "long": "C", "dialling": "B", "quiet": "A"}
    made = {slug: bare_business(slug) for slug in named}
    with platform_scope(PlatformReason.ADMIN):
        for slug, name in named.items():
            Business.objects.filter(slug=slug).update(name=name)
        Business.objects.filter(slug="faulty").update(status="suspended")
    for minutes in (10, 20, 30):
        call(made["busy"], at=NIGHT - timedelta(minutes=minutes))
    call(made["faulty"], at=NIGHT - timedelta(hours=1), end_reason=EndReason.ERROR)
    call(made["long"], duration_s=6000)
    with business_scope(made["dialling"]):
        DialUsage.objects.create(business=made["dialling"], day=NIGHT.date(), used_s=60)
    assert next(iter(rows(operator, o=order))) == first


@pytest.mark.parametrize("sought", ["flower", "FLOWERS", "1234567", "Roses flowers"])
def test_a_business_is_found_by_name_industry_and_number(
    sought: str, operator: Client, flowers: Business, garage: Business
) -> None:
    with business_scope(flowers):
        Business.objects.update(industry="roses")
    make_number(flowers, "+97231234567")
    make_number(garage, "+97239999999")
    assert list(rows(operator, q=sought)) == ["flowers"]


@pytest.mark.parametrize("sought", ["nothing like it", "flowers garage", "%", "\x00\x01"])
def test_what_is_not_there_is_said_not_to_be_there(
    sought: str, operator: Client, flowers: Business, garage: Business
) -> None:
    page = looks(operator, q=sought)
    assert page.context["rows"] == []
    assert "No business is like that." in page.content.decode()


def test_the_suspended_ones_are_found(
    operator: Client, flowers: Business, garage: Business
) -> None:
    with business_scope(garage):
        Business.objects.update(status="suspended")
    assert list(rows(operator, status="suspended")) == ["garage"]
    assert list(rows(operator, status="active")) == ["flowers"]
    assert set(rows(operator, status="nonsense")) == {"flowers", "garage"}


def test_fifty_businesses_are_a_page_and_the_search_stays(operator: Client) -> None:
    for number in range(51):
        bare_business(f"shop-{number:02}")
    first = looks(operator, q="shop", o="-name")
    assert len(first.context["rows"]) == 50
    forward = re.search(r'<a href="([^"]*)" rel="next"', first.content.decode())
    assert forward is not None
    assert "q=shop" in forward.group(1)
    assert list(rows(operator, q="shop", o="-name", p="2")) == ["shop-00"]
    assert list(rows(operator, q="shop", o="-name", p="900")) == ["shop-00"]


@pytest.mark.parametrize("order", ["name", "-calls", "-last"])
def test_it_costs_twelve_queries_with_one_business_and_with_forty(
    order: str, operator: Client, flowers: Business
) -> None:
    call(flowers)

    def queries() -> list[str]:
        operator.get(OVERVIEW)
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(OVERVIEW, {"o": order, "q": "o"}).status_code == 200
        return [query["sql"] for query in captured]

    one = queries()
    for number in range(39):
        call(make_business(f"shop-{number}", timezone=("UTC", "Asia/Tokyo")[number % 2]))
    many = queries()
    assert len(many) == len(one)
    assert len(many) <= MOST_QUERIES, "\n".join(sql[:200] for sql in many)


def test_the_front_page_is_the_overview_with_all_tables(operator: Client) -> None:
    html = operator.get("/admin/").content.decode()
    assert 'class="tiles"' in html
    assert reverse("admin:calls_call_changelist") in html


def test_each_business_leads_to_its_page_its_calls_and_its_runs(
    operator: Client, flowers: Business, olga: User
) -> None:
    html = looks(operator).content.decode()
    operator.force_login(olga)  # that session was of another time
    for address in (
        reverse("admin:tenants_business_change", args=[flowers.pk]),
        f"{reverse('admin:calls_call_changelist')}?business__id__exact={flowers.pk}",
        f"{reverse('admin:outbound_outboundcallrun_changelist')}?business__id__exact={flowers.pk}",
    ):
        assert f'href="{address}"' in html
        assert operator.get(address).status_code == 200


def test_a_name_is_never_markup(operator: Client, flowers: Business) -> None:
    with business_scope(flowers):
        Business.objects.update(name="<script>alert(1)</script>")
    html = looks(operator, q="<script>").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_what_wants_somebody_is_counted_and_its_list_is_one_click_away(
    operator: Client, flowers: Business
) -> None:
    live = {"status": CallStatus.IN_PROGRESS, "end_reason": "", "ended_at": None}
    call(flowers, **live, answered_at=NIGHT, token_expires_at=NIGHT, token_used_at=NIGHT)
    call(flowers, **live, at=NIGHT - timedelta(hours=2))
    call(flowers)
    with business_scope(flowers):
        states = (AttemptState.HUMAN, AttemptState.UNKNOWN, AttemptState.FINAL)
        for number, state in enumerate(states):
            make_row(
                DialAttempt, flowers, state=state, posted_at=NIGHT, to_e164=f"+9723000000{number}"
            )
        make_row(LeadImport, flowers, status="running")
        make_row(LeadImport, flowers, status="completed")
        make_row(NumberRequest, flowers)
        make_row(NumberRequest, flowers, status="declined", closed_at=NIGHT)
    CarrierAccount.objects.create(account_sid="AC1", refused_at=NIGHT, refused_code=20003)
    CarrierAccount.objects.create(account_sid="AC2")
    refuse_key("sk-flowers", code="insufficient_quota", now=NIGHT + timedelta(seconds=30))
    refuse_key("sk-garage", code="insufficient_quota", now=NIGHT - timedelta(days=9))

    counted = tiles(operator)
    assert {label: count for label, (count, _) in counted.items()} == {
        "live calls": 2,
        "stuck calls": 1,
        "dial attempts in doubt": 2,
        "carrier accounts refused": 1,
        "model keys refused": 1,
        "imports under way": 1,
        "numbers asked for": 1,
        "silent tasks": 8,
    }
    for label, (count, address) in counted.items():
        with time_machine.travel(NIGHT + timedelta(minutes=1), tick=False):
            page = operator.get(address)
        assert page.status_code == 200, label
        if "cl" in page.context:
            assert page.context["cl"].result_count == count, label


def test_when_all_is_well_nothing_is_marked(operator: Client) -> None:
    found = looks(operator).context["tiles"]
    assert [str(tile.label) for tile in found if tile.wants_somebody] == ["silent tasks"]


@pytest.mark.parametrize("page", ["overview", "stuck", "tasks"])
@pytest.mark.parametrize(("language", "direction"), [("he", "rtl"), ("en", "ltr")])
def test_the_pages_are_shown_in_the_direction_of_the_language(
    page: str, language: str, direction: str, operator: Client, flowers: Business
) -> None:
    call(flowers)
    operator.cookies["django_language"] = language
    html = operator.get(reverse(f"admin:{page}")).content.decode()
    assert f'<html lang="{language}" dir="{direction}">' in html
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", html)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)


@pytest.mark.parametrize("page", ["overview", "stuck", "tasks"])
def test_nobody_but_an_operator_sees_them(page: str, client: Client, alice: User) -> None:
    clerk = User.objects.create_user("clerk@prosaas.test", is_staff=True)
    for person in (None, alice, clerk):
        client.logout()
        if person:
            client.force_login(person)
        answer = client.get(reverse(f"admin:{page}"))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")
