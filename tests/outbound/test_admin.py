from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.models import Call
from outbound.actions import edit_run, schedule_run, start_run
from outbound.gates import Refusal
from outbound.intents import take_jobs
from outbound.models import (
    AttemptState,
    CarrierAccount,
    DialAttempt,
    DialUsage,
    Gate,
    JobStatus,
    LeadImport,
    LeadList,
    LeadListEntry,
    OutboundCallJob,
    OutboundCallRun,
    OutboundSettings,
    RunStatus,
    SuppressedNumber,
)
from outbound.verdicts import note_refusal
from tenants.models import AuditEvent, Business, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.outbound.rig import (
    ALWAYS,
    OPEN_HOURS,
    attempt_of,
    fresh,
    job_of,
    limits,
    make_leads,
    make_run,
    outbound_version,
    verdicts_of,
)
from tests.people import make_number, make_published
from tests.rows import make_row

pytestmark = pytest.mark.django_db

NUMBER = "+972501234567"
SID = "CA" + "7" * 32


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def run(flowers: Business) -> OutboundCallRun:
    limits(flowers, schedule=ALWAYS)
    return make_run(flowers, NUMBER, name="Autumn roses")


def address(name: str, *args: object) -> str:
    return reverse(f"admin:outbound_{name}", args=args)


