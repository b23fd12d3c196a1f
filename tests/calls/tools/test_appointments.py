from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from calls.models import Appointment, ClosedDay
from calls.tools import appointments
from calls.tools.slots import Span
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.tools.rig import OnTheLine, opening_hours, permit
from tests.people import NOW

# It is Monday, 2 November 2026, half past eleven in Jerusalem.
TUESDAY = "2026-11-03T10:00"


@pytest.fixture
def shop(flowers: Business) -> Business:
    """Alice receives people from Sunday to Thursday."""
    permit(flowers, may_schedule=True, slot_minutes=30, notice_minutes=120, horizon_days=30)
    opening_hours(flowers, 6, 0, 1, 2, 3, opens="09:00", closes="12:00")
    return flowers


@pytest.fixture
def dana(shop: Business) -> OnTheLine:
    return OnTheLine.of(shop)


@pytest.fixture
def eve(shop: Business) -> OnTheLine:
    return OnTheLine.of(shop, "+972507654321")


def booked(business: Business) -> list[Appointment]:
    with business_scope(business):
        return list(Appointment.objects.for_business(business).booked().order_by("starts_at"))


def test_the_next_days_with_free_times_are_told(dana: OnTheLine) -> None:
    told = dana.asks("check_availability")
    assert told.content["today"] == "Monday 2 November 2026"
    first = told.content["free"][0]
    assert (first["day"], first["date"]) == ("Tuesday 3 November 2026", "2026-11-03")
    assert first["times"] == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert [day["date"] for day in told.content["free"]] == [
        "2026-11-03",
        "2026-11-04",
        "2026-11-05",
    ]


def test_a_day_and_a_part_of_it_can_be_asked_for(dana: OnTheLine, shop: Business) -> None:
    opening_hours(shop, 3, opens="16:00", closes="18:00")
    told = dana.asks("check_availability", {"from_date": "2026-11-05", "part_of_day": "evening"})
    assert [(day["date"], day["times"]) for day in told.content["free"]][0] == (
        "2026-11-05",
        ["17:00", "17:30"],
    )


def test_closed_days_and_booked_times_are_left_out(
    dana: OnTheLine, eve: OnTheLine, shop: Business
) -> None:
    with business_scope(shop):
        ClosedDay.objects.create(business=shop, date=date(2026, 11, 4))
    eve.asks("schedule_appointment", {"starts_at": TUESDAY})
    free = dana.asks("check_availability").content["free"]
    assert [day["date"] for day in free] == ["2026-11-03", "2026-11-05", "2026-11-08"]
    assert "10:00" not in free[0]["times"]


def test_the_appointments_of_another_business_take_nothing_away(
    dana: OnTheLine, garage: Business
) -> None:
    permit(garage, may_schedule=True)
    opening_hours(garage, 1, opens="09:00", closes="12:00")
    assert OnTheLine.of(garage).asks("schedule_appointment", {"starts_at": TUESDAY}).succeeded
    assert dana.asks("schedule_appointment", {"starts_at": TUESDAY}).succeeded


def test_nothing_is_free_beyond_the_horizon(dana: OnTheLine) -> None:
    told = dana.asks("check_availability", {"from_date": "2027-01-01"})
    assert told.content["free"] == []
    assert told.content["latest_day"] == "Wednesday 2 December 2026"


def test_when_all_is_shut_the_caller_is_asked_for_another_day(
    dana: OnTheLine, shop: Business
) -> None:
    with business_scope(shop):
        for day in range(31):
            ClosedDay.objects.create(business=shop, date=date(2026, 11, 2) + timedelta(days=day))
    assert "another day" in dana.asks("check_availability").content["next"]


def test_an_agreed_time_is_booked(dana: OnTheLine, shop: Business) -> None:
    dana.asks("save_lead_details", {"name": "Dana"})
    note = "A bouquet, paid with 4242 4242 4242 4242."
    told = dana.asks("schedule_appointment", {"starts_at": TUESDAY, "note": note})
    assert told.content["booked"] is True
    assert told.content["time"] == "Tuesday 3 November 2026, 10:00"
    assert told.content["starts_at"] == "2026-11-03T10:00:00+02:00"
    (appointment,) = booked(shop)
    assert appointment.starts_at == datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert appointment.ends_at == datetime(2026, 11, 3, 8, 30, tzinfo=UTC)
    assert (appointment.name, appointment.note) == (
        "Dana",
        "A bouquet, paid with ••••4242.",
    )
    assert (appointment.lead_id, appointment.call_id) == (dana.call.lead_id, dana.call.pk)


def test_who_has_the_time_already_is_told_so(dana: OnTheLine, shop: Business) -> None:
    dana.asks("schedule_appointment", {"starts_at": TUESDAY})
    told = OnTheLine.of(shop).asks("schedule_appointment", {"starts_at": f"{TUESDAY}+02:00"})
    assert (told.content["booked"], told.content["already_before"]) == (True, True)
    assert len(booked(shop)) == 1


