"""What the carrier tells of a call that we have asked for, in whatever order and however often."""

from __future__ import annotations

import itertools
import uuid

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse

from calls.models import Call, CallbackEvent, EndReason, PromptBinding
from outbound import urls
from outbound.intents import take_jobs
from outbound.models import (
    CarrierAccount,
    DialAttempt,
    DialUsage,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
)
from outbound.placements import put_back
from prompts.models import Direction
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier, new_sid
from tests.outbound.rig import (
    Clock,
    attempt_of,
    attempts_of,
    job_of,
    limits,
    new_number,
    started,
)

pytestmark = pytest.mark.django_db


class Callee(SignedCarrier):
    """One call of ours, as the carrier tells us of it."""

    def __init__(self, attempt: DialAttempt, slug: str, token: str = "") -> None:
        super().__init__(settings.TWILIO_ACCOUNT_SID, token or settings.TWILIO_AUTH_TOKEN)
        self.call_sid = new_sid()
        self.attempt = attempt
        self.slug = slug
        self.sequence = itertools.count()

    def picks_up(self) -> HttpResponse:
        path = reverse("outbound:answer", args=[self.slug, self.attempt.pk])
        return self.post(path, self._fields("in-progress"))

    def reports(self, status: str, sequence: int | None = None, **more: str) -> HttpResponse:
        number = next(self.sequence) if sequence is None else sequence
        path = reverse("outbound:status", args=[self.slug, self.attempt.pk])
        return self.post(path, self._fields(status) | {"SequenceNumber": str(number)} | more)

    def is_taken_for(self, answered_by: str) -> HttpResponse:
        path = reverse("outbound:detection", args=[self.slug, self.attempt.pk])
        fields = {"CallSid": self.call_sid, "AnsweredBy": answered_by}
        return self.post(path, fields | {"MachineDetectionDuration": "2300"})

    def _fields(self, status: str) -> dict[str, str]:
        return {
            "CallSid": self.call_sid,
            "From": self.attempt.from_e164,
            "To": self.attempt.to_e164,
            "CallStatus": status,
            "Direction": "outbound-api",
        }


@pytest.fixture(autouse=True)
def roomy(flowers: Business) -> None:
    CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=None
    )
    limits(flowers)


@pytest.fixture
def run(flowers: Business) -> OutboundCallRun:
    return started(flowers)


@pytest.fixture
def callee(run: OutboundCallRun, flowers: Business, clock: Clock) -> Callee:
    """The carrier is being asked, and its answer has not come back."""
    intend(run, clock)
    return Callee(attempt_of(run), flowers.slug)


def intend(run: OutboundCallRun, clock: Clock, owner: int = 7) -> None:
    take_jobs(run_id=run.pk, business_id=run.business_id, owner=owner, most=10, clock=clock)


def calls_of(business: Business) -> list[Call]:
    with business_scope(business):
        return list(Call.objects.for_business(business))


def test_c03_a_callback_names_the_call_before_our_request_is_answered(
    callee: Callee, run: OutboundCallRun, flowers: Business
) -> None:
    assert callee.reports("ringing").status_code == 204
    attempt = attempt_of(run)
    assert (attempt.state, attempt.call_sid) == ("placed", callee.call_sid)
    [call] = calls_of(flowers)
    assert (call.direction, call.status) == (Direction.OUTBOUND, "ringing")
    assert (call.to_e164, call.lead_id) == (attempt.to_e164, job_of(run).lead_id)


def test_who_picks_up_talks_to_the_outbound_prompt_of_the_run(
    callee: Callee, run: OutboundCallRun, flowers: Business
) -> None:
    answer = callee.picks_up()
    assert b"<Stream" in answer.content
    assert job_of(run).status == JobStatus.IN_PROGRESS
    with business_scope(flowers):
        binding = PromptBinding.objects.get()
    assert (binding.direction, binding.version_id) == (Direction.OUTBOUND, run.version_id)
    assert callee.picks_up().content == answer.content
    assert len(calls_of(flowers)) == 1


