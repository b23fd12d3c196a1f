from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from outbound import gates
from outbound.actions import pause_run, stop_run
from outbound.destinations import Ban
from outbound.gates import Refusal
from outbound.models import (
    AttemptState,
    DialAttempt,
    DialVerdict,
    Gate,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
    RunStatus,
)
from outbound.outcomes import OUTCOMES
from outbound.verdicts import note_refusal
from outbound.windows import Reason
from outbound.wording import (
    Why,
    holds_up,
    of_attempt,
    of_detail,
    of_run,
    of_verdict,
    outcome,
    why,
)
from tenants.models import Business, Heartbeat
from tenants.scoping import business_scope
from tests.outbound.rig import ALWAYS, OPEN_HOURS, job_of, limits, make_run, started

pytestmark = pytest.mark.django_db

LATER = OPEN_HOURS + timedelta(hours=2)
# What `Refusal(...)` is given where its reason is no plain text in the code.
REASONS: Mapping[str, Collection[str]] = {
    "run.status": set(RunStatus) - {RunStatus.RUNNING},
    "ban.value": set(Ban),
    "decision.reason.value": set(Reason) - {Reason.ALLOWED},
}


def possible_verdicts() -> Iterator[tuple[str, str]]:
    """Read off the code of the gates, so that a new one cannot be forgotten here."""
    yield "passed", "dialled"
    for node in ast.walk(ast.parse(inspect.getsource(gates))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Refusal":
            gate, reason = (ast.unparse(argument) for argument in node.args[:2])
            for named in gates_named(gate):
                for one in reasons_named(reason):
                    yield named, one


def gates_named(code: str) -> set[str]:
    if code == "gate":  # `_free`, which several gates share
        return {Gate.INSTALLATION_LINES, Gate.BUSINESS_LINES, Gate.RUN_LINES}
    return {Gate[code.removeprefix("Gate.")]}


def reasons_named(code: str) -> Collection[str]:
    return REASONS[code] if code in REASONS else {ast.literal_eval(code)}


POSSIBLE = sorted({(str(gate), str(reason)) for gate, reason in possible_verdicts()})


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def job(flowers: Business) -> OutboundCallJob:
    limits(flowers, schedule=ALWAYS)
    return only_job(started(flowers))


def only_job(run: OutboundCallRun) -> OutboundCallJob:
    job = job_of(run)
    job.run = run
    return job


def verdict(business: Business, gate: str, reason: str, **facts: Any) -> DialVerdict:
    return DialVerdict(business=business, gate=gate, reason=reason, facts=facts, next_at=LATER)


def attempt(job: OutboundCallJob, state: AttemptState, **given: Any) -> DialAttempt:
    with business_scope(job.business_id):
        return DialAttempt.objects.create(
            business=job.business,
            run=job.run,
            job=job,
            state=state,
            to_e164=job.phone_e164,
            from_e164="+97230000001",
            owner=1,
            usage_day=OPEN_HOURS.date(),
            **({"number": 1, "posted_at": OPEN_HOURS} | given),
        )


def told(job: OutboundCallJob, now: datetime = OPEN_HOURS) -> Why:
    with business_scope(job.business_id):
        jobs = OutboundCallJob.objects.select_related("run__business", "business")
        return why(jobs.get(pk=job.pk), now=now)


def test_the_gates_are_found() -> None:
    assert {gate for gate, _ in POSSIBLE} == set(Gate)
    assert ("frequency", "called_often") in POSSIBLE
    assert ("window", "shabbat") in POSSIBLE


@pytest.mark.parametrize(("gate", "reason"), POSSIBLE)
def test_every_verdict_is_a_sentence(gate: str, reason: str, flowers: Business) -> None:
    facts = {"code": 1, "most": 4, "days": 7, "minutes": 9, "block": "+9725000", "zones": ["UTC"]}
    sentence = of_verdict(verdict(flowers, gate, reason, **facts))
    assert re.match(r"[A-Z].*\.$", sentence)
    assert f": {reason}" not in sentence
    assert "?" not in sentence
    assert "%" not in sentence


def test_an_owner_reads_times_by_the_clock_of_the_business(flowers: Business) -> None:
    often = verdict(flowers, Gate.FREQUENCY, "called_often", most=4, days=7)
    assert of_verdict(often) == (
        "Called as often as the business allows: 4 times within 7 days. "
        "Next on Nov. 4, 2026, 13:30."
    )


def test_the_window_names_the_zone_and_the_holiday(flowers: Business) -> None:
    zones = {"zones": ["Asia/Jerusalem"]}
    closed = verdict(flowers, Gate.WINDOW, "outside_hours", **zones)
    assert of_verdict(closed) == (
        "Outside your calling hours in their time zone; next on Nov. 4, 2026, 13:30. "
        "Their time zone: Asia/Jerusalem."
    )
    holiday = verdict(flowers, Gate.WINDOW, "holiday", rest_day="yom_kippur", **zones)
    assert "Yom Kippur" in of_verdict(holiday)


def test_a_verdict_of_another_version_is_told_all_the_same(flowers: Business) -> None:
    assert of_verdict(verdict(flowers, Gate.PACE, "moonlight")) == "pace: moonlight"
    assert "?" in of_verdict(verdict(flowers, Gate.CALLS_A_DAY, "used_up"))


def test_numbers_keep_their_direction_in_a_hebrew_sentence(flowers: Business) -> None:
    odd = verdict(flowers, Gate.VELOCITY, "one_block", most=50, block="+97250123")
    assert "\u2066+97250123…\u2069" in of_verdict(odd)


@pytest.mark.parametrize("reason", PauseReason)
def test_every_pause_says_what_to_do(reason: PauseReason, flowers: Business) -> None:
    run = make_run(flowers)
    run.status, run.pause_reason = RunStatus.PAUSED, reason
    assert "paused" in of_run(run)
    assert ("start the run" in of_run(run)) == (reason != PauseReason.OWNER)


@pytest.mark.parametrize("state", AttemptState)
def test_every_state_of_an_attempt_is_a_sentence(state: AttemptState, job: OutboundCallJob) -> None:
    sid = "CA" + "1" * 32
    made = attempt(job, state, call_sid=sid, outcome="busy" if state == "final" else "")
    assert re.fullmatch(
        r"Attempt 1 \(Nov. 4, 2026, 11:30\): \w.*\.", of_attempt(made, now=OPEN_HOURS)
    )


@pytest.mark.parametrize("status", [*OUTCOMES.values(), JobStatus.VOICEMAIL, JobStatus.FAILED])
def test_every_outcome_has_words(status: JobStatus) -> None:
    assert outcome(status) != status or status in (JobStatus.BUSY, JobStatus.FAILED)


def test_who_was_busy_is_told_when_the_next_attempt_is(job: OutboundCallJob) -> None:
    attempt(job, AttemptState.FINAL, outcome="busy")
    with business_scope(job.business_id):
        OutboundCallJob.objects.filter(pk=job.pk).update(attempts=1, due_at=LATER)
    seen = told(job)
    assert seen.sentences == [
        "Attempt 1 (Nov. 4, 2026, 11:30): busy; called again on Nov. 4, 2026, 13:30.",
        "Waits for the time of the next attempt.",
        "Next on Nov. 4, 2026, 13:30.",
    ]
    assert seen.next_at == LATER


def test_an_attempt_in_doubt_says_until_when_the_carrier_is_asked(job: OutboundCallJob) -> None:
    made = attempt(job, AttemptState.UNKNOWN, unknown_at=OPEN_HOURS)
    assert "is asked about it until Nov. 4, 2026, 11:32" in of_attempt(made, now=OPEN_HOURS)
    silent = OPEN_HOURS + timedelta(minutes=5)
    assert "is asked about it until Nov. 4, 2026, 11:45" in of_attempt(made, now=silent)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"absent_at": OPEN_HOURS, "unknown_at": OPEN_HOURS}, "proven not to have been placed"),
        ({"unknown_at": OPEN_HOURS}, "as somebody has looked up"),
        ({"refusals": 2}, "not taken by the carrier (2 times)"),
        ({}, "not sent"),
    ],
)
def test_what_was_not_placed_says_how_that_is_known(
    given: dict[str, Any], words: str, job: OutboundCallJob
) -> None:
    made = attempt(job, AttemptState.QUEUED, **given)
    assert words in of_attempt(made, now=OPEN_HOURS)


