"""The owner's pages about runs: what they show, what they do, and what they never do."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.models import DoNotCall, DoNotCallVia
from calls.telephones import readable
from outbound import counting
from outbound.models import (
    AttemptState,
    DialAttempt,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
    RunStatus,
)
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.outbound.pages import PAYLOAD, Window, as_alice, named, runs_nothing
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
from tests.people import make_member

pytestmark = pytest.mark.django_db

__all__ = ["as_alice"]


@pytest.fixture(autouse=True)
def roomy(flowers: Business) -> None:
    limits(flowers, schedule=ALWAYS, observe_shabbat=False)


def stands(run: OutboundCallRun, *statuses: str) -> None:
    """The jobs of the run, in this order, have come out so."""
    ended = {"ended_at": OPEN_HOURS}
    open_ = {"ended_at": None}
    with business_scope(run.business_id):
        for job, status in zip(jobs_of(run), statuses, strict=False):
            is_open = status in ("queued", "dialing", "in_progress", "unknown")
            OutboundCallJob.objects.filter(pk=job.pk).update(
                status=status, **(open_ if is_open else ended)
            )


def is_now(run: OutboundCallRun, **given: Any) -> None:
    with business_scope(run.business_id):
        OutboundCallRun.objects.filter(pk=run.pk).update(**given)


def in_doubt(
    run: OutboundCallRun, place: int = 0, state: AttemptState = AttemptState.UNKNOWN
) -> OutboundCallJob:
    """Of one of its people nobody knows whether the carrier rings them now."""
    job = jobs_of(run)[place]
    with business_scope(run.business_id):
        DialAttempt.objects.create(
            business_id=run.business_id,
            run=run,
            job=job,
            number=1,
            state=state,
            to_e164=job.phone_e164,
            from_e164="+97230000001",
            owner=1,
            posted_at=OPEN_HOURS,
            unknown_at=OPEN_HOURS,
            usage_day=OPEN_HOURS.date(),
            detail="the dialler stopped in the middle of it",
        )
    return job


def pages_of(run: OutboundCallRun) -> list[str]:
    base = f"/outbound/runs/{run.pk}/"
    steps = [base + step for step in ("whom/", "words/", "times/", "often/", "preview/")]
    acts = [f"{base}do/{act}/" for act in ("start", "schedule", "again", "stop", "hang-up")]
    job = f"/outbound/jobs/{jobs_of(run)[0].pk}/"
    return [base, base + "now/", base + "jobs/", *steps, *acts, job]


def test_who_has_no_run_is_led_to_the_first_one(as_alice: Window) -> None:
    page = as_alice.get("/outbound/")
    assert "Nobody is called yet" in page
    assert 'href="/outbound/new/"' in page


def test_the_list_shows_how_far_each_run_is(as_alice: Window, flowers: Business) -> None:
    run = make_run(flowers, *(new_number() for _ in range(4)), name="Autumn")
    stands(run, "completed", "busy", "queued", "queued")
    page = as_alice.get("/outbound/")
    assert "Autumn" in page
    assert "2 of 4 done (50%)" in page


def test_another_business_sees_nothing_of_it(
    client: Client, charlie: User, flowers: Business, garage: Business
) -> None:
    run = make_run(flowers, name="Secret autumn")
    client.force_login(charlie)
    assert "Secret autumn" not in client.get("/outbound/").content.decode()
    for address in pages_of(run):
        theirs = client.get(address)
        nobodys = client.get(address.replace(str(run.pk), str(uuid.uuid4())))
        assert (theirs.status_code, nobodys.status_code) == (404, 404), address
        assert "Secret autumn" not in theirs.content.decode()


def test_a_viewer_looks_and_changes_nothing(
    client: Client, charlie: User, flowers: Business
) -> None:
    make_member(flowers, charlie, Membership.Role.VIEWER)
    client.force_login(charlie)
    window, run = Window(client, flowers), make_run(flowers)
    page = window.get(f"/outbound/runs/{run.pk}/")
    assert "/do/" not in page
    assert "/whom/" not in page
    assert "/outbound/new/" not in window.get("/outbound/")
    assert window.post(f"/outbound/runs/{run.pk}/do/start/").status_code == 403
    assert window.post(f"/outbound/runs/{run.pk}/words/").status_code == 403
    assert fresh(run).status == RunStatus.DRAFT


def test_every_page_opens_and_what_is_written_in_names_runs_nowhere(
    as_alice: Window, flowers: Business
) -> None:
    number = new_number()
    run = make_run(flowers, number, name=PAYLOAD)
    named(flowers, number, PAYLOAD)
    for address in ["/outbound/", *pages_of(run), f"/outbound/calendar/?run={run.pk}"]:
        page = as_alice.get(address)
        assert runs_nothing(page), address
        # It is shown all the same, as what it is: text.
        assert "alert(1)" in page or address.endswith("/now/"), address


def test_no_page_has_a_style_or_a_script_of_its_own(as_alice: Window, flowers: Business) -> None:
    run = make_run(flowers)
    for address in ["/outbound/", *pages_of(run), "/outbound/limits/", "/outbound/do-not-call/"]:
        page = as_alice.get(address)
        assert " style=" not in page, address
        assert "<script>" not in page, address
        assert " onclick=" not in page, address


class TestOneRun:
    @pytest.fixture
    def run(self, flowers: Business) -> OutboundCallRun:
        return make_run(flowers, *(new_number() for _ in range(4)))

    def test_shows_what_came_of_everybody(self, as_alice: Window, run: OutboundCallRun) -> None:
        stands(run, "completed", "no_answer", "rejected", "queued")
        page = as_alice.get(f"/outbound/runs/{run.pk}/")
        assert "75% done" in page
        assert 'x="0" y="0" width="250"' in page
        assert f"/outbound/runs/{run.pk}/jobs/?stands=no_answer" in page

    def test_looks_again_while_it_goes_on_and_no_more_when_it_is_over(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        is_now(run, status=RunStatus.RUNNING, started_at=OPEN_HOURS)
        part = as_alice.get(f"/outbound/runs/{run.pk}/now/")
        assert 'hx-trigger="every 3s"' in part
        assert "<html" not in part
        with business_scope(run.business_id):
            jobs = OutboundCallJob.objects.of_run(run)
            jobs.update(status=JobStatus.BUSY, ended_at=OPEN_HOURS)
        is_now(run, status=RunStatus.COMPLETED, ended_at=OPEN_HOURS)
        assert "hx-trigger" not in as_alice.get(f"/outbound/runs/{run.pk}/now/")

    @pytest.mark.parametrize(
        ("status", "with_a_call", "offered"),
        [
            (RunStatus.RUNNING, False, True),
            (RunStatus.RUNNING, True, True),
            (RunStatus.PAUSED, False, False),
            (RunStatus.PAUSED, True, True),
            (RunStatus.CANCELED, True, True),
            (RunStatus.COMPLETED, False, False),
        ],
    )
    def test_ends_calls_where_there_may_be_any(
        self, status: RunStatus, with_a_call: bool, offered: bool, as_alice: Window, run: Any
    ) -> None:
        moments: dict[str, Any] = {"started_at": OPEN_HOURS}
        if status == RunStatus.PAUSED:
            moments |= {"paused_at": OPEN_HOURS, "pause_reason": PauseReason.OWNER}
        elif status != RunStatus.RUNNING:
            moments["ended_at"] = OPEN_HOURS
        is_now(run, status=status, **moments)
        if with_a_call:
            in_doubt(run)
        for part in ("", "now/"):
            page = as_alice.get(f"/outbound/runs/{run.pk}/{part}")
            assert (f"/outbound/runs/{run.pk}/do/hang-up/" in page) is offered, part

    def test_says_why_it_paused_itself_and_what_that_means(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        is_now(
            run,
            status=RunStatus.PAUSED,
            pause_reason=PauseReason.FAILURES,
            pause_detail="9 of the last 10 attempts failed.",
        )
        page = as_alice.get(f"/outbound/runs/{run.pk}/")
        assert "8 or more of its last 10 attempts failed" in page
        assert "9 of the last 10 attempts failed." in page
        assert "So that a fault does not use up your list" in page

    def test_in_hebrew_shows_no_stored_english(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        detail = "The carrier answered 401, code 20003."
        is_now(
            run,
            status=RunStatus.PAUSED,
            pause_reason=PauseReason.ACCOUNT,
            pause_detail=detail,
        )
        as_alice.client.cookies["django_language"] = "he"
        page = as_alice.get(f"/outbound/runs/{run.pk}/")
        assert detail not in page
        assert 'dir="rtl"' in page

    def test_a_broken_run_says_so(self, as_alice: Window, run: OutboundCallRun) -> None:
        is_now(run, status=RunStatus.PAUSED, pause_reason=PauseReason.SETTINGS, retries=["x"])
        page = as_alice.get(f"/outbound/runs/{run.pk}/")
        assert "calling again, cannot be read" in page
        assert as_alice.get(f"/outbound/runs/{run.pk}/often/")

    def test_that_is_large_is_counted_a_few_times_a_minute(
        self, as_alice: Window, run: OutboundCallRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(counting, "LARGE", 3)
        as_alice.get(f"/outbound/runs/{run.pk}/now/")
        stands(run, "completed")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            part = as_alice.get(f"/outbound/runs/{run.pk}/now/")
        assert not [query for query in asked if "COUNT" in query["sql"] and "jobs" in query["sql"]]
        assert "0% done" in part
        assert "these figures are from" in part

    def test_that_is_small_is_counted_at_every_look(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        as_alice.get(f"/outbound/runs/{run.pk}/now/")
        stands(run, "completed")
        part = as_alice.get(f"/outbound/runs/{run.pk}/now/")
        assert "25% done" in part
        assert "these figures are from" not in part


class TestAnAct:
    @pytest.fixture
    def run(self, flowers: Business) -> OutboundCallRun:
        return make_run(flowers, new_number(), new_number())

    def test_is_asked_about_before_it_is_done(self, as_alice: Window, run: OutboundCallRun) -> None:
        for name in ("start", "stop", "empty"):
            as_alice.get(f"/outbound/runs/{run.pk}/do/{name}/")
        assert fresh(run).status == RunStatus.DRAFT
        assert len(jobs_of(run)) == 2

    def test_starts_pauses_and_stops(self, as_alice: Window, run: OutboundCallRun) -> None:
        for name, status in (
            ("start", RunStatus.RUNNING),
            ("pause", RunStatus.PAUSED),
            ("resume", RunStatus.RUNNING),
            ("stop", RunStatus.CANCELED),
        ):
            response = as_alice.post(f"/outbound/runs/{run.pk}/do/{name}/")
            assert response["Location"] == f"/outbound/runs/{run.pk}/"
            assert fresh(run).status == status
        with business_scope(run.business_id):
            actions = AuditEvent.objects.filter(subject=str(run.pk)).values_list(
                "action", flat=True
            )
            assert {"run.started", "run.paused", "run.stopped"} <= set(actions)

    def test_that_somebody_else_has_done_changes_nothing(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        as_alice.post(f"/outbound/runs/{run.pk}/do/stop/")
        as_alice.post(f"/outbound/runs/{run.pk}/do/stop/")
        assert "somebody else was there before" in as_alice.get(f"/outbound/runs/{run.pk}/")

    def test_starts_at_a_time(self, as_alice: Window, run: OutboundCallRun) -> None:
        address = f"/outbound/runs/{run.pk}/do/schedule/"
        past = as_alice.post(address, starts_at="2020-01-01T09:00")
        assert "Choose a time to come." in past.content.decode()
        assert 'value="2020-01-01T09:00"' in past.content.decode()
        soon = timezone.localtime(timezone.now() + timedelta(days=1))
        as_alice.post(address, starts_at=f"{soon:%Y-%m-%dT%H:%M}")
        seen = fresh(run)
        assert seen.status == RunStatus.SCHEDULED
        assert seen.starts_at is not None

    def test_calls_again_only_those_who_were_chosen(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        stands(run, "busy", "completed")
        is_now(run, status=RunStatus.COMPLETED, ended_at=OPEN_HOURS)
        address = f"/outbound/runs/{run.pk}/do/again/"
        assert "completed" not in as_alice.get(address)
        response = as_alice.post(address, name="Once more", outcomes=["busy", "no_answer"])
        with business_scope(run.business_id):
            again = OutboundCallRun.objects.get(again_of=run)
        assert response["Location"] == f"/outbound/runs/{again.pk}/"
        assert [job.phone_e164 for job in jobs_of(again)] == [jobs_of(run)[0].phone_e164]

    def test_takes_everybody_out_of_a_draft_and_of_no_other(
        self, as_alice: Window, run: OutboundCallRun
    ) -> None:
        is_now(run, status=RunStatus.PAUSED, pause_reason=PauseReason.OWNER)
        as_alice.post(f"/outbound/runs/{run.pk}/do/empty/")
        assert len(jobs_of(run)) == 2
        is_now(run, status=RunStatus.DRAFT, pause_reason="")
        as_alice.post(f"/outbound/runs/{run.pk}/do/empty/")
        assert jobs_of(run) == []

    def test_says_what_is_missing(self, as_alice: Window, run: OutboundCallRun) -> None:
        with business_scope(run.business_id):
            OutboundCallJob.objects.of_run(run).delete()
        as_alice.post(f"/outbound/runs/{run.pk}/do/start/")
        assert "There is nobody to call." in as_alice.get(f"/outbound/runs/{run.pk}/")
        assert fresh(run).status == RunStatus.DRAFT

    def test_that_nobody_knows_is_not_found(self, as_alice: Window, run: OutboundCallRun) -> None:
        as_alice.get(f"/outbound/runs/{run.pk}/do/delete/", status=404)


class TestThePeopleOfARun:
    @pytest.fixture
    def run(self, flowers: Business) -> OutboundCallRun:
        run = make_run(flowers, "+972501234567", "+972521234567", "+972541234567")
        named(flowers, "+972501234567", "Rivka Levi")
        stands(run, "busy", "completed", "queued")
        return run

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("", {"+972501234567", "+972521234567", "+972541234567"}),
            ("?stands=busy", {"+972501234567"}),
            ("?stands=waiting", {"+972541234567"}),
            ("?q=rivka", {"+972501234567"}),
            ("?q=052-123-4567", {"+972521234567"}),
            # As it is shown on the page.
            (f"?q={quote(readable('+972521234567'))}", {"+972521234567"}),
            ("?q=4123", {"+972541234567"}),
            ("?q=rivka&stands=reached", set()),
            ("?q=%00&stands=nonsense", {"+972501234567", "+972521234567", "+972541234567"}),
        ],
    )
    def test_are_found(
        self, query: str, shown: set[str], as_alice: Window, run: OutboundCallRun
    ) -> None:
        caller_number(run.business)
        page = as_alice.get(f"/outbound/runs/{run.pk}/jobs/{query}")
        numbers = {job.phone_e164 for job in jobs_of(run)}
        assert {number for number in numbers if readable(number) in page} == shown

    def test_are_shown_page_by_page(
        self, as_alice: Window, flowers: Business, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = make_run(flowers, *(new_number() for _ in range(60)))
        seen: list[str] = []
        for query in ("", "?stands=waiting"):
            address = f"/outbound/runs/{run.pk}/jobs/{query}"
            page = as_alice.get(address)
            after = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
            rest = as_alice.get(f"/outbound/runs/{run.pk}/jobs/{after}")
            numbers = [readable(job.phone_e164) for job in jobs_of(run)]
            seen = [number for number in numbers if (number in page) != (number in rest)]
            assert len(seen) == 60

    def test_each_has_the_reasons_on_a_page(
        self, as_alice: Window, run: OutboundCallRun, flowers: Business
    ) -> None:
        job = in_doubt(run)
        with business_scope(flowers):
            DoNotCall.objects.add(
                business_id=flowers.pk,
                phone_e164=job.phone_e164,
                via=DoNotCallVia.VOICE,
                now=OPEN_HOURS,
            )
        page = as_alice.get(f"/outbound/jobs/{job.pk}/")
        assert "Was busy, and was called as often as the run tries." in page
        assert "whether the carrier has placed this call is not known" in page
        assert "The dialler stopped in the middle of it." in page
        assert "does not want to be called by you" in page

    def test_of_an_attempt_that_waits_for_a_person_the_owner_decides(
        self, as_alice: Window, run: OutboundCallRun, flowers: Business
    ) -> None:
        job = in_doubt(run, 2, AttemptState.HUMAN)
        with business_scope(flowers):
            OutboundCallJob.objects.filter(pk=job.pk).update(status=JobStatus.UNKNOWN)
            attempt = DialAttempt.objects.get()
        base = f"/outbound/attempts/{attempt.pk}/"
        assert f"{base}not-placed/" in as_alice.get(f"/outbound/jobs/{job.pk}/")
        wrong = as_alice.post(f"{base}placed/", call_sid="nonsense").content.decode()
        assert "A CallSid is CA and" in wrong
        as_alice.get(f"{base}not-placed/")
        as_alice.post(f"{base}not-placed/")
        with business_scope(flowers):
            assert DialAttempt.objects.get().state == AttemptState.QUEUED
        assert jobs_of(run)[2].status == JobStatus.QUEUED


def test_a_page_asks_as_often_for_many_rows_as_for_few(as_alice: Window, flowers: Business) -> None:
    few = make_run(flowers, *(new_number() for _ in range(2)), name="Few")
    asked_of_few = {address: queries(as_alice, address) for address in counted(few)}
    many = make_run(flowers, *(new_number() for _ in range(40)), name="Many")
    make_run(flowers, name="Another")
    for of_few, of_many in zip(counted(few), counted(many), strict=True):
        assert queries(as_alice, of_many) == asked_of_few[of_few], of_many


def test_a_run_that_is_calling_is_looked_at_by_few_questions(
    as_alice: Window, flowers: Business
) -> None:
    run = make_run(flowers, *(new_number() for _ in range(5)))
    is_now(run, status=RunStatus.RUNNING, started_at=OPEN_HOURS)
    queries(as_alice, f"/outbound/runs/{run.pk}/now/")
    queries(as_alice, f"/outbound/jobs/{jobs_of(run)[0].pk}/")


def counted(run: OutboundCallRun) -> list[str]:
    return ["/outbound/", *pages_of(run), "/outbound/calendar/?view=month"]


def queries(window: Window, address: str) -> int:
    window.get(address)  # the first page of a login notes that somebody is there
    with CaptureQueriesContext(connection) as asked:
        window.get(address)
    # Session, person, memberships and the settings of the scope are the way in.
    own = [q["sql"] for q in asked if "set_config" not in q["sql"] and "SAVEPOINT" not in q["sql"]]
    count = len([sql for sql in own if "django_session" not in sql and "tenants_" not in sql[:60]])
    assert count <= 12, (address, own)
    return len(own)


def test_a_run_needs_words_and_a_number(as_alice: Window, flowers: Business) -> None:
    page = as_alice.get("/outbound/new/")
    assert "A published outbound prompt" in page
    assert "A telephone number of yours" in page
    outbound_version(flowers)
    caller_number(flowers)
    assert "What do you call this run?" in as_alice.get("/outbound/new/")
