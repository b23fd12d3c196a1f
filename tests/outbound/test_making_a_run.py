"""A run is made step by step: what is typed stays, and before it starts it says who is called when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.models import DoNotCall, DoNotCallVia, OpeningHours
from outbound.foreseeing import When, foresee
from outbound.models import DialVerdict, OutboundCallRun, RunStatus
from tenants.models import Business
from tenants.scoping import business_scope
from tests.outbound.pages import Window, as_alice, make_list
from tests.outbound.rig import (
    ALWAYS,
    OPEN_HOURS,
    caller_number,
    fresh,
    jobs_of,
    limits,
    make_run,
    new_number,
    outbound_version,
)

pytestmark = pytest.mark.django_db

__all__ = ["as_alice"]

HOURS = {f"{day}_0_{edge}": "" for day in ("sun", "mon") for edge in ("from", "to")}
AGAIN = {
    f"{outcome}_{name}": value
    for outcome in ("busy", "no_answer", "voicemail", "failed")
    for name, value in (("times", "1"), ("after", "2"), ("unit", "3600"))
}


@pytest.fixture(autouse=True)
def ready(flowers: Business) -> None:
    limits(flowers, schedule=ALWAYS, observe_shabbat=False)
    outbound_version(flowers)
    caller_number(flowers)


def only_run(business: Business) -> OutboundCallRun:
    with business_scope(business):
        run: OutboundCallRun = OutboundCallRun.objects.get()
        return run


def test_the_first_step_makes_a_draft_with_the_leads_of_the_lists(
    as_alice: Window, flowers: Business
) -> None:
    twice = new_number()
    friends = make_list(flowers, twice, new_number())
    others = make_list(flowers, twice, new_number(), name="Others")
    response = as_alice.post("/outbound/new/", name="Autumn", lists=[friends.pk, others.pk])
    run = only_run(flowers)
    assert response["Location"] == f"/outbound/runs/{run.pk}/words/"
    assert (run.name, run.status) == ("Autumn", RunStatus.DRAFT)
    assert len(jobs_of(run)) == 3


def test_a_list_of_another_business_is_no_choice(
    as_alice: Window, flowers: Business, garage: Business
) -> None:
    theirs = make_list(garage, new_number(), name="Customers of the garage")
    assert "Customers of the garage" not in as_alice.get("/outbound/new/")
    page = as_alice.post("/outbound/new/", name="Autumn", lists=[theirs.pk]).content.decode()
    assert "not there any more" in page
    assert 'value="Autumn"' in page
    with business_scope(flowers):
        assert not OutboundCallRun.objects.exists()


def test_the_words_of_a_message_are_not_lost_when_something_else_is_wrong(
    as_alice: Window, flowers: Business
) -> None:
    run = make_run(flowers)
    address = f"/outbound/runs/{run.pk}/words/"
    given = {"version": run.version_id, "number": run.number_id, "machine_policy": "leave_message"}
    page = as_alice.post(address, **given, machine_message=" ").content.decode()
    assert "Say what is to be left as a message." in page
    page = as_alice.post(address, **given | {"number": ""}, machine_message="It is Dana.")
    assert "It is Dana." in page.content.decode()
    assert fresh(run).machine_message == ""
    response = as_alice.post(address, **given, machine_message="It is Dana.")
    assert response["Location"] == f"/outbound/runs/{run.pk}/times/"
    seen = fresh(run)
    assert (seen.machine_message, seen.message_on_last_only) == ("It is Dana.", False)


class TestTheHours:
    @pytest.fixture
    def run(self, flowers: Business) -> OutboundCallRun:
        return make_run(flowers)

    def test_are_plain_times_of_each_day(self, as_alice: Window, run: OutboundCallRun) -> None:
        as_alice.post(
            f"/outbound/runs/{run.pk}/times/",
            mode="own",
            mon_0_from="09:00",
            mon_0_to="12:30",
            mon_1_from="16:00",
            mon_1_to="00:00",
        )
        stored = {day: hours for day, hours in fresh(run).schedule.items() if hours}
        assert stored == {"mon": [["09:00", "12:30"], ["16:00", "24:00"]]}
        page = as_alice.get(f"/outbound/runs/{run.pk}/times/")
        assert 'name="mon_0_to" value="12:30"' in page
        assert 'name="mon_1_to" value="00:00"' in page

    def test_may_be_all_that_the_business_may(self, as_alice: Window, run: OutboundCallRun) -> None:
        as_alice.post(f"/outbound/runs/{run.pk}/times/", mode="all", mon_0_from="09:00")
        assert fresh(run).schedule == {}

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"mon_0_from": "09:00"}, "Give both times, or neither."),
            ({"mon_0_from": "12:00", "mon_0_to": "09:00"}, "does not end after it begins"),
            ({"mon_0_from": "soon", "mon_0_to": "09:00"}, "Enter a valid time."),
            ({}, "nobody would ever be called"),
        ],
    )
    def test_that_make_no_sense_are_refused_and_stay_on_the_page(
        self, given: dict[str, str], told: str, as_alice: Window, run: OutboundCallRun
    ) -> None:
        page = as_alice.post(
            f"/outbound/runs/{run.pk}/times/", mode="own", tue_1_from="08:15", **given
        ).content.decode()
        if given:
            assert 'value="08:15"' in page
        assert told in page or "Give both times" in page
        assert fresh(run).schedule == {}

    def test_are_filled_in_from_the_opening_hours(
        self, as_alice: Window, run: OutboundCallRun, flowers: Business
    ) -> None:
        with business_scope(flowers):
            OpeningHours.objects.create(business=flowers, weekday=6, opens="08:30", closes="17:00")
        address = f"/outbound/runs/{run.pk}/times/"
        assert "When you are open" in as_alice.get(address)
        page = as_alice.post(address, preset="opening", mode="all").content.decode()
        assert 'name="sun_0_from" value="08:30"' in page
        assert fresh(run).schedule == {}  # filled in, and not stored before somebody says so


def test_how_often_is_said_in_plain_numbers(as_alice: Window, flowers: Business) -> None:
    run = make_run(flowers)
    address = f"/outbound/runs/{run.pk}/often/"
    as_alice.get(address)
    page = as_alice.post(address, concurrency="0", ring_s="25", **AGAIN).content.decode()
    assert "greater than or equal to 1" in page
    as_alice.post(address, concurrency="3", ring_s="30", **AGAIN | {"busy_times": "0"})
    seen = fresh(run)
    assert (seen.concurrency, seen.ring_s) == (3, 30)
    assert seen.retries["busy"]["times"] == 0
    assert seen.retries["voicemail"] == {"times": 1, "after_s": 7200}
    too_long = AGAIN | {"busy_after": "40", "busy_unit": "86400"}
    page = as_alice.post(address, concurrency="3", ring_s="30", **too_long).content.decode()
    assert "after at most 30 days" in page


def test_a_run_that_is_calling_is_not_changed(as_alice: Window, flowers: Business) -> None:
    run = make_run(flowers)
    with business_scope(flowers):
        OutboundCallRun.objects.update(status=RunStatus.RUNNING, started_at=OPEN_HOURS)
    address = f"/outbound/runs/{run.pk}/often/"
    assert "Pause it before you change it." in as_alice.get(address)
    page = as_alice.post(address, concurrency="7", ring_s="30", **AGAIN).content.decode()
    assert "Pause the run before you change it." in page
    assert fresh(run).concurrency == run.concurrency


class TestThePreview:
    def test_says_who_is_called_when_who_not_and_why(
        self, as_alice: Window, flowers: Business
    ) -> None:
        abroad, listed, anybody = "+33123456789", new_number(), new_number()
        run = make_run(flowers, abroad, listed, anybody)
        with business_scope(flowers):
            DoNotCall.objects.add(
                business_id=flowers.pk, phone_e164=listed, via=DoNotCallVia.VOICE, now=OPEN_HOURS
            )
        page = as_alice.get(f"/outbound/runs/{run.pk}/preview/")
        assert "The business does not call the country of this number." in page
        assert "On the do-not-call list of this business." in page
        with business_scope(flowers):
            run = OutboundCallRun.objects.select_related("business").get()
            forecast = foresee(run, at=timezone.now())
        assert [one.when for one in forecast.people] == [When.NEVER, When.NEVER, When.AT_ONCE]
        assert dict(forecast.totals) == {When.NEVER: 2, When.AT_ONCE: 1}

    def test_of_closed_hours_says_when_they_open(self, as_alice: Window, flowers: Business) -> None:
        tomorrow = timezone.localtime(timezone.now() + timedelta(days=2))
        day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[tomorrow.weekday()]
        run = make_run(flowers, schedule={day: [["10:00", "11:00"]]})
        page = as_alice.get(f"/outbound/runs/{run.pk}/preview/")
        assert "Nobody can be called then; the first may be called on" in page
        assert "Outside your calling hours in their time zone; next on" in page

    def test_writes_nothing(self, as_alice: Window, flowers: Business) -> None:
        run = make_run(flowers, "+33123456789", new_number())
        before = [(job.status, job.due_at) for job in jobs_of(run)]
        as_alice.get(f"/outbound/runs/{run.pk}/preview/")
        assert [(job.status, job.due_at) for job in jobs_of(run)] == before
        with business_scope(flowers):
            assert not DialVerdict.objects.exists()

    def test_shows_the_first_two_hundred_and_says_of_how_many(
        self, as_alice: Window, flowers: Business
    ) -> None:
        run = make_run(flowers, *(new_number() for _ in range(205)))
        page = as_alice.get(f"/outbound/runs/{run.pk}/preview/")
        assert "These are the first 200 of 205 who wait." in page
        assert page.count("/outbound/jobs/") == 200