def test_who_is_due_waits_for_a_turn(job: OutboundCallJob) -> None:
    seen = told(job)
    assert seen.sentences == ["Is due, and called as soon as it is its turn."]
    assert seen.next_at is None


def test_the_refusal_of_a_gate_is_the_reason_while_it_lasts(job: OutboundCallJob) -> None:
    refusal = Refusal(Gate.LINE_BUSY, "on_the_line", LATER)
    with business_scope(job.business_id):
        note_refusal(job.run, job, refusal, OPEN_HOURS)
    assert "Another call to this number goes on." in told(job).sentences
    assert told(job, LATER).sentences == ["Is due, and called as soon as it is its turn."]


def test_what_holds_up_the_run_holds_up_everybody_in_it(job: OutboundCallJob) -> None:
    refusal = Refusal(Gate.CALLS_A_DAY, "used_up", LATER, {"most": 50})
    with business_scope(job.business_id):
        note_refusal(job.run, None, refusal, OPEN_HOURS)
    seen = told(job)
    assert seen.at_present[0].startswith("The calls of the day are used up (50)")
    assert seen.next_at == LATER


def test_a_time_for_the_next_attempt_at_night_is_no_promise(flowers: Business) -> None:
    """Busy at ten to eight in the evening, and the window closes at eight."""
    limits(flowers)
    job = only_job(started(flowers))
    evening = OPEN_HOURS.replace(hour=18, minute=5)
    with business_scope(flowers):
        OutboundCallJob.objects.filter(pk=job.pk).update(due_at=evening)
    seen = told(job)
    assert seen.next_at == OPEN_HOURS.replace(day=5, hour=7, minute=0)
    assert seen.at_present[0].startswith("Outside your calling hours in their time zone")