def test_c01_a_callback_five_times_over_counts_once(
    callee: Callee, run: OutboundCallRun, flowers: Business
) -> None:
    callee.picks_up()
    for _ in range(5):
        assert callee.reports("completed", 3, CallDuration="42").status_code == 204
    attempt, job = attempt_of(run), job_of(run)
    assert (attempt.state, attempt.used_s, job.status) == ("final", 42, "completed")
    assert (job.attempts, job.outcomes) == (1, {"completed": 1})
    with business_scope(flowers):
        usage = DialUsage.objects.get()
        assert CallbackEvent.objects.count() == 1
    assert (usage.calls, usage.reserved_s, usage.used_s) == (1, 0, 42)


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["initiated", "ringing", "in-progress", "completed"]))
)
def test_c02_callbacks_in_any_order_tell_the_same_story(
    callee: Callee, run: OutboundCallRun, flowers: Business, order: tuple[str, ...]
) -> None:
    told = ["initiated", "ringing", "in-progress", "completed"]
    for status in order:
        callee.reports(status, told.index(status))
    [call] = calls_of(flowers)
    assert call.status == "completed"
    assert (attempt_of(run).state, job_of(run).status) == ("final", "completed")


def test_c04_a_callback_about_an_attempt_that_nobody_knows_is_not_taken(
    callee: Callee, flowers: Business
) -> None:
    path = reverse("outbound:status", args=[flowers.slug, uuid.uuid4()])
    fields = {"CallSid": new_sid(), "CallStatus": "ringing", "SequenceNumber": "0"}
    assert callee.post(path, fields).status_code == 404
    assert calls_of(flowers) == []


def test_an_attempt_of_another_business_does_not_exist(
    callee: Callee, garage: Business, run: OutboundCallRun
) -> None:
    callee.slug = garage.slug
    assert callee.picks_up().status_code == 404
    assert callee.reports("ringing").status_code == 404
    assert attempt_of(run).call_sid is None


def test_what_is_not_signed_is_not_heard(
    run: OutboundCallRun, callee: Callee, flowers: Business
) -> None:
    forger = Callee(callee.attempt, flowers.slug, token="a guess")
    assert forger.picks_up().status_code == 403
    assert forger.reports("completed").status_code == 403
    assert attempt_of(run).call_sid is None


def test_c12_yesterdays_callback_played_again_changes_nothing(
    callee: Callee, run: OutboundCallRun
) -> None:
    callee.picks_up()
    callee.reports("completed", 3, CallDuration="42")
    before = (attempt_of(run).used_s, job_of(run).outcomes)
    callee.reports("ringing", 1)
    callee.reports("completed", 3, CallDuration="9000")
    callee.reports("busy", 9)
    assert (attempt_of(run).used_s, job_of(run).outcomes) == before
    assert job_of(run).status == JobStatus.COMPLETED


def test_c13_the_clock_in_a_callback_is_not_believed(callee: Callee, run: OutboundCallRun) -> None:
    callee.reports("completed", 3, Timestamp="Mon, 01 Jan 2001 00:00:00 +0000")
    callee.reports("ringing", 1, Timestamp="Fri, 01 Jan 2100 00:00:00 +0000")
    assert job_of(run).status == JobStatus.COMPLETED


def test_d24_busy_told_three_times_is_one_retry(callee: Callee, run: OutboundCallRun) -> None:
    for _ in range(3):
        callee.reports("busy", 2)
    job = job_of(run)
    assert (job.status, job.attempts, job.outcomes) == ("queued", 1, {"busy": 1})
    assert len(attempts_of(run)) == 1


def test_a_second_call_of_one_attempt_is_hung_up_on(
    callee: Callee, run: OutboundCallRun, flowers: Business
) -> None:
    callee.picks_up()
    twin = Callee(callee.attempt, flowers.slug)
    assert b"<Hangup" in twin.picks_up().content
    assert b"<Stream" not in twin.picks_up().content
    attempt = attempt_of(run)
    assert (attempt.call_sid, attempt.suspect) == (callee.call_sid, twin.call_sid)
    assert len(calls_of(flowers)) == 1


