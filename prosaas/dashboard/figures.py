"""How the business's calls went, today and in the last seven days."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Aggregate, Count, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from calls.models import TERMINAL, Appointment, Call, EndReason, ToolCall
from calls.tool_names import BuiltIn
from outbound.models import OPEN, OutboundCallJob, OutboundCallRun
from prompts.models import Direction
from tenants.models import Business

DAYS: Final = 7
RUNS_SHOWN: Final = 3
CALLS_SHOWN: Final = 6
# What somebody has to do something about.
TROUBLE: Final = (
    EndReason.MODEL_LOST,
    EndReason.MODEL_UNAVAILABLE,
    EndReason.ERROR,
    EndReason.REJECTED_NO_PROMPT,
    EndReason.REJECTED_NO_CREDENTIALS,
    EndReason.REJECTED_KEY_REFUSED,
    EndReason.REJECTED_BINDING,
)


INBOUND: Final = Q(direction=Direction.INBOUND)
ANSWERED: Final = Q(answered_at__isnull=False)


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(slots=True)
class Tally:
    answered: int = 0
    missed: int = 0
    placed: int = 0
    seconds: int = 0
    leads: int = 0
    appointments: int = 0
    first_sound_ms: float | None = None

    @property
    def minutes(self) -> int:
        """Begun ones, as telephone companies count."""
        return -(-self.seconds // 60)

    @property
    def first_sound_s(self) -> str | None:
        """Half of the callers waited no longer."""
        return None if self.first_sound_ms is None else f"{self.first_sound_ms / 1000:.1f}"


@dataclass(slots=True)
class Day(Tally):
    day: date = date.min


@dataclass(frozen=True, slots=True)
class Progress:
    run_id: uuid.UUID
    name: str
    done: int
    total: int

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Overview:
    today: Tally
    week: Tally
    days: Sequence[Day]  # the oldest first, those without a call too
    runs: Sequence[Progress]
    recent: Sequence[Call]
    troubles: int

    @property
    def is_quiet(self) -> bool:
        return not any(day.answered or day.missed or day.placed for day in self.days)


def overview(business: Business, now: datetime) -> Overview:
    """Days are those of the time zone that is current."""
    last = timezone.localdate(now)
    since = timezone.make_aware(datetime.combine(last - timedelta(days=DAYS - 1), time.min))
    midnight = timezone.make_aware(datetime.combine(last, time.min))
    days = _days(business, since, last)
    today, week = days[-1], _sum(days)
    troubles = _add_medians(business, since, midnight, now, today, week)
    _add_leads(business, since, midnight, today, week)
    _add_appointments(business, since, midnight, today, week)
    return Overview(today, week, days, _runs(business), _recent(business), troubles)


def troubles_of(business: Business, now: datetime) -> int:
    """Calls of the last day that went wrong."""
    return _begun(business, now - timedelta(days=1)).filter(end_reason__in=TROUBLE).count()


def _begun(business: Business, since: datetime) -> QuerySet[Call]:
    return Call.objects.for_business(business).on_the_telephone().filter(created_at__gte=since)


def _days(business: Business, since: datetime, last: date) -> list[Day]:
    counted = (
        _begun(business, since)
        .annotate(day=TruncDate("created_at"))
        .order_by()
        .values("day")
        .annotate(
            answered=Count("pk", filter=INBOUND & ANSWERED),
            missed=Count("pk", filter=INBOUND & ~ANSWERED & Q(status__in=TERMINAL)),
            placed=Count("pk", filter=~INBOUND),
            seconds=Coalesce(Sum("duration_s"), 0),
        )
    )
    found = {row["day"]: Day(**row) for row in counted}
    days = (last - timedelta(days=back) for back in reversed(range(DAYS)))
    return [found.get(day) or Day(day=day) for day in days]


def _sum(days: Sequence[Day]) -> Tally:
    return Tally(
        answered=sum(day.answered for day in days),
        missed=sum(day.missed for day in days),
        placed=sum(day.placed for day in days),
        seconds=sum(day.seconds for day in days),
    )


def _add_medians(
    business: Business,
    since: datetime,
    midnight: datetime,
    now: datetime,
    today: Tally,
    week: Tally,
) -> int:
    """Returns what `troubles_of` does, out of the same reading of the same rows."""
    answered = INBOUND & ANSWERED
    a_day_ago = now - timedelta(days=1)
    found = _begun(business, since).aggregate(
        today=Median("greeting_latency_ms", filter=answered & Q(created_at__gte=midnight)),
        week=Median("greeting_latency_ms", filter=answered),
        troubles=Count("pk", filter=Q(end_reason__in=TROUBLE, created_at__gte=a_day_ago)),
    )
    today.first_sound_ms, week.first_sound_ms = found["today"], found["week"]
    return int(found["troubles"])


def _add_leads(
    business: Business, since: datetime, midnight: datetime, today: Tally, week: Tally
) -> None:
    """Calls in which the agent wrote down who called. That a number is known is no merit of its."""
    saved = ToolCall.objects.for_business(business).succeeded()
    # In a test nothing is written down. Tests are few, and no call lasts a day.
    a_day = timedelta(days=1)
    tests = Call.objects.for_business(business).tests().filter(created_at__gte=since - a_day)
    saved = saved.exclude(call__in=tests.values("pk"))
    found = saved.filter(name=BuiltIn.SAVE_LEAD_DETAILS, created_at__gte=since).aggregate(
        today=Count("call", distinct=True, filter=Q(created_at__gte=midnight)),
        week=Count("call", distinct=True),
    )
    today.leads, week.leads = found["today"], found["week"]


def _add_appointments(
    business: Business, since: datetime, midnight: datetime, today: Tally, week: Tally
) -> None:
    booked = Appointment.objects.for_business(business).booked()
    found = booked.filter(created_at__gte=since).aggregate(
        today=Count("pk", filter=Q(created_at__gte=midnight)), week=Count("pk")
    )
    today.appointments, week.appointments = found["today"], found["week"]


def _runs(business: Business) -> list[Progress]:
    """One query, whatever the number of runs and jobs."""
    running = OutboundCallRun.objects.for_business(business).running()
    latest = running.order_by("-started_at", "pk").values("pk")[:RUNS_SHOWN]
    jobs = OutboundCallJob.objects.for_business(business).filter(run__in=latest)
    counted = (
        jobs.order_by()
        .values("run_id", "run__name")
        .annotate(total=Count("pk"), left=Count("pk", filter=Q(status__in=OPEN)))
    )
    return [
        Progress(row["run_id"], row["run__name"], row["total"] - row["left"], row["total"])
        for row in counted.order_by("run__name", "run_id")
    ]


def _recent(business: Business) -> list[Call]:
    calls = Call.objects.for_business(business).on_the_telephone().select_related("lead")
    return list(calls.order_by("-created_at", "-pk")[:CALLS_SHOWN])
