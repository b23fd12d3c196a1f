"""The first page: figures that are right in the business's own days, and what its agent lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from pytest_django import Settings

from calls import telephony
from calls.models import Appointment, CallOrigin, CallStatus, EndReason, ToolCall
from calls.telephony import CarrierNumber, TelephonyError
from outbound.models import JobStatus, OutboundCallJob, OutboundCallRun, OutboundSettings, RunStatus
from prompts.models import Direction, GreetingClip
from prosaas.dashboard.doctor import Result, examine
from prosaas.dashboard.figures import Overview
from tenants.credentials import refuse_key
from tenants.decorators import FIELD
from tenants.models import Business, Membership, PhoneNumber, User
from tenants.scoping import business_scope
from tests.calls.conversations import make_call, make_lead, queries
from tests.people import NOW, make_credential, make_member, make_number, make_published
from tests.rows import make_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    """Monday, 11:30 in Jerusalem."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def shown(client: Client) -> Overview:
    found: Overview = client.get("/dashboard/figures/").context["overview"]
    return found


class TestFigures:
    def test_of_nobody_are_naughts(self, as_alice: Client) -> None:
        page = as_alice.get("/")
        assert page.status_code == 200
        assert "No calls in these seven days." in page.content.decode()
        figures = page.context["overview"]
        assert figures.today.answered == figures.week.minutes == figures.week.leads == 0
        assert figures.week.first_sound_ms is None
        assert len(figures.days) == 7

    def test_count_today_and_the_week_apart(self, as_alice: Client, flowers: Business) -> None:
        make_call(flowers, created_at=hours_ago(1), greeting_latency_ms=300)
        make_call(flowers, created_at=hours_ago(2), greeting_latency_ms=500, duration_s=61)
        make_call(flowers, created_at=hours_ago(30), greeting_latency_ms=900)
        make_call(flowers, created_at=hours_ago(1), status=CallStatus.NO_ANSWER, answered_at=None)
        make_call(flowers, created_at=hours_ago(1), direction=Direction.OUTBOUND)
        figures = shown(as_alice)
        assert (figures.today.answered, figures.today.missed, figures.today.placed) == (2, 1, 1)
        assert (figures.week.answered, figures.week.missed, figures.week.placed) == (3, 1, 1)
        assert figures.today.minutes == 5
        assert figures.today.first_sound_ms == 400
        assert figures.week.first_sound_ms == 500

    def test_go_by_the_days_of_the_business(self, as_alice: Client, flowers: Business) -> None:
        """Her day began at ten in the evening by Greenwich."""
        make_call(flowers, created_at=datetime(2026, 11, 1, 21, 59, tzinfo=UTC))
        make_call(flowers, created_at=datetime(2026, 11, 1, 22, 1, tzinfo=UTC))
        make_call(flowers, created_at=datetime(2026, 10, 26, 21, 59, tzinfo=UTC))
        figures = shown(as_alice)
        assert figures.today.answered == 1
        assert figures.week.answered == 2
        assert [day.answered for day in figures.days] == [0, 0, 0, 0, 0, 1, 1]

    def test_a_call_that_is_going_on_is_not_missed(
        self, as_alice: Client, flowers: Business
    ) -> None:
        make_call(
            flowers,
            created_at=NOW,
            status=CallStatus.RINGING,
            answered_at=None,
            ended_at=None,
            end_reason="",
        )
        assert shown(as_alice).today.missed == 0

    def test_count_what_the_agent_has_achieved(self, as_alice: Client, flowers: Business) -> None:
        call = make_call(flowers, created_at=hours_ago(1))
        saved = {"call": call, "name": "save_lead_details", "created_at": hours_ago(1)}
        succeeded, failed = ToolCall.Status.SUCCEEDED, ToolCall.Status.FAILED
        with business_scope(flowers):
            make_row(ToolCall, flowers, tool_call_id="1", status=succeeded, **saved)
            make_row(ToolCall, flowers, tool_call_id="2", status=succeeded, **saved)
            make_row(ToolCall, flowers, tool_call_id="3", status=failed, **saved)
            make_row(Appointment, flowers, created_at=hours_ago(1))
        figures = shown(as_alice)
        assert (figures.today.leads, figures.today.appointments) == (1, 1)

    def test_leave_out_what_the_team_has_tried_out(
        self, as_alice: Client, alice: User, flowers: Business
    ) -> None:
        trial = make_call(
            flowers,
            created_at=hours_ago(1),
            origin=CallOrigin.BROWSER,
            tried_by=alice,
            call_sid=None,
            from_e164="",
            to_e164="",
        )
        with business_scope(flowers):
            make_row(
                ToolCall,
                flowers,
                call=trial,
                name="save_lead_details",
                tool_call_id="1",
                status=ToolCall.Status.SUCCEEDED,
                created_at=hours_ago(1),
            )
        figures = shown(as_alice)
        assert (figures.today.leads, figures.today.answered, figures.today.missed) == (0, 0, 0)

    def test_show_how_far_running_runs_are(self, as_alice: Client, flowers: Business) -> None:
        with business_scope(flowers):
            run = make_row(
                OutboundCallRun, flowers, name="Spring", status=RunStatus.RUNNING, started_at=NOW
            )
            for number, status in enumerate((JobStatus.QUEUED, JobStatus.COMPLETED)):
                lead = make_lead(flowers, f"+97250000000{number}")
                ended = None if status == JobStatus.QUEUED else NOW
                make_row(
                    OutboundCallJob, flowers, run=run, lead=lead, status=status, ended_at=ended
                )
        (progress,) = shown(as_alice).runs
        assert (progress.name, progress.done, progress.total, progress.percent) == (
            "Spring",
            1,
            2,
            50,
        )
        page = as_alice.get("/").content.decode()
        assert f'href="/outbound/runs/{run.pk}/"' in page

    def test_know_nothing_of_another_business(
        self, as_alice: Client, flowers: Business, garage: Business
    ) -> None:
        make_call(garage, created_at=hours_ago(1), end_reason=EndReason.ERROR)
        with business_scope(garage):
            make_row(OutboundCallRun, garage, name="Tyres", status=RunStatus.RUNNING)
            make_row(Appointment, garage, created_at=hours_ago(1))
        page = as_alice.get("/").content.decode()
        figures = shown(as_alice)
        assert "Tyres" not in page
        assert not figures.recent
        assert figures.week.answered == figures.week.appointments == figures.troubles == 0

    def test_the_chart_and_the_table_say_the_same(
        self, as_alice: Client, flowers: Business
    ) -> None:
        make_call(flowers, created_at=hours_ago(1))
        page = as_alice.get("/").content.decode()
        found = re.search(r'<script id="chart-data" type="application/json">(.*?)</script>', page)
        assert found is not None
        chart: dict[str, Any] = json.loads(found[1])
        assert chart["labels"][-1] == ["Mon", "2"]
        assert [series["values"][-1] for series in chart["series"]] == [1, 0, 0]
        assert '<th scope="row">Monday</th><td>1</td><td>0</td><td>0</td><td>1</td>' in page

    def test_cost_the_same_with_more_calls(self, as_alice: Client, flowers: Business) -> None:
        make_number(flowers)
        make_published(flowers)
        make_credential(flowers, "openai", "sk-flowers")
        one = queries(as_alice, "/")
        with business_scope(flowers):
            for _ in range(2):
                make_row(OutboundCallJob, flowers)
            OutboundCallRun.objects.update(status=RunStatus.RUNNING)
        for number in range(5):
            lead = make_lead(flowers, f"+97250111111{number}", "Dana")
            make_call(flowers, created_at=hours_ago(number), lead=lead)
        assert queries(as_alice, "/") == one
        assert one <= 12


