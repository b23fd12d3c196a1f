"""Pure: every gate between a job and somebody's telephone, in one list.

Each fails closed: what is not known does not let anybody through. What they are asked about is read
in the transaction that records the intent, so no answer is older than the intent itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from outbound import windows
from outbound.destinations import banned, block_of
from outbound.models import Gate, JobStatus, RunStatus

CONSENT_IS_GOOD: Final = timedelta(days=365)
LOOK_AGAIN: Final = timedelta(minutes=1)
LINE_FREE_IN: Final = timedelta(seconds=1)
FELT_IN: Final = timedelta(milliseconds=100)
LINE_BUSY_FOR: Final = timedelta(seconds=30)
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`next_at` is when to look again. `ends` is what becomes of a job that is never looked at
    again; `pauses` says that a person has to look at the whole run.
    """

    gate: Gate
    reason: str
    next_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    ends: JobStatus | None = None
    pauses: bool = False


@dataclass(slots=True)
class Lines:
    """Calls under way and how many there may be; counted on as calls are allowed."""

    live: int
    most: int

    @property
    def free(self) -> int:
        return max(0, self.most - self.live)


@dataclass(slots=True)
class RunSituation:
    """What holds for all jobs of a run at one moment. Seconds are seconds on the line."""

    now: datetime
    status: str
    business_is_active: bool
    account_missing: bool
    account_refused_code: int | None
    key_missing: bool
    key_refused_until: datetime | None
    next_call_at: datetime | None
    slowed_until: datetime | None
    account_lines: Lines | None
    installation: Lines
    business: Lines
    run: Lines
    calls_today: int
    most_calls_today: int
    seconds_today: int
    most_seconds_today: int
    seconds_a_call: int
    tomorrow: datetime
    require_consent: bool
    countries: Collection[str]
    most_calls: int
    within: timedelta
    gap: timedelta
    dialled_by_block: Counter[str]
    most_of_a_block: int
    # Of the seconds of today, what calls under way may give back.
    reserved_today: int = 0
    key_limited_until: datetime | None = None
    settings_broken: bool = False
    hours_broken: bool = False  # of the business

    def allow(self, number: str) -> None:
        """Another call of this run is on its way."""
        for lines in (self.installation, self.business, self.run, self.account_lines):
            if lines is not None:
                lines.live += 1
        self.calls_today += 1
        self.seconds_today += self.seconds_a_call
        self.reserved_today += self.seconds_a_call
        self.dialled_by_block[block_of(number)] += 1


@dataclass(frozen=True, slots=True)
class JobSituation:
    number: str
    on_business_list: bool
    on_installation_list: bool
    consent_at: datetime | None
    window: windows.Decision
    # Of this business to this number, the newest first: when, and whether in this very run.
    earlier_calls: Sequence[tuple[datetime, bool]]
    on_the_line: bool


RunGate = Callable[[RunSituation], Refusal | None]
JobGate = Callable[[RunSituation, JobSituation], Refusal | None]


def run_runs(run: RunSituation) -> Refusal | None:
    if run.status == RunStatus.RUNNING:
        return None
    return Refusal(Gate.RUN, run.status)


def settings_are_readable(run: RunSituation) -> Refusal | None:
    """Before a job is asked about: put off one by one, all of them would wait for weeks."""
    if not run.settings_broken:
        return None
    return Refusal(Gate.RUN, "broken", pauses=True)


def business_is_active(run: RunSituation) -> Refusal | None:
    if run.business_is_active:
        return None
    return Refusal(Gate.BUSINESS, "suspended", run.now + LOOK_AGAIN)


def hours_are_readable(run: RunSituation) -> Refusal | None:
    """The runs are not at fault and none is paused: all go on as soon as the hours are mended."""
    if not run.hours_broken:
        return None
    return Refusal(Gate.BUSINESS, "hours_broken", run.now + LOOK_AGAIN)