def page(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(address(name, *args), query)
    assert response.status_code == 200
    return response.content.decode()


def does(client: Client, row: Any, act: str, **given: Any) -> str:
    """What the operator reads after having said yes."""
    where = address(f"{row._meta.model_name}_do", row.pk, act)
    response = client.post(where, given, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def edits(client: Client, run: OutboundCallRun, **changed: Any) -> str:
    where = address("outboundcallrun_change", run.pk)
    form = client.get(where).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    given = {name: value for name, value in values.items() if value not in (None, False)}
    # A page says as well what stood in it, where a field's default is reckoned.
    given |= {f"initial-{name}": given[name] for name in ("schedule", "retries")}
    response = client.post(
        where, given | {"starts_at_0": "", "starts_at_1": ""} | changed, follow=True
    )
    assert response.status_code == 200
    return response.content.decode()


def actions(business: Business) -> list[str]:
    with business_scope(business):
        return [event.action for event in AuditEvent.objects.of_chain(business.pk)]


def in_doubt(run: OutboundCallRun) -> DialAttempt:
    """A person has to say what has become of it."""
    job = job_of(run)
    with business_scope(run.business_id):
        DialUsage.objects.create(business=run.business, day=OPEN_HOURS.date(), calls=1)
        OutboundCallJob.objects.filter(pk=job.pk).update(status=JobStatus.UNKNOWN)
        make_row(
            DialAttempt,
            run.business,
            run=run,
            job=job,
            number=1,
            state=AttemptState.HUMAN,
            to_e164=NUMBER,
            posted_at=OPEN_HOURS,
            usage_day=OPEN_HOURS.date(),
        )
    return attempt_of(run)


def test_the_list_shows_how_far_each_run_is(operator: Client, run: OutboundCallRun) -> None:
    with business_scope(run.business_id):
        note = {"status": JobStatus.BUSY, "ended_at": OPEN_HOURS}
        OutboundCallJob.objects.of_run(run).update(**note)
    other = make_run(run.business, name="Winter")
    html = page(operator, "outboundcallrun_changelist")
    assert "busy 1" in html
    assert "queued 1" in html
    assert html.count(str(other.pk)) >= 1


def test_counting_the_jobs_of_twenty_runs_costs_one_query(
    operator: Client, run: OutboundCallRun
) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            page(operator, "outboundcallrun_changelist")
        return [query["sql"] for query in captured if "outbound_call_jobs" in query["sql"]]

    for number in range(19):
        make_run(run.business, name=f"Run {number}")
    assert len(queries()) == 1


def test_a_run_is_asked_about_before_it_starts(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    asked = page(operator, "outboundcallrun_do", run.pk, "start")
    assert "Whoever is due is called from now on" in asked
    assert fresh(run).status == RunStatus.DRAFT
    assert "The run was started." in does(operator, run, "start")
    assert fresh(run).status == RunStatus.RUNNING


def test_the_life_of_a_run_is_audited_once_for_each_act(
    operator: Client, run: OutboundCallRun, flowers: Business, olga: User
) -> None:
    before = len(actions(flowers))
    for act in ("start", "pause", "resume", "hang-up", "stop"):
        does(operator, run, act)
    acts = ["run.started", "run.paused", "run.started", "run.hung_up", "run.stopped"]
    assert actions(flowers)[before:] == acts
    with business_scope(flowers):
        last = AuditEvent.objects.of_chain(flowers.pk).last()
        assert last is not None
        assert last.by_id == olga.pk


def test_what_cannot_be_started_says_what_is_missing(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    with business_scope(flowers):
        OutboundCallJob.objects.of_run(run).delete()
    assert "There is nobody to call." in does(operator, run, "start")
    assert fresh(run).status == RunStatus.DRAFT


def test_the_second_of_two_operators_is_told(operator: Client, run: OutboundCallRun) -> None:
    start_run(run=run, by=None, now=OPEN_HOURS)
    assert "somebody else was there before" in does(operator, run, "start")


def test_nobody_is_dialled_for_a_business_that_olga_has_suspended(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    start_run(run=run, by=None, now=OPEN_HOURS)
    suspend = reverse("admin:tenants_business_do", args=[flowers.pk, "suspend"])
    assert operator.post(suspend, {"reason": "Unpaid"}).status_code == 302

    def intents() -> int:
        taken = take_jobs(
            run_id=run.pk, business_id=flowers.pk, owner=1, most=5, clock=lambda: OPEN_HOURS
        )
        return len(taken.intents)

    assert intents() == 0
    assert verdicts_of(run) == [("business", "suspended")]
    operator.post(reverse("admin:tenants_business_do", args=[flowers.pk, "reinstate"]))
    assert intents() == 1


def test_only_what_can_be_done_is_offered(operator: Client, run: OutboundCallRun) -> None:
    draft = page(operator, "outboundcallrun_change", run.pk)
    assert "/do/start/" in draft
    assert "/do/pause/" not in draft
    start_run(run=run, by=None, now=OPEN_HOURS)
    running = page(operator, "outboundcallrun_change", run.pk)
    assert "/do/pause/" in running
    assert "/do/start/" not in running


def test_a_link_alone_does_nothing(operator: Client, run: OutboundCallRun) -> None:
    for act in ("start", "stop", "hang-up"):
        page(operator, "outboundcallrun_do", run.pk, act)
    assert fresh(run).status == RunStatus.DRAFT
    assert operator.get(address("outboundcallrun_do", run.pk, "burn")).status_code == 404


def test_nobody_but_an_operator_directs_runs_here(
    client: Client, alice: User, run: OutboundCallRun
) -> None:
    client.force_login(alice)
    response = client.post(address("outboundcallrun_do", run.pk, "start"))
    assert response.status_code == 302
    assert "/login/" in response.headers["Location"]
    assert fresh(run).status == RunStatus.DRAFT


def test_those_who_were_not_reached_are_called_again(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    start_run(run=run, by=None, now=OPEN_HOURS)
    with business_scope(flowers):
        OutboundCallJob.objects.of_run(run).update(status="busy", ended_at=OPEN_HOURS)
    assert "is made, as a draft" in does(operator, run, "again", name="Second", outcomes=["busy"])
    with business_scope(flowers):
        again = OutboundCallRun.objects.get(name="Second")
        assert again.again_of_id == run.pk
        assert OutboundCallJob.objects.of_run(again).count() == 1


def test_calling_again_has_to_say_whom(operator: Client, run: OutboundCallRun) -> None:
    start_run(run=run, by=None, now=OPEN_HOURS)
    assert "This field is required." in does(operator, run, "again", name="Second")


def test_the_settings_of_a_resting_run_are_edited_and_audited_once(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    before = len(actions(flowers))
    edits(operator, run, concurrency="7", name="Late roses")
    assert (fresh(run).concurrency, fresh(run).name) == (7, "Late roses")
    assert actions(flowers)[before:] == ["run.edited"]


def test_nothing_is_audited_when_nothing_was_changed(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    before = actions(flowers)
    edits(operator, run)
    assert actions(flowers) == before


def test_a_running_run_is_for_reading(operator: Client, run: OutboundCallRun) -> None:
    start_run(run=run, by=None, now=OPEN_HOURS)
    where = address("outboundcallrun_change", run.pk)
    assert list(operator.get(where).context["adminform"].form.fields) == []
    operator.post(where, {"concurrency": "7"})
    assert fresh(run).concurrency == 50


def test_whoever_is_overtaken_by_a_start_is_told(
    operator: Client, run: OutboundCallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is at rest when the page is made ready, and runs when the change is to be kept."""

    def started_meanwhile(**given: Any) -> None:
        start_run(run=fresh(run), by=None, now=OPEN_HOURS)
        edit_run(**given)

    monkeypatch.setattr("outbound.admin.runs.edit_run", started_meanwhile)
    assert "Pause the run before you change it." in edits(operator, run, concurrency="7")
    assert fresh(run).concurrency == 50


def test_broken_retries_are_refused_in_the_form(operator: Client, run: OutboundCallRun) -> None:
    html = edits(operator, run, retries='{"completed": {"times": 1, "after_s": 60}}')
    assert "Nobody is called again after: completed." in html
    assert "completed" not in fresh(run).retries


def test_a_scheduled_run_keeps_its_time(operator: Client, run: OutboundCallRun) -> None:
    later = OPEN_HOURS + timedelta(days=1)
    assert schedule_run(run=run, starts_at=later, by=None, now=OPEN_HOURS)
    assert "Pause the run if it is not to start by itself." in edits(operator, run)
    assert fresh(run).starts_at == later


def test_a_run_is_offered_versions_and_numbers_of_its_own_business(
    operator: Client, run: OutboundCallRun, garage: Business
) -> None:
    inbound = make_published(run.business)
    foreign, number = outbound_version(garage), make_number(garage)
    html = page(operator, "outboundcallrun_change", run.pk)
    assert str(run.version_id) in html
    for other in (inbound.pk, foreign.pk, number.pk):
        assert str(other) not in html
    assert "Select a valid choice" in edits(operator, run, number=str(number.pk))


def test_a_run_shows_what_keeps_it_waiting(operator: Client, run: OutboundCallRun) -> None:
    start_run(run=run, by=None, now=OPEN_HOURS)
    refusal = Refusal(Gate.CALLS_A_DAY, "used_up", OPEN_HOURS + timedelta(days=9999), {"most": 50})
    with business_scope(run.business_id):
        note_refusal(run, None, refusal, OPEN_HOURS)
    html = page(operator, "outboundcallrun_change", run.pk)
    assert html.count("The calls of the day are used up (50)") == 2  # how it stands, and history
    assert f"outboundcalljob/?run={run.pk}" in html


def test_a_job_tells_why_and_when_next(operator: Client, run: OutboundCallRun) -> None:
    job = job_of(run)
    with business_scope(run.business_id):
        note_refusal(run, job, Refusal(Gate.LINE_BUSY, "on_the_line", OPEN_HOURS), OPEN_HOURS)
    html = page(operator, "outboundcalljob_change", job.pk)
    assert "The run has not been started." in html
    assert "Another call to this number goes on." in html
    assert f'<bdi dir="ltr">{NUMBER}</bdi>' in html


def test_a_job_leads_to_its_attempts_and_calls(operator: Client, run: OutboundCallRun) -> None:
    attempt = in_doubt(run)
    with business_scope(run.business_id):
        call = make_row(Call, run.business, call_sid=SID, direction="outbound")
        DialAttempt.objects.filter(pk=attempt.pk).update(call=call, call_sid=SID)
    html = page(operator, "outboundcalljob_change", attempt.job_id)
    assert reverse("admin:calls_call_change", args=[call.pk]) in html
    assert address("dialattempt_change", attempt.pk) in html


@pytest.mark.parametrize("written", ["050-123 4567", "+972 50 123 4567", NUMBER, "1234567"])
def test_a_job_is_found_by_its_number_however_it_is_written(
    written: str, operator: Client, run: OutboundCallRun
) -> None:
    make_run(run.business, "+972507654321")
    result = operator.get(address("outboundcalljob_changelist"), {"q": written})
    assert [job.phone_e164 for job in result.context["cl"].result_list] == [NUMBER]


def test_jobs_are_chosen_by_their_run(operator: Client, run: OutboundCallRun) -> None:
    make_run(run.business, "+972507654321")
    where = address("outboundcalljob_changelist")
    result = operator.get(where, {"run": str(run.pk)})
    assert [job.phone_e164 for job in result.context["cl"].result_list] == [NUMBER]
    assert operator.get(where, {"run": "nonsense"}).context["cl"].result_count == 0


def test_attempts_that_wait_for_a_person_come_first(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    waiting = in_doubt(run)
    with business_scope(flowers):
        make_row(DialAttempt, flowers, posted_at=OPEN_HOURS + timedelta(days=1))
    result = operator.get(address("dialattempt_changelist"))
    assert result.context["cl"].result_list[0].pk == waiting.pk


def test_an_attempt_that_was_placed_gets_its_call(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    attempt, before = in_doubt(run), len(actions(flowers))
    does(operator, attempt, "placed", call_sid=f" {SID} ")
    assert attempt_of(run).call_sid == SID
    assert job_of(run).status == JobStatus.DIALING
    assert actions(flowers)[before:] == ["attempt.marked_placed"]


def test_what_is_no_call_sid_is_refused(operator: Client, run: OutboundCallRun) -> None:
    attempt = in_doubt(run)
    assert "A CallSid is CA and 32" in does(operator, attempt, "placed", call_sid="CA12")
    assert attempt_of(run).state == AttemptState.HUMAN


def test_an_attempt_that_was_not_placed_is_made_again(
    operator: Client, run: OutboundCallRun, flowers: Business
) -> None:
    attempt = in_doubt(run)
    does(operator, attempt, "not-placed")
    assert attempt_of(run).state == AttemptState.QUEUED
    assert job_of(run).status == JobStatus.QUEUED
    assert "Nobody has to decide" in does(operator, attempt, "not-placed")


def test_what_a_business_may_use_is_set_here(operator: Client, flowers: Business) -> None:
    limits(flowers)
    with business_scope(flowers):
        row = OutboundSettings.objects.get()
    where = address("outboundsettings_change", row.pk)
    form = operator.get(where).context["adminform"].form
    values = {name: form[name].value() for name in form.fields} | {"countries": ""}
    operator.post(where, values | {"verified_at_0": "", "verified_at_1": "", "calls_a_day": "9"})
    with business_scope(flowers):
        row.refresh_from_db()
    assert (row.calls_a_day, row.countries, row.verified_at) == (9, [], None)


def test_a_refused_account_is_tried_again(operator: Client, olga: User) -> None:
    account = CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, refused_at=OPEN_HOURS, refused_code=20003
    )
    assert "Calls are placed on this account again." in does(operator, account, "try-again")
    account.refresh_from_db()
    assert (account.refused_at, account.refused_code) == (None, None)
    with platform_scope(PlatformReason.ADMIN):
        events = AuditEvent.objects.filter(action="carrier_account.retried")
        assert [event.by_id for event in events] == [olga.pk]


def test_a_change_of_pace_leaves_what_the_dialler_counts(operator: Client) -> None:
    account = CarrierAccount.objects.create(account_sid="AC1", next_at=OPEN_HOURS, congestion=3)
    operator.post(
        address("carrieraccount_change", account.pk), {"calls_per_second": "5", "congestion": "0"}
    )
    account.refresh_from_db()
    assert (int(account.calls_per_second), account.congestion) == (5, 3)


def test_a_number_is_closed_to_all_businesses(operator: Client) -> None:
    operator.post(address("suppressednumber_add"), {"phone_e164": "050", "why": "complained"})
    assert not SuppressedNumber.objects.exists()
    operator.post(address("suppressednumber_add"), {"phone_e164": NUMBER, "why": "complained"})
    assert SuppressedNumber.objects.get().phone_e164 == NUMBER


def test_a_list_shows_how_many_leads_are_in_it(operator: Client, flowers: Business) -> None:
    leads = make_leads(flowers, NUMBER, "+972507654321")
    with business_scope(flowers):
        autumn = LeadList.objects.create(business=flowers, name="Autumn")
        for lead in leads:
            LeadListEntry.objects.create(business=flowers, list=autumn, lead=lead)
    html = page(operator, "leadlist_changelist")
    assert f'leadlistentry/?list__id__exact={autumn.pk}">2</a>' in html


def test_the_file_of_an_import_is_never_read_for_its_pages(
    operator: Client, flowers: Business
) -> None:
    with business_scope(flowers):
        row = make_row(LeadImport, flowers, rows=3, rows_total=9)
    with CaptureQueriesContext(connection) as captured:
        html = page(operator, "leadimport_changelist") + page(operator, "leadimport_change", row.pk)
    assert "3 of 9" in html
    assert not [query for query in captured if "outbound_leadimportpart" in query["sql"]]


HEAVY = ("outboundcallrun", "outboundcalljob", "dialattempt", "dialverdict")


@pytest.mark.parametrize("model", HEAVY)
def test_a_page_costs_at_most_twenty_queries(
    model: str, operator: Client, run: OutboundCallRun
) -> None:
    start_run(run=run, by=None, now=OPEN_HOURS)
    attempt = in_doubt(run)
    with business_scope(run.business_id):
        note_refusal(run, attempt.job, Refusal(Gate.LINE_BUSY, "on_the_line"), OPEN_HOURS)
    operator.get(address(f"{model}_changelist"))
    row = operator.get(address(f"{model}_changelist")).context["cl"].result_list[0]
    for name, args in ((f"{model}_changelist", []), (f"{model}_change", [row.pk])):
        with CaptureQueriesContext(connection) as captured:
            page(operator, name, *args)
        assert len(captured) <= 20, "\n".join(query["sql"][:200] for query in captured)