def test_a_name_runs_nothing(as_alice: Client, flowers: Business) -> None:
    payload = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>"""
    make_call(flowers, lead=make_lead(flowers, "+972501234567", payload))
    with business_scope(flowers):
        job = make_row(OutboundCallJob, flowers)
        OutboundCallRun.objects.filter(pk=job.run_id).update(status="running", name=payload)
    page = as_alice.get("/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 2


def results(business: Business) -> dict[str, Result]:
    with business_scope(business):
        checks = examine(business, NOW, troubles=0)
    return {str(check.title): check.result for check in checks}


NUMBER, CALLERS, CALLED = (
    "Telephone number",
    "What the agent says to callers",
    "What the agent says when it calls",
)
MODEL, CARRIER = "Voice model (OpenAI)", "Telephone company (Twilio)"
GREETING, HOURS = "Recorded greeting", "Hours for outgoing calls"


class TestTheDoctor:
    def test_finds_what_a_new_business_lacks(self, flowers: Business) -> None:
        found = results(flowers)
        assert found[NUMBER] == found[CALLERS] == Result.BAD
        assert found[CALLED] == Result.NOTE
        assert found[MODEL] == found[CARRIER] == found[HOURS] == Result.GOOD

    def test_finds_nothing_where_all_is_there(self, flowers: Business, as_alice: Client) -> None:
        make_number(flowers)
        version = make_published(flowers)
        make_published(flowers, Direction.OUTBOUND)
        with business_scope(flowers):
            GreetingClip.objects.of(version).keep(audio=b"\xff", duration_ms=1, now=NOW)
        assert set(results(flowers).values()) == {Result.GOOD}
        assert "Your agent is ready" in as_alice.get("/").content.decode()

    def test_finds_a_number_that_is_switched_off(self, flowers: Business) -> None:
        number = make_number(flowers)
        with business_scope(flowers):
            PhoneNumber.objects.filter(pk=number.pk).update(active=False)
        assert results(flowers)[NUMBER] == Result.BAD

    def test_finds_a_greeting_that_is_not_recorded_yet(self, flowers: Business) -> None:
        make_published(flowers)
        assert results(flowers)[GREETING] == Result.NOTE

    def test_finds_keys_that_are_missing_or_refused(
        self, flowers: Business, settings: Settings
    ) -> None:
        refuse_key(settings.OPENAI_API_KEY, code="insufficient_quota", now=NOW)
        assert results(flowers)[MODEL] == Result.BAD
        settings.OPENAI_API_KEY = settings.TWILIO_AUTH_TOKEN = ""
        assert results(flowers)[MODEL] == results(flowers)[CARRIER] == Result.BAD

    def test_finds_hours_at_which_nobody_is_called(self, flowers: Business) -> None:
        with business_scope(flowers):
            OutboundSettings.objects.create(business=flowers, schedule={})
        assert results(flowers)[HOURS] == Result.BAD

    def test_finds_calls_that_failed_by_our_fault_today(
        self, as_alice: Client, flowers: Business
    ) -> None:
        make_call(flowers, created_at=hours_ago(1), end_reason=EndReason.MODEL_LOST)
        make_call(flowers, created_at=hours_ago(30), end_reason=EndReason.ERROR)
        make_call(flowers, created_at=hours_ago(1), end_reason=EndReason.SILENCE)
        for path in ("/", "/doctor/"):
            assert "1 call failed for a reason of ours" in as_alice.get(path).content.decode()

    def test_says_the_worst_first(self, flowers: Business) -> None:
        make_credential(flowers, "openai", "sk-flowers")
        with business_scope(flowers):
            checks = examine(flowers, NOW, troubles=3)
        found = [check.result for check in checks]
        assert found == sorted(found, key=[Result.BAD, Result.NOTE, Result.GOOD].index)


class TestTheWayToSettleIt:
    NUMBERS, KEYS, PROMPTS = (
        'href="/settings/numbers/"',
        'href="/settings/keys/"',
        "Open the prompts",
    )

    def ask(self, client: Client) -> str:
        page = client.get("/doctor/").content.decode()
        return page[page.index("checks-title") : page.index("twilio-title")]

    def test_leads_the_owner_to_the_page_for_it(
        self, as_alice: Client, flowers: Business, settings: Settings
    ) -> None:
        settings.OPENAI_API_KEY = settings.TWILIO_AUTH_TOKEN = ""
        with business_scope(flowers):
            OutboundSettings.objects.create(business=flowers, schedule={})
        page = self.ask(as_alice)
        assert self.NUMBERS in page
        assert page.count(self.KEYS) == 2
        assert page.count(self.PROMPTS) == 2
        assert "Open the limits" in page
        for path in re.findall(r'href="([^"]+)"', page):
            assert as_alice.get(path).status_code == 200, path

    def test_leads_nobody_to_a_page_that_is_not_his(
        self, client: Client, charlie: User, flowers: Business, settings: Settings
    ) -> None:
        settings.OPENAI_API_KEY = ""
        make_member(flowers, charlie, Membership.Role.VIEWER)
        client.force_login(charlie)
        client.cookies["django_language"] = "en"
        page = self.ask(client)
        assert "Store an OpenAI key" in page
        assert self.NUMBERS not in page
        assert self.KEYS not in page
        assert self.PROMPTS in page

    def test_is_not_shown_where_all_is_well(self, as_alice: Client, flowers: Business) -> None:
        make_number(flowers)
        assert self.NUMBERS not in self.ask(as_alice)


RIGHT = CarrierNumber(
    voice_url="https://prosaas.test/twiml/incoming/flowers",
    voice_method="POST",
    status_url="https://prosaas.test/webhooks/twilio/call-status/flowers",
    handled_elsewhere=False,
)


class TestAskingTwilio:
    @pytest.fixture(autouse=True)
    def number(self, flowers: Business) -> PhoneNumber:
        return make_number(flowers, "+97231110001")

    def ask(
        self, client: Client, flowers: Business, monkeypatch: pytest.MonkeyPatch, answer: Any
    ) -> str:
        def find_number(account: object, e164: str) -> CarrierNumber | None:
            assert not connection.in_atomic_block or outer  # no transaction waits for Twilio
            assert e164 == "+97231110001"
            if isinstance(answer, Exception):
                raise answer
            found: CarrierNumber | None = answer
            return found

        outer = connection.in_atomic_block
        monkeypatch.setattr(telephony, "find_number", find_number)
        response = client.post("/doctor/twilio/", {FIELD: str(flowers.pk)})
        assert response.status_code == 200
        return response.content.decode()

    def test_is_done_on_demand_only(
        self, as_alice: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def asked(*args: object) -> None:
            raise AssertionError("nobody asked for it")

        monkeypatch.setattr(telephony, "find_number", asked)
        for path in ("/", "/doctor/", "/dashboard/figures/"):
            assert as_alice.get(path).status_code == 200
        assert as_alice.get("/doctor/twilio/").status_code == 405

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (RIGHT, "Twilio brings calls of this number to your agent."),
            (None, "Twilio does not know this number"),
            (
                CarrierNumber("https://demo.twilio.com/", "POST", RIGHT.status_url, False),
                "set “A call comes in” to the webhook https://prosaas.test/twiml/incoming/flowers",
            ),
            (
                CarrierNumber(RIGHT.voice_url, "GET", RIGHT.status_url, False),
                "set the method of “A call comes in” to HTTP POST",
            ),
            (
                CarrierNumber(RIGHT.voice_url, "POST", "", False),
                "set “Call status changes” to https://prosaas.test/webhooks/twilio/call-status/",
            ),
            (
                CarrierNumber(RIGHT.voice_url, "POST", RIGHT.status_url, True),
                "an application or a trunk takes this number",
            ),
            (TelephonyError("The carrier answered 401.", permanent=True), "refuses the account"),
            (TelephonyError("The carrier was not reached.", permanent=False), "did not answer"),
        ],
    )
    def test_says_what_is_to_be_set_there(
        self,
        as_alice: Client,
        flowers: Business,
        monkeypatch: pytest.MonkeyPatch,
        answer: Any,
        said: str,
    ) -> None:
        page = self.ask(as_alice, flowers, monkeypatch, answer)
        assert said in page
        assert ("brings calls of this number" in page) == (answer is RIGHT)

    def test_tells_when_nobody_outside_can_reach_us(
        self,
        as_alice: Client,
        flowers: Business,
        monkeypatch: pytest.MonkeyPatch,
        settings: Settings,
    ) -> None:
        settings.PUBLIC_URL = "http://127.0.0.1:8000"
        settings.TWILIO_API_BASE_URL = "https://api.twilio.com"
        assert "has no address on the internet" in self.ask(as_alice, flowers, monkeypatch, None)
        # A stand-in on the same machine reaches it.
        settings.TWILIO_API_BASE_URL = "http://127.0.0.1:8001"
        assert "no address on the internet" not in self.ask(as_alice, flowers, monkeypatch, None)

    def test_without_an_account_asks_nobody(
        self, as_alice: Client, flowers: Business, settings: Settings
    ) -> None:
        settings.TWILIO_AUTH_TOKEN = ""
        response = as_alice.post("/doctor/twilio/", {FIELD: str(flowers.pk)})
        assert "no Twilio account" in response.content.decode()

    def test_is_not_for_who_may_not_change_settings(
        self, client: Client, charlie: User, flowers: Business
    ) -> None:
        make_member(flowers, charlie, Membership.Role.AGENT)
        client.force_login(charlie)
        assert client.post("/doctor/twilio/", {FIELD: str(flowers.pk)}).status_code == 403
        assert "/doctor/twilio/" not in client.get("/doctor/").content.decode()