def account_is_good(run: RunSituation) -> Refusal | None:
    if run.account_missing:
        return Refusal(Gate.ACCOUNT, "missing", pauses=True)
    if run.account_refused_code is not None:
        facts = {"code": run.account_refused_code}
        return Refusal(Gate.ACCOUNT, "refused", facts=facts, pauses=True)
    return None


def model_answers(run: RunSituation) -> Refusal | None:
    """Whoever picks up must not be met with silence."""
    if run.key_missing:
        return Refusal(Gate.MODEL_KEY, "missing", run.now + LOOK_AGAIN)
    if run.key_refused_until and run.key_refused_until > run.now:
        return Refusal(Gate.MODEL_KEY, "refused", run.key_refused_until)
    return None


def model_keeps_up(run: RunSituation) -> Refusal | None:
    """A model that has too much to do for this account gets no more of it: half of the lines are left
    empty until it has had none of that for a while.
    """
    most = run.business.most // 2
    if run.key_limited_until is None or run.key_limited_until <= run.now:
        return None
    if run.business.live < most:
        return None
    return Refusal(Gate.MODEL_KEY, "limited", run.now + LINE_FREE_IN, {"most": most})


def pace_is_kept(run: RunSituation) -> Refusal | None:
    if run.slowed_until and run.slowed_until > run.now:
        return Refusal(Gate.PACE, "carrier_is_congested", run.slowed_until)
    if run.next_call_at and run.next_call_at > run.now:
        return Refusal(Gate.PACE, "calls_a_second", run.next_call_at)
    if run.account_lines is not None and not run.account_lines.free:
        return Refusal(Gate.PACE, "feeling_its_way", run.now + FELT_IN)
    return None


def installation_has_lines(run: RunSituation) -> Refusal | None:
    return _free(Gate.INSTALLATION_LINES, run.installation, run.now)


def business_has_lines(run: RunSituation) -> Refusal | None:
    return _free(Gate.BUSINESS_LINES, run.business, run.now)


def run_has_lines(run: RunSituation) -> Refusal | None:
    return _free(Gate.RUN_LINES, run.run, run.now)


def _free(gate: Gate, lines: Lines, now: datetime) -> Refusal | None:
    if lines.free:
        return None
    return Refusal(gate, "all_in_use", now + LINE_FREE_IN, {"most": lines.most})


def calls_are_left_today(run: RunSituation) -> Refusal | None:
    if run.calls_today < run.most_calls_today:
        return None
    return Refusal(Gate.CALLS_A_DAY, "used_up", run.tomorrow, {"most": run.most_calls_today})