def test_nobody_is_next_in_a_run_that_is_paused_or_stopped(job: OutboundCallJob) -> None:
    pause_run(run=job.run, by=None, now=OPEN_HOURS)
    assert told(job).sentences == ["Somebody has paused the run."]
    stop_run(run=job.run, by=None, now=OPEN_HOURS)
    assert told(job).sentences == ["Called off, so nobody calls again."]


def test_who_is_refused_for_good_reads_by_what(job: OutboundCallJob) -> None:
    refusal = Refusal(Gate.DO_NOT_CALL, "business", ends=JobStatus.REJECTED)
    with business_scope(job.business_id):
        note_refusal(job.run, job, refusal, OPEN_HOURS)
        OutboundCallJob.objects.filter(pk=job.pk).update(
            status=JobStatus.REJECTED, ended_at=OPEN_HOURS
        )
    assert told(job).sentences == [
        "Is not called in this run at all.",
        "On the do-not-call list of this business.",
    ]


def test_a_run_without_workers_says_so(job: OutboundCallJob) -> None:
    nobody = "No worker looks after runs at the moment: nobody is called until one does."
    assert holds_up(job.run, now=OPEN_HOURS) == ["The run is running.", nobody]
    Heartbeat.objects.create(task="keep_watch", at=OPEN_HOURS - timedelta(seconds=10))
    assert holds_up(job.run, now=OPEN_HOURS) == ["The run is running."]


def test_a_run_tells_of_attempts_that_wait_for_a_person(job: OutboundCallJob) -> None:
    attempt(job, AttemptState.HUMAN)
    assert "1 attempt waits for somebody to say what has become of it." in holds_up(
        job.run, now=OPEN_HOURS
    )


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.QUEUED}))
def test_every_status_of_a_job_is_a_sentence(status: JobStatus, job: OutboundCallJob) -> None:
    job.status = status
    assert why(job, now=OPEN_HOURS).at_present[0].endswith(".")


@pytest.mark.parametrize(
    "stored",
    [
        "9 of the last 10 attempts failed.",
        "The carrier answered 401, code 20003.",
        "400, code 21211",
        "the dialler stopped in the middle of it",
        "proven not to have been placed",
        "somebody has said that it was not placed",
        "not sent: decided otherwise meanwhile",
        "too many requests",
        "not connected: ConnectionRefusedError",
        "no answer: TimeoutError",
        "status 503",
        "an answer without a call",
        "a fault of ours: KeyError",
    ],
)
def test_every_stored_detail_has_words_of_its_own(stored: str) -> None:
    assert of_detail(stored) not in ("", f"In the carrier's words: “{stored}”")
    assert "%(" not in of_detail(stored)


def test_a_detail_that_the_verdict_tells_already_is_not_told_twice() -> None:
    assert of_detail("velocity: one_block") == ""


def test_what_a_carrier_has_written_is_quoted() -> None:
    words = "The number +1% is invalid (100%s)"
    assert of_detail(words) == f"In the carrier's words: “{words}”"


def literal_details() -> set[str]:
    """What the code stores as it stands, read off the code itself."""
    found = set()
    for path in Path(gates.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "detail":
                found |= {node.value.value} if isinstance(node.value, ast.Constant) else set()
    return {text for text in found if isinstance(text, str) and text}


@pytest.mark.parametrize("stored", sorted(literal_details()))
def test_no_detail_of_the_code_is_taken_for_the_carriers(stored: str) -> None:
    assert "In the carrier's words" not in of_detail(stored)
