"""The calendar of a business: by its own clock, and nobody gets a time that somebody else has."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from calls.calendar import first_of_week
from calls.models import Appointment, ClosedDay, Lead, OpeningHours
from tenants.decorators import FIELD
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.people import make_member

pytestmark = pytest.mark.django_db

# Ten in the morning in Jerusalem, on a Monday of winter far ahead.
TEN = datetime(2030, 12, 2, 8, tzinfo=UTC)
XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def book(business: Business, at: datetime = TEN, name: str = "Dana", **more: object) -> Appointment:
    with business_scope(business):
        made: Appointment = Appointment.objects.create(
            business=business, starts_at=at, ends_at=at + timedelta(minutes=30), name=name, **more
        )
        return made


def form(business: Business, **changes: str) -> dict[str, str]:
    given = {"date": "2030-12-02", "time": "10:00", "minutes": "30", "name": "Noa", "note": ""}
    return {FIELD: str(business.pk)} | given | changes


def booked(business: Business) -> list[tuple[str, datetime]]:
    with business_scope(business):
        rows = Appointment.objects.for_business(business).booked().order_by("starts_at")
        return list(rows.values_list("name", "starts_at"))


def test_a_week_shows_its_own_by_the_clock_of_the_business(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    book(flowers)
    book(flowers, TEN + timedelta(days=7), "Next week")
    book(flowers, TEN + timedelta(hours=3), "Gone", status="canceled")
    book(garage, name="Of the garage")
    with business_scope(flowers):
        OpeningHours.objects.create(business=flowers, weekday=0, opens=time(9), closes=time(17))
        ClosedDay.objects.create(business=flowers, date=date(2030, 12, 9))
    page = as_alice.get("/appointments/?date=2030-12-04").content.decode()
    assert "10:00–10:30" in page
    assert "Dana" in page
    assert "09:00–17:00" in page
    for absent in ("Next week", "Gone", "Of the garage"):
        assert absent not in page
    assert "Next week" in as_alice.get("/appointments/?date=2030-12-09").content.decode()
    assert as_alice.get("/appointments/?date=nonsense&view=x").status_code == 200


def test_a_day_shows_what_is_still_free(as_alice: Client, flowers: Business) -> None:
    day = timezone.now().date() + timedelta(days=10)
    with business_scope(flowers):
        OpeningHours.objects.create(
            business=flowers, weekday=day.weekday(), opens=time(9), closes=time(11)
        )
    page = as_alice.get(f"/appointments/?view=day&date={day}").content.decode()
    assert f"date={day}&amp;time=09:00" in page
    assert f"date={day}&amp;time=11:00" not in page


def test_one_past_midnight_is_on_both_days(as_alice: Client, flowers: Business) -> None:
    book(flowers, datetime(2030, 12, 2, 21, 45, tzinfo=UTC))
    for day in ("2030-12-02", "2030-12-03"):
        assert "Dana" in as_alice.get(f"/appointments/?view=day&date={day}").content.decode()
    assert "Dana" not in as_alice.get("/appointments/?view=day&date=2030-12-04").content.decode()


def test_weeks_begin_as_in_the_language() -> None:
    wednesday = date(2030, 12, 4)
    for language, first in (("he", date(2030, 12, 1)), ("de", date(2030, 12, 2))):
        with translation.override(language):
            assert first_of_week(wednesday) == first
            assert first_of_week(first) == first
            assert first_of_week(first - timedelta(days=1)) == first - timedelta(days=7)


def test_an_appointment_is_made_moved_and_canceled(as_alice: Client, flowers: Business) -> None:
    response = as_alice.post("/appointments/new/", form(flowers))
    assert response["Location"] == "/appointments/?view=week&date=2030-12-02"
    assert booked(flowers) == [("Noa", TEN)]
    with business_scope(flowers):
        made = Appointment.objects.get()
    address = f"/appointments/{made.pk}/"
    assert "10:00–10:30" in as_alice.get(address).content.decode()
    moved = form(flowers, time="11:15", name="Noa Bar", minutes="45")
    assert as_alice.post(f"{address}edit/", moved).status_code == 302
    assert booked(flowers) == [("Noa Bar", TEN + timedelta(minutes=75))]
    assert as_alice.get(f"{address}cancel/").status_code == 200
    assert len(booked(flowers)) == 1
    as_alice.post(f"{address}cancel/", {FIELD: str(flowers.pk)})
    assert booked(flowers) == []
    again = as_alice.post(f"{address}edit/", moved)
    assert "was canceled meanwhile" in again.content.decode()
    with business_scope(flowers):
        actions = AuditEvent.objects.filter(action__startswith="appointment.").order_by("position")
        assert [event.action.removeprefix("appointment.") for event in actions] == [
            "made",
            "moved",
            "canceled",
        ]


def test_a_time_that_somebody_has_is_refused_and_nothing_typed_is_lost(
    as_alice: Client, flowers: Business
) -> None:
    book(flowers)
    response = as_alice.post("/appointments/new/", form(flowers, time="10:15", note="Roses"))
    page = response.content.decode()
    assert response.status_code == 200
    assert "Somebody else has an appointment at this time." in page
    assert "Roses" in page
    other = book(flowers, TEN + timedelta(hours=2), "Noa")
    taken = as_alice.post(f"/appointments/{other.pk}/edit/", form(flowers))
    assert "Somebody else has an appointment at this time." in taken.content.decode()
    assert booked(flowers) == [("Dana", TEN), ("Noa", TEN + timedelta(hours=2))]


def test_a_time_that_the_clocks_leave_out_does_not_exist(
    as_alice: Client, flowers: Business
) -> None:
    missing = form(flowers, date="2030-03-29", time="02:30")
    page = as_alice.post("/appointments/new/", missing).content.decode()
    assert "the clocks go forward over it" in page
    year = as_alice.post("/appointments/new/", form(flowers, date="0001-01-01"))
    assert "The year cannot be right." in year.content.decode()
    assert booked(flowers) == []


def test_it_is_made_from_the_page_of_a_lead(as_alice: Client, flowers: Business) -> None:
    with business_scope(flowers):
        lead = Lead.objects.create(business=flowers, phone_e164="+972501234567", name="Dana Levi")
    address = f"/appointments/new/?lead={lead.pk}"
    assert 'value="Dana Levi"' in as_alice.get(address).content.decode()
    as_alice.post(address, form(flowers))
    with business_scope(flowers):
        assert Appointment.objects.get().lead_id == lead.pk
    assert as_alice.get("/appointments/new/?lead=nonsense").status_code == 404


def test_a_viewer_looks_and_changes_nothing(
    client: Client, charlie: User, flowers: Business
) -> None:
    make_member(flowers, charlie, Membership.Role.VIEWER)
    client.force_login(charlie)
    made = book(flowers)
    page = client.get("/appointments/?date=2030-12-02").content.decode()
    assert "Dana" in page
    assert "/appointments/new/" not in page
    assert (
        f"/appointments/{made.pk}/edit/"
        not in client.get(f"/appointments/{made.pk}/").content.decode()
    )
    for address in ("new/", f"{made.pk}/edit/", f"{made.pk}/cancel/"):
        answer = client.post(f"/appointments/{address}", form(flowers))
        assert answer.status_code == 403
    assert booked(flowers) == [("Dana", TEN)]


def test_another_business_has_no_such_appointment(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    theirs = book(garage)
    for address in ("", "edit/", "cancel/"):
        assert as_alice.get(f"/appointments/{theirs.pk}/{address}").status_code == 404
        answer = as_alice.post(f"/appointments/{theirs.pk}/{address}", form(flowers))
        assert answer.status_code == 404
    assert booked(garage) == [("Dana", TEN)]


def test_nothing_in_a_name_runs_and_a_full_week_costs_what_an_empty_one_does(
    as_alice: Client, flowers: Business
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page = as_alice.get("/appointments/?date=2030-12-02").content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        return len(asked)

    queries()  # the first page of a login notes that somebody is there
    empty = queries()
    with business_scope(flowers):
        lead = Lead.objects.create(business=flowers, phone_e164="+972501234567", name=XSS)
    for hour in range(8):
        book(flowers, TEN + timedelta(hours=hour), XSS if hour else "", lead=lead)
    assert queries() == empty
    with business_scope(flowers):
        pk = Appointment.objects.order_by("starts_at").values_list("pk", flat=True)[0]
    assert "<script>alert" not in as_alice.get(f"/appointments/{pk}/").content.decode()
