"""Why somebody is not being called at the moment, and when next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from outbound import windows
from outbound.models import (
    AttemptState,
    DialAttempt,
    DialVerdict,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    RunStatus,
)
from outbound.situation import Rules
from outbound.wording.attempts import of_attempt
from outbound.wording.runs import of_run
from outbound.wording.verdicts import of_verdict, with_zones
from tenants.models import Heartbeat
from tenants.scoping import business_scope

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# Those that runs live by come every few seconds.
AT_WORK: Final = ("dial", "keep_watch")
SILENT_AFTER: Final = timedelta(seconds=30)

JOBS: Final[Mapping[str, _StrPromise]] = {
    JobStatus.DIALING: _("Being called at this moment."),
    JobStatus.IN_PROGRESS: _("Talks with the agent at this moment."),
    JobStatus.UNKNOWN: _("May be ringing: nothing else is done before that is known."),
    JobStatus.COMPLETED: _("Reached, so nobody calls again."),
    JobStatus.NO_ANSWER: _("Did not answer, and was called as often as the run tries."),
    JobStatus.BUSY: _("Was busy, and was called as often as the run tries."),
    JobStatus.VOICEMAIL: _("A machine answered, as often as the run tries."),
    JobStatus.FAILED: _("The calls failed, as often as the run tries."),
    JobStatus.CANCELED: _("Called off, so nobody calls again."),
    JobStatus.REJECTED: _("Is not called in this run at all."),
}


@dataclass(frozen=True, slots=True)
class Why:
    so_far: Sequence[str]  # attempt after attempt
    at_present: Sequence[str]  # why nobody calls now, or that somebody does
    next_at: datetime | None
    next: str  # the same as a sentence; empty when nobody knows

    @property
    def sentences(self) -> list[str]:
        return [*self.so_far, *self.at_present, *filter(None, [self.next])]


@dataclass(frozen=True, slots=True)
class _Standing:
    sentences: Sequence[str]
    next_at: datetime | None = None


def why(job: OutboundCallJob, *, now: datetime) -> Why:
    with business_scope(job.business_id):
        standing = _standing(job, now)
        zone = ZoneInfo(job.business.timezone)
        next_on = {"next": windows.moment(standing.next_at, zone)}
        return Why(
            so_far=_so_far(job, now),
            at_present=standing.sentences,
            next_at=standing.next_at,
            next=gettext("Next on %(next)s.") % next_on if standing.next_at else "",
        )


def _so_far(job: OutboundCallJob, now: datetime) -> list[str]:
    attempts = DialAttempt.objects.for_business(job.business_id).filter(job=job)
    found = list(attempts.select_related("business").order_by("number"))
    return [of_attempt(attempt, now=now, again_at=_again_at(job, attempt)) for attempt in found]


def _again_at(job: OutboundCallJob, attempt: DialAttempt) -> datetime | None:
    """Of the last one, while the person waits for the time after it."""
    is_last = attempt.state == AttemptState.FINAL and attempt.number == job.attempts
    return job.due_at if is_last and job.status == JobStatus.QUEUED else None


def _standing(job: OutboundCallJob, now: datetime) -> _Standing:
    if job.status != JobStatus.QUEUED:
        return _Standing([str(JOBS[job.status]), *_refused_for_good(job)])
    run = job.run
    if run.status == RunStatus.RUNNING:
        return _waiting(job, now)
    starts_at = run.starts_at if run.status == RunStatus.SCHEDULED else None
    return _Standing([of_run(run)], starts_at)


def _refused_for_good(job: OutboundCallJob) -> list[str]:
    if job.status != JobStatus.REJECTED:
        return []
    last = _last_verdict(job)
    return [of_verdict(last)] if last and not last.allows else []


def _waiting(job: OutboundCallJob, now: datetime) -> _Standing:
    of_the_run = _hold(job.run, now)
    own = _last_verdict(job)
    if own is None or own.allows or own.next_at is None or own.next_at <= now:
        standing = _in_the_queue(job, now)
    else:
        standing = _Standing([of_verdict(own)], own.next_at)
    if of_the_run is None or of_the_run.next_at is None:
        return standing
    next_at = max(of_the_run.next_at, standing.next_at or now)
    return _Standing([of_verdict(of_the_run), *standing.sentences], next_at)


def _in_the_queue(job: OutboundCallJob, now: datetime) -> _Standing:
    """No gate has refused it for the time to come; the window may, when the time is there."""
    due_at = max(job.due_at, now)
    decision = Rules.of(job.run, now).window(job.phone_e164, due_at)
    if not decision.allowed:
        told = str(windows.explain(decision, zone=ZoneInfo(job.business.timezone)))
        zones = [zone.key for zone in decision.zones]
        return _Standing([with_zones(told, zones)], decision.next_at)
    if job.due_at > now:
        return _Standing([gettext("Waits for the time of the next attempt.")], job.due_at)
    return _Standing([gettext("Is due, and called as soon as it is its turn.")], None)


def _last_verdict(job: OutboundCallJob) -> DialVerdict | None:
    verdicts = DialVerdict.objects.of_job(job).select_related("business")
    return verdicts.first()


def _hold(run: OutboundCallRun, now: datetime) -> DialVerdict | None:
    """What keeps everybody of the run waiting."""
    last = DialVerdict.objects.of_run(run).select_related("business").first()
    return last if last and last.next_at and last.next_at > now else None


def holds_up(run: OutboundCallRun, *, now: datetime) -> list[str]:
    """Everything that somebody who runs it, or the installation, should know at this moment."""
    with business_scope(run.business_id):
        sentences = [of_run(run)]
        if run.status == RunStatus.RUNNING:
            sentences += [*_run_waits(run, now), *_nobody_is_at_work(now)]
        return sentences + _waits_for_a_person(run)


def _run_waits(run: OutboundCallRun, now: datetime) -> list[str]:
    hold = _hold(run, now)
    if hold is not None:
        return [of_verdict(hold)]
    queued = OutboundCallJob.objects.of_run(run).filter(status=JobStatus.QUEUED)
    first = queued.order_by("due_at", "id").values_list("due_at", flat=True).first()
    if first is None or first <= now:
        return []
    next_on = windows.moment(first, ZoneInfo(run.business.timezone))
    return [gettext("Nobody is due now; next on %(next)s.") % {"next": next_on}]


def _nobody_is_at_work(now: datetime) -> list[str]:
    if Heartbeat.objects.filter(task__in=AT_WORK, at__gt=now - SILENT_AFTER).exists():
        return []
    return [gettext("No worker looks after runs at the moment: nobody is called until one does.")]


def _waits_for_a_person(run: OutboundCallRun) -> list[str]:
    attempts = DialAttempt.objects.for_business(run.business_id).live().filter(run=run)
    count = attempts.filter(state=AttemptState.HUMAN).count()
    if not count:
        return []
    text = ngettext(
        "%(count)s attempt waits for somebody to say what has become of it.",
        "%(count)s attempts wait for somebody to say what has become of them.",
        count,
    )
    return [text % {"count": count}]