def minutes_are_left_today(run: RunSituation) -> Refusal | None:
    """The longest call that may come of it has to fit in, so that the cap is never passed."""
    if run.seconds_today + run.seconds_a_call <= run.most_seconds_today:
        return None
    facts = {"most": run.most_seconds_today // 60}
    used = run.seconds_today - run.reserved_today
    comes_back = used + run.seconds_a_call <= run.most_seconds_today
    next_at = run.now + LINE_FREE_IN if comes_back else run.tomorrow
    return Refusal(Gate.MINUTES_A_DAY, "used_up", next_at, facts)


def nothing_is_odd(run: RunSituation, job: JobSituation) -> Refusal | None:
    block = block_of(job.number)
    if run.dialled_by_block[block] < run.most_of_a_block:
        return None
    facts = {"block": block, "most": run.most_of_a_block}
    return Refusal(Gate.VELOCITY, "one_block", run.now + MINUTE, facts, pauses=True)


def destination_is_allowed(run: RunSituation, job: JobSituation) -> Refusal | None:
    ban = banned(job.number, countries=run.countries)
    if ban is None:
        return None
    return Refusal(Gate.DESTINATION, ban.value, ends=JobStatus.REJECTED)


def nobody_has_objected(run: RunSituation, job: JobSituation) -> Refusal | None:
    if job.on_business_list:
        return Refusal(Gate.DO_NOT_CALL, "business", ends=JobStatus.REJECTED)
    if job.on_installation_list:
        return Refusal(Gate.DO_NOT_CALL, "installation", ends=JobStatus.REJECTED)
    return None


def consent_is_given(run: RunSituation, job: JobSituation) -> Refusal | None:
    if not run.require_consent:
        return None
    if job.consent_at is None:
        return Refusal(Gate.CONSENT, "missing", ends=JobStatus.REJECTED)
    if job.consent_at + CONSENT_IS_GOOD <= run.now:
        return Refusal(Gate.CONSENT, "too_old", ends=JobStatus.REJECTED)
    return None


def it_is_the_time(run: RunSituation, job: JobSituation) -> Refusal | None:
    decision = job.window
    if decision.allowed:
        return None
    if decision.reason is windows.Reason.UNKNOWN_ZONE:
        return Refusal(Gate.WINDOW, decision.reason.value, ends=JobStatus.REJECTED)
    is_broken = decision.reason is windows.Reason.BROKEN_SCHEDULE
    next_at = decision.next_at or run.now + (LOOK_AGAIN if is_broken else windows.HORIZON)
    facts: dict[str, Any] = {"zones": [zone.key for zone in decision.zones][:5]}
    if decision.rest_day is not None:
        facts["rest_day"] = decision.rest_day.value
    return Refusal(Gate.WINDOW, decision.reason.value, next_at, facts)


def not_too_often(run: RunSituation, job: JobSituation) -> Refusal | None:
    """Counted over all runs: a person does not care which campaign it is."""
    recent = [at for at, _ in job.earlier_calls if at > run.now - run.within]
    if len(recent) >= run.most_calls:
        next_at = recent[run.most_calls - 1] + run.within
        facts = {"most": run.most_calls, "days": run.within.days}
        return Refusal(Gate.FREQUENCY, "called_often", next_at, facts)
    others = [at for at, same_run in job.earlier_calls if not same_run]
    if others and others[0] + run.gap > run.now:
        facts = {"minutes": run.gap // MINUTE}
        return Refusal(Gate.FREQUENCY, "called_a_moment_ago", others[0] + run.gap, facts)
    return None


def line_is_free(run: RunSituation, job: JobSituation) -> Refusal | None:
    if not job.on_the_line:
        return None
    return Refusal(Gate.LINE_BUSY, "on_the_line", run.now + LINE_BUSY_FOR)


RUN_GATES: Final[tuple[RunGate, ...]] = (
    run_runs,
    settings_are_readable,
    business_is_active,
    hours_are_readable,
    account_is_good,
    model_answers,
    model_keeps_up,
    pace_is_kept,
    installation_has_lines,
    business_has_lines,
    run_has_lines,
    calls_are_left_today,
    minutes_are_left_today,
)
# A person asks for one call to a number of their own: no run, no model and no list has a say in it.
TEST_GATES: Final[tuple[RunGate, ...]] = (
    business_is_active,
    account_is_good,
    pace_is_kept,
    installation_has_lines,
    business_has_lines,
    calls_are_left_today,
    minutes_are_left_today,
)
JOB_GATES: Final[tuple[JobGate, ...]] = (
    destination_is_allowed,
    nobody_has_objected,
    consent_is_given,
    it_is_the_time,
    not_too_often,
    line_is_free,
    nothing_is_odd,
)


def refusal_of_run(run: RunSituation) -> Refusal | None:
    return next((refusal for gate in RUN_GATES if (refusal := gate(run))), None)


def refusal_of_test(run: RunSituation) -> Refusal | None:
    return next((refusal for gate in TEST_GATES if (refusal := gate(run))), None)


def refusal_of_job(run: RunSituation, job: JobSituation) -> Refusal | None:
    return next((refusal for gate in JOB_GATES if (refusal := gate(run, job))), None)