@pytest.mark.parametrize(
    ("starts_at", "reason"),
    [
        (TUESDAY, "taken"),
        ("2026-11-02T11:45", "too soon"),
        ("2026-10-02T10:00", "in the past"),
        ("2027-10-05T10:00", "too far ahead"),
        ("2026-11-06T10:00", "not open"),
        ("2026-11-03T11:45", "not open"),
        ("2026-11-03T10:40", "begins at exactly"),
        ("2026-11-03", "not open"),
    ],
)
def test_a_time_that_cannot_be_had_is_answered_with_the_nearest(
    starts_at: str, reason: str, dana: OnTheLine, eve: OnTheLine, shop: Business
) -> None:
    eve.asks("schedule_appointment", {"starts_at": TUESDAY})
    told = dana.asks("schedule_appointment", {"starts_at": starts_at})
    assert (told.succeeded, told.content["booked"]) == (False, False)
    assert reason in told.content["reason"]
    assert 0 < len(told.content["nearest_free"]) <= 3
    for free in told.content["nearest_free"]:
        assert free["starts_at"] != f"{TUESDAY}:00+02:00"
    assert len(booked(shop)) == 1


def test_an_offered_alternative_can_be_booked_as_it_was_offered(
    dana: OnTheLine, eve: OnTheLine
) -> None:
    eve.asks("schedule_appointment", {"starts_at": TUESDAY})
    told = dana.asks("schedule_appointment", {"starts_at": TUESDAY})
    nearest = told.content["nearest_free"][0]["starts_at"]
    assert dana.asks("schedule_appointment", {"starts_at": nearest}).content["booked"] is True


@pytest.mark.parametrize(
    "starts_at", ["tomorrow at ten", "2026-13-01T10:00", "", "9999-12-31T23:59", "0001-01-01"]
)
def test_what_is_no_time_is_told_to_the_model(starts_at: str, dana: OnTheLine) -> None:
    told = dana.asks("schedule_appointment", {"starts_at": starts_at})
    assert not told.succeeded
    assert "error" in told.content


def test_a_time_that_the_clocks_leave_out_is_refused(dana: OnTheLine, shop: Business) -> None:
    permit(shop, horizon_days=200)
    told = dana.asks("schedule_appointment", {"starts_at": "2027-03-26T02:30"})
    assert "does not exist" in told.content["reason"]


def test_a_canceled_appointment_frees_its_time(
    dana: OnTheLine, eve: OnTheLine, shop: Business
) -> None:
    eve.asks("schedule_appointment", {"starts_at": TUESDAY})
    with business_scope(shop):
        Appointment.objects.update(status=Appointment.Status.CANCELED)
    assert dana.asks("schedule_appointment", {"starts_at": TUESDAY}).succeeded


def test_one_call_makes_three_appointments_at_most(dana: OnTheLine, shop: Business) -> None:
    for hour in ("09:00", "09:30", "10:00"):
        assert dana.asks("schedule_appointment", {"starts_at": f"2026-11-03T{hour}"}).succeeded
    told = dana.asks("schedule_appointment", {"starts_at": "2026-11-03T10:30"})
    assert "3 times" in told.content["error"]
    assert len(booked(shop)) == 3


def test_a_caller_without_a_number_books_for_this_call(shop: Business) -> None:
    nobody = OnTheLine.of(shop, None)
    assert nobody.asks("schedule_appointment", {"starts_at": TUESDAY, "name": "Noa"}).succeeded
    assert nobody.asks("schedule_appointment", {"starts_at": TUESDAY}).content["already_before"]
    stranger = OnTheLine.of(shop, None)
    assert not stranger.asks("schedule_appointment", {"starts_at": TUESDAY}).succeeded


def test_who_looked_before_the_other_booked_is_turned_down_by_the_database(
    dana: OnTheLine, eve: OnTheLine, shop: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rows said when they were read is past; what the constraint says holds."""
    eve.asks("schedule_appointment", {"starts_at": TUESDAY})
    truth, stale = appointments.Plan.booked, [True]

    def first_stale(plan: Any, *days: date) -> list[Span]:
        return [] if stale and stale.pop() else truth(plan, *days)

    monkeypatch.setattr(appointments.Plan, "booked", first_stale)
    told = dana.asks("schedule_appointment", {"starts_at": TUESDAY})
    assert told.content["booked"] is False
    assert "taken" in told.content["reason"]
    assert TUESDAY not in str(told.content["nearest_free"])
    assert [appointment.lead_id for appointment in booked(shop)] == [eve.call.lead_id]


def test_a_whole_answer_stays_short(dana: OnTheLine, shop: Business) -> None:
    permit(shop, slot_minutes=5)
    opening_hours(shop, *range(7), opens="00:00", closes="23:59")
    outcome = dana.take_up("check_availability")
    assert len(outcome.output) < 4000


def test_the_day_is_that_of_the_business(dana: OnTheLine) -> None:
    dana.now = datetime(2026, 11, 2, 22, 30, tzinfo=UTC)
    assert dana.asks("check_availability").content["today"] == "Tuesday 3 November 2026"
    assert NOW.date() == date(2026, 11, 2)