def test_d27_a_call_of_an_attempt_that_was_given_up_is_taken_back_if_nothing_newer_rings(
    callee: Callee, run: OutboundCallRun, clock: Clock
) -> None:
    give_up(run, clock)
    assert b"<Stream" in callee.picks_up().content
    assert (attempt_of(run).state, job_of(run).status) == ("placed", "in_progress")


def test_d27_a_stale_call_that_is_answered_after_a_newer_one_is_hung_up_on(
    callee: Callee, run: OutboundCallRun, flowers: Business, clock: Clock
) -> None:
    give_up(run, clock)
    intend(run, clock, owner=8)
    newer = Callee(attempt_of(run), flowers.slug)
    newer.picks_up()
    assert b"<Stream" not in callee.picks_up().content
    assert attempt_of(run).call_sid == newer.call_sid


def test_d26_a_call_that_we_told_the_carrier_to_give_up_is_not_talked_to(
    callee: Callee, run: OutboundCallRun, flowers: Business, clock: Clock
) -> None:
    callee.reports("initiated")
    with business_scope(flowers):
        DialAttempt.objects.update(cancel_asked_at=clock())
    assert b"<Stream" not in callee.picks_up().content


def test_c08_whoever_picks_up_while_we_do_not_answer_hears_an_apology(flowers: Business) -> None:
    answer = Client().post(reverse("outbound:fallback", args=["he"]))
    assert "תקלה" in answer.content.decode()
    assert b"<Hangup" in answer.content
    assert Client().post(reverse("outbound:fallback", args=["xx"])).status_code == 404


@pytest.mark.parametrize(
    "route",
    [one for one in urls.urlpatterns if str(one.pattern).startswith(("twiml/", "webhooks/"))],
    ids=lambda route: str(route.name),
)
def test_every_route_but_the_fallback_asks_for_the_signature(
    route: URLPattern, callee: Callee, flowers: Business
) -> None:
    if route.name == "fallback":
        return
    path = reverse(f"outbound:{route.name}", args=[flowers.slug, callee.attempt.pk])
    answer = Client().post(path, {"CallSid": callee.call_sid, "CallStatus": "ringing"})
    assert answer.status_code == 403


def test_the_carriers_word_for_who_has_answered_is_kept_whenever_it_comes(
    callee: Callee, flowers: Business
) -> None:
    assert callee.is_taken_for("machine_start").status_code == 204
    callee.picks_up()
    assert callee.is_taken_for("machine_end_beep").status_code == 204
    callee.reports("completed", 3)
    assert callee.is_taken_for("human").status_code == 204
    assert callee.is_taken_for("an owl").status_code == 204
    [call] = calls_of(flowers)
    assert call.carrier_answered_by == "human"


@pytest.mark.parametrize(
    ("voicemails", "policy", "message"),
    [(0, "hang_up", ""), (1, "leave_message", "Call us back.")],
)
def test_a_message_is_left_at_the_last_attempt_only(
    flowers: Business, clock: Clock, voicemails: int, policy: str, message: str
) -> None:
    run = started(
        flowers,
        new_number(),
        machine_policy="leave_message",
        machine_message="Call us back.",
        retries={"voicemail": {"times": 1, "after_s": 60}},
    )
    with business_scope(flowers):
        OutboundCallJob.objects.of_run(run).update(outcomes={"voicemail": voicemails})
    intend(run, clock)
    Callee(attempt_of(run), flowers.slug).picks_up()
    [call] = calls_of(flowers)
    assert (call.machine_policy, call.machine_message) == (policy, message)


def test_a_suspended_business_talks_to_nobody(
    callee: Callee, run: OutboundCallRun, flowers: Business
) -> None:
    with business_scope(flowers):
        Business.objects.update(status=Business.Status.SUSPENDED)
    answer = callee.picks_up()
    assert b"<Stream" not in answer.content
    [call] = calls_of(flowers)
    assert call.end_reason == EndReason.REJECTED_SUSPENDED
    assert callee.picks_up().content == answer.content


def give_up(run: OutboundCallRun, clock: Clock) -> None:
    """It was proven, wrongly, that nothing was placed."""
    from outbound.binding import locked

    with business_scope(run.business_id):
        attempt, job = locked(attempt_of(run))
        put_back(attempt, job, now=clock(), detail="")
