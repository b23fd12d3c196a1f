"""The calling window at the moment at which somebody would be rung, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings

from outbound.intents import take_jobs
from outbound.models import CarrierAccount, OutboundCallRun
from outbound.protocol import database_now
from tenants.models import Business
from tests.outbound.rig import (
    ALWAYS,
    Clock,
    attempts_of,
    job_of,
    limits,
    make_run,
    started,
    verdicts_of,
)

pytestmark = pytest.mark.django_db

JERUSALEM = ZoneInfo("Asia/Jerusalem")
NEW_YORK = ZoneInfo("America/New_York")
NEW_YORKER = "+12125550123"
DAYTIME = {day: [["09:00", "20:00"]] for day in ALWAYS}


@pytest.fixture(autouse=True)
def roomy(flowers: Business) -> None:
    CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=None
    )
    limits(flowers, schedule=DAYTIME, countries=["IL", "US"])


def rings_at(run: OutboundCallRun, moment: datetime) -> bool:
    before = len(attempts_of(run))
    clock = Clock(moment.astimezone(UTC))
    take_jobs(run_id=run.pk, business_id=run.business_id, owner=7, most=10, clock=clock)
    return len(attempts_of(run)) > before


def test_t01_a_machine_whose_clock_is_an_hour_off_dials_by_the_databases(
    flowers: Business,
) -> None:
    real = database_now()
    for hours in (-1, 1, 24 * 365):
        with time_machine.travel(real + timedelta(hours=hours), tick=False):
            assert abs(database_now() - real) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("moment", "rings"),
    [
        # Clocks go forward on 14 March 2027 and back on 7 November, at two in the morning.
        (datetime(2027, 3, 14, 8, 59, 59, tzinfo=NEW_YORK), False),
        (datetime(2027, 3, 14, 9, 0, 0, tzinfo=NEW_YORK), True),
        (datetime(2027, 11, 7, 8, 59, 59, tzinfo=NEW_YORK), False),
        (datetime(2027, 11, 7, 9, 0, 0, tzinfo=NEW_YORK), True),
        (datetime(2027, 11, 7, 19, 59, 0, tzinfo=NEW_YORK), True),
        (datetime(2027, 11, 7, 20, 0, 0, tzinfo=NEW_YORK), False),
    ],
)
def test_t02_on_the_days_the_clocks_change_it_is_the_wall_of_the_callee_that_counts(
    flowers: Business, moment: datetime, rings: bool
) -> None:
    assert rings_at(started(flowers, NEW_YORKER), moment) is rings


def test_t02_a_number_without_a_zone_is_rung_by_nobody(flowers: Business) -> None:
    limits(flowers, schedule=ALWAYS, countries=["IL", "US", "AQ"])
    run = make_run(flowers, "+67210123456")
    assert not rings_at(run, datetime(2026, 11, 4, 9, 30, tzinfo=UTC))


def test_t04_nobody_is_rung_in_the_last_moment_of_a_window(flowers: Business) -> None:
    """The request may be under way for a while: it has to arrive while the window is open."""
    run = started(flowers)
    closes = datetime(2026, 11, 4, 20, tzinfo=JERUSALEM)
    assert not rings_at(run, closes - timedelta(seconds=5))
    assert job_of(run).due_at == closes + timedelta(hours=13)
    assert verdicts_of(run)[-1] == ("window", "outside_hours")


def test_t04_a_moment_before_that_they_are(flowers: Business) -> None:
    closes = datetime(2026, 11, 4, 20, tzinfo=JERUSALEM)
    assert rings_at(started(flowers), closes - timedelta(seconds=11))


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (datetime(2026, 11, 6, 15, 50, tzinfo=JERUSALEM), None),  # Friday, before the candles
        (datetime(2026, 11, 6, 16, 10, tzinfo=JERUSALEM), "shabbat"),
        (datetime(2026, 11, 7, 12, 0, tzinfo=JERUSALEM), "shabbat"),
        (datetime(2026, 11, 7, 17, 45, tzinfo=JERUSALEM), None),  # three stars and a margin
        (datetime(2027, 10, 11, 11, 0, tzinfo=JERUSALEM), "holiday"),  # Yom Kippur
        (datetime(2027, 10, 10, 18, 30, tzinfo=JERUSALEM), "holiday"),
        (datetime(2027, 4, 21, 19, 0, tzinfo=JERUSALEM), "holiday"),  # the eve of Passover
        (datetime(2030, 6, 7, 12, 0, tzinfo=JERUSALEM), "holiday"),  # Shavuot
    ],
)
def test_t05_shabbat_and_holidays_are_asked_about_when_it_is_time_to_ring(
    flowers: Business, moment: datetime, reason: str | None
) -> None:
    run = started(flowers)  # on an ordinary Wednesday
    assert rings_at(run, moment) is (reason is None)
    expected = ("passed", "dialled") if reason is None else ("window", reason)
    assert verdicts_of(run)[-1] == expected


def test_t05_a_business_that_does_not_keep_shabbat_may_say_so(flowers: Business) -> None:
    limits(flowers, schedule=DAYTIME, observe_shabbat=False)
    assert rings_at(started(flowers), datetime(2026, 11, 7, 12, 0, tzinfo=JERUSALEM))


def test_run_and_business_both_have_to_allow_it(flowers: Business) -> None:
    mornings: dict[str, Any] = {"wed": [["09:00", "12:00"]]}
    run = started(flowers, schedule=mornings)
    assert not rings_at(run, datetime(2026, 11, 4, 13, tzinfo=JERUSALEM))
    assert job_of(run).due_at == datetime(2026, 11, 11, 9, tzinfo=JERUSALEM)
