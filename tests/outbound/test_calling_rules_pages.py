"""The pages of what always holds: the hours ahead, who is not to be called, and the limits."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from calls.models import ClosedDay, DoNotCall, DoNotCallVia
from calls.telephones import readable
from outbound.hours_ahead import Hours
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.outbound.pages import Window, as_alice
from tests.outbound.rig import OPEN_HOURS, caller_number, limits, make_run
from tests.people import make_member

pytestmark = pytest.mark.django_db

__all__ = ["as_alice"]

LIST = "/outbound/do-not-call/"
ISRAELI = "+972501234567"


def listed(business: Business) -> set[str]:
    with business_scope(business):
        return set(DoNotCall.objects.values_list("phone_e164", flat=True))


def lists(business: Business, number: str, via: DoNotCallVia = DoNotCallVia.OWNER) -> DoNotCall:
    with business_scope(business):
        DoNotCall.objects.add(business_id=business.pk, phone_e164=number, via=via, now=OPEN_HOURS)
        entry: DoNotCall = DoNotCall.objects.get(phone_e164=number)
        return entry


class TestNotToBeCalled:
    @pytest.fixture(autouse=True)
    def with_a_number(self, flowers: Business) -> None:
        caller_number(flowers)

    @pytest.mark.parametrize(
        "written", ["050-123-4567", "+972 50 123 4567", "972501234567 ", readable(ISRAELI)]
    )
    def test_a_number_is_added_however_it_is_written(
        self, written: str, as_alice: Window, flowers: Business, garage: Business
    ) -> None:
        as_alice.post(f"{LIST}add/", number=written)
        assert listed(flowers) == {ISRAELI}
        assert listed(garage) == set()
        with business_scope(flowers):
            event = AuditEvent.objects.get(action="number.listed", by__name="alice")
            assert event.subject == ISRAELI

    def test_what_is_no_number_stays_in_the_field(self, as_alice: Window) -> None:
        page = as_alice.post(f"{LIST}add/", number="tomorrow").content.decode()
        assert "This is not a telephone number." in page
        assert 'value="tomorrow"' in page

    def test_the_first_word_counts(self, as_alice: Window, flowers: Business) -> None:
        lists(flowers, ISRAELI, DoNotCallVia.VOICE)
        as_alice.post(f"{LIST}add/", number=ISRAELI)
        assert "was on the list already" in as_alice.get(LIST)
        with business_scope(flowers):
            assert DoNotCall.objects.get().via == DoNotCallVia.VOICE

    def test_who_was_listed_by_mistake_is_taken_off_with_a_reason(
        self, as_alice: Window, flowers: Business
    ) -> None:
        entry = lists(flowers, ISRAELI)
        address = f"{LIST}{entry.pk}/"
        as_alice.get(address)
        as_alice.post(address, reason=" ")
        assert listed(flowers) == {ISRAELI}
        as_alice.post(address, reason="A slip of the finger")
        assert listed(flowers) == set()
        with business_scope(flowers):
            event = AuditEvent.objects.get(action="number.unlisted")
            assert event.facts == {"reason": "A slip of the finger"}

    def test_what_somebody_has_said_stays(self, as_alice: Window, flowers: Business) -> None:
        entry = lists(flowers, ISRAELI, DoNotCallVia.VOICE)
        page = as_alice.get(LIST)
        assert f"{LIST}{entry.pk}/" not in page
        assert "Their own wish: only your operator can take it off" in page
        assert as_alice.client.get(f"{LIST}{entry.pk}/")["Location"] == LIST  # nothing is offered
        answer = as_alice.post(f"{LIST}{entry.pk}/", reason="We want to").content.decode()
        assert "Nobody but that person takes it back" in answer
        assert listed(flowers) == {ISRAELI}

    def test_an_agent_lists_and_takes_nobody_off(
        self, client: Client, charlie: User, flowers: Business
    ) -> None:
        make_member(flowers, charlie, Membership.Role.AGENT)
        client.force_login(charlie)
        client.cookies["django_language"] = "en"
        window = Window(client, flowers)
        window.post(f"{LIST}add/", number="050-123-4567")
        assert listed(flowers) == {ISRAELI}
        with business_scope(flowers):
            entry = DoNotCall.objects.get()
        assert "An owner or a manager can take it off" in window.get(LIST)
        assert window.post(f"{LIST}{entry.pk}/", reason="No reason").status_code == 403
        assert client.get(f"{LIST}export/").status_code == 403
        assert listed(flowers) == {ISRAELI}

    def test_another_business_sees_none_of_it(
        self, client: Client, charlie: User, flowers: Business, garage: Business
    ) -> None:
        number = "+972529876543"
        entry = lists(flowers, number)
        client.force_login(charlie)
        window = Window(client, garage)
        assert readable(number) not in window.get(LIST)
        window.get(f"{LIST}{entry.pk}/", status=404)
        assert number not in b"".join(client.get(f"{LIST}export/")).decode()

    def test_a_number_is_looked_for(self, as_alice: Window, flowers: Business) -> None:
        lists(flowers, ISRAELI)
        lists(flowers, "+972521234567")
        page = as_alice.get(f"{LIST}?q=050-1234567")
        assert readable(ISRAELI) in page
        assert readable("+972521234567") not in page
        assert "Not on the list" in as_alice.get(f"{LIST}?q=nonsense")

    def test_is_exported_without_a_cell_that_computes(
        self, as_alice: Window, flowers: Business
    ) -> None:
        lists(flowers, ISRAELI)
        body = b"".join(as_alice.client.get(f"{LIST}export/")).decode("utf-8-sig")
        header, row = csv.reader(io.StringIO(body))
        assert header == ["Telephone", "Since", "Said so by"]
        assert row[0].lstrip("'") == ISRAELI
        assert row[1] == "2026-11-04 11:30"


class TestTheCalendar:
    def days(self, business: Business, first: date, count: int = 1) -> list[Any]:
        with business_scope(business):
            hours = Hours.of(business, None, first, first + timedelta(days=count))
            return hours.days(ISRAELI, first, count)

    def test_shows_the_hours_of_a_day_by_the_clock_of_the_business(self, flowers: Business) -> None:
        [wednesday] = self.days(flowers, date(2026, 11, 4))
        assert [(one.opens, one.closes) for one in wednesday.openings] == [("09:00", "20:00")]
        assert (wednesday.openings[0].start, wednesday.openings[0].width) == (540, 660)
        assert wednesday.marks == []

    def test_marks_shabbat_from_candle_lighting_to_the_stars(self, flowers: Business) -> None:
        friday, saturday, sunday = self.days(flowers, date(2026, 11, 6), 3)
        assert [mark.text[:13] for mark in friday.marks] == ["Shabbat from "]
        assert [mark.text[:14] for mark in saturday.marks] == ["Shabbat until "]
        assert saturday.openings == []
        assert sunday.marks == []

    def test_marks_holidays_and_days_on_which_the_business_calls_nobody(
        self, flowers: Business
    ) -> None:
        with business_scope(flowers):
            ClosedDay.objects.create(business=flowers, date=date(2026, 9, 23), note="Stock taking")
        eve, day, closed = (self.days(flowers, date(2026, 9, d))[0] for d in (20, 21, 23))
        assert eve.marks[0].text.startswith("Yom Kippur from ")
        assert day.marks[0].text.startswith("Yom Kippur until ")
        assert [one.opens > "19:00" for one in day.openings] == [True]  # when it is over
        assert [mark.text for mark in closed.marks] == ["Stock taking"]
        assert closed.openings == []

    def test_the_day_on_which_the_clocks_change_is_a_whole_day(self, flowers: Business) -> None:
        limits(
            flowers,
            observe_shabbat=False,
            schedule={"fri": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]},
        )
        for day in (date(2026, 3, 27), date(2026, 10, 25)):
            [shown] = self.days(flowers, day)
            assert [(one.opens, one.closes) for one in shown.openings] == [("00:00", "24:00")]
            assert (shown.openings[0].start, shown.openings[0].width) == (0, 1440)

    @pytest.mark.parametrize("view", ["week", "month"])
    def test_page_says_when_it_opens_next(
        self, view: str, as_alice: Window, flowers: Business
    ) -> None:
        caller_number(flowers)
        run = make_run(flowers, schedule={"mon": [["10:00", "11:00"]]})
        page = as_alice.get(f"/outbound/calendar/?view={view}&run={run.pk}&day=2026-11-30")
        assert "For mobile numbers in Israel" in page
        assert "next on" in page or "May be called now" in page
        assert "10:00–11:00" in page
        assert "09:00–20:00" not in page

    @pytest.mark.parametrize(
        "query", ["day=nonsense", "day=9999-12-31&view=month", "day=0001-01-01", "country=XX"]
    )
    def test_nonsense_in_the_address_is_a_page(self, query: str, as_alice: Window) -> None:
        assert "When calls are made" in as_alice.get(f"/outbound/calendar/?{query}")

    def test_of_a_run_that_is_not_there_is_not_found(self, as_alice: Window) -> None:
        as_alice.get("/outbound/calendar/?run=nonsense", status=404)

    def test_of_broken_hours_says_so(self, as_alice: Window, flowers: Business) -> None:
        limits(flowers, schedule={"someday": []})
        assert "The calling hours are broken" in as_alice.get("/outbound/calendar/")


def test_the_limits_are_told_in_words(as_alice: Window, flowers: Business) -> None:
    caller_number(flowers)
    limits(flowers, concurrency=4, calls_a_day=200, verified_at=None)
    page = as_alice.get("/outbound/limits/")
    assert "4 calls at most" in page
    assert "0 of 50 used today" in page  # a newcomer's, whatever is granted
    assert "Your business is new here." in page
    assert "Israel" in page
    assert "<input" not in page.split("<main")[1].split("</main")[0]


def test_the_limits_of_a_business_that_is_known(as_alice: Window, flowers: Business) -> None:
    limits(flowers, calls_a_day=200, verified_at=datetime(2026, 1, 1, tzinfo=UTC))
    page = as_alice.get("/outbound/limits/")
    assert "0 of 200 used today" in page
    assert "Your business is new here." not in page
