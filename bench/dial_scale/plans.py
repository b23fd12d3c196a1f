"""How PostgreSQL finds what the dialler asks for, with a million jobs in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from outbound.models import OPEN, CarrierAccount, DialAttempt, OutboundCallJob, OutboundCallRun
from outbound.queue import waiting_runs
from tenants.scoping import PlatformReason, business_scope, platform_scope

# Walked through from end to end, these would make every dial as dear as the list is long.
LONG_TABLES: Final = (OutboundCallJob._meta.db_table, DialAttempt._meta.db_table)


@dataclass(frozen=True, slots=True)
class Plan:
    name: str
    text: str
    is_of_a_dial: bool = True

    @property
    def walks_through(self) -> list[str]:
        """Figures on a page may: to count most of a table there is no quicker way."""
        if not self.is_of_a_dial:
            return []
        return [table for table in LONG_TABLES if f"Seq Scan on {table}" in self.text]


def plans(run: OutboundCallRun) -> Iterator[Plan]:
    """Of the queries in every step of a dialler, and of the figures on the page of a run."""
    with platform_scope(PlatformReason.DIAL):
        yield _plan("the runs that wait, and when the first job of each is due", _candidates())
        live = DialAttempt.objects.live()
        yield _plan("calls of the whole installation", live)
        account = live.filter(account_sid=_account_sid())
        yield _plan("calls of the account", account)
        busy = account.filter(to_e164__in=["+972500000001", "+972500000002"])
        yield _plan("who of them is on the line", busy)
        yield _plan("the runs that have nobody left", _completed())
    with business_scope(run.business_id):
        jobs = OutboundCallJob.objects.of_run(run)
        due = jobs.due(timezone.now()).order_by("due_at", "id")
        locked = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
        yield _plan("the jobs that are due", locked[:16])
        yield _plan(
            "calls of the run",
            DialAttempt.objects.for_business(run.business_id).live().filter(run=run),
        )
        counts = _plan("how many jobs there are of each status", _counts(jobs))
        yield replace(counts, is_of_a_dial=False)


def _candidates() -> QuerySet[Any, Any]:
    return waiting_runs().values_list("pk", "business_id", "its_weight", "due_at")


def _completed() -> QuerySet[Any, Any]:
    left = OutboundCallJob.objects.filter(
        business=OuterRef("business"), run=OuterRef("pk"), status__in=OPEN
    )
    done: QuerySet[Any, Any] = OutboundCallRun.objects.running().filter(~Exists(left))
    return done.values_list("pk", "business_id")


def _counts(jobs: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    counted: QuerySet[Any, Any] = jobs.order_by().values_list("status").annotate(n=Count("pk"))
    return counted


def _account_sid() -> str:
    return CarrierAccount.objects.values_list("account_sid", flat=True)[0]


def _plan(name: str, query: QuerySet[Any, Any]) -> Plan:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
    return Plan(name, query.explain(analyze=True, buffers=True))
