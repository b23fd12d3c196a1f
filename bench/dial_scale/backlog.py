"""A long queue: businesses with runs, jobs that are due by the thousand or by the million, and those
that were called before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from bench.dial.world import ALWAYS
from calls.models import AgentSettings, Lead
from outbound.actions import create_run
from outbound.models import (
    CarrierAccount,
    DialAttempt,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    OutboundSettings,
    RunStatus,
)
from prompts.actions import publish, save_draft
from prompts.models import Direction
from tenants.actions import claim_number, create_business
from tenants.models import Business
from tenants.scoping import PlatformReason, business_scope, platform_scope

BUSINESSES: Final = 5
RUNS_EACH: Final = 2
# Of the jobs, so many belong to one run: the others share the rest.
IN_THE_BIG_RUN: Final = 0.6
NO_LIMIT: Final = 10_000

LEADS: Final = f"""
    INSERT INTO {Lead._meta.db_table}
        (id, business_id, phone_e164, name, gender, status, facts, consent_source, created_at)
    SELECT gen_random_uuid(), %(business)s, '+972' || (500000000 + n), '', '', 'new', '{{}}', '',
        now()
    FROM generate_series(%(first)s::bigint, %(last)s) n
"""  # noqa: S608 - made of table names
JOBS: Final = f"""
    INSERT INTO {OutboundCallJob._meta.db_table}
        (id, business_id, run_id, lead_id, phone_e164, status, due_at, attempts, outcomes,
         created_at, ended_at)
    SELECT uuidv7(), business_id, %(run)s, id, phone_e164, %(status)s,
           now() - interval '1 hour'
               + (substr(phone_e164, 5)::bigint - 500000000) * interval '1 microsecond', 0, '{{}}', now(),
           CASE WHEN %(status)s = 'queued' THEN NULL ELSE now() END
    FROM {Lead._meta.db_table} WHERE business_id = %(business)s
        AND phone_e164 >= '+972' || (500000000 + %(first)s::bigint)
        AND phone_e164 <= '+972' || (500000000 + %(last)s::bigint)
    ORDER BY phone_e164
"""  # noqa: S608
ATTEMPTS: Final = f"""
    INSERT INTO {DialAttempt._meta.db_table}
        (id, business_id, run_id, job_id, number, account_sid, to_e164, from_e164, state, owner,
         fence, posted_at, looks, outcome, detail, refusals, queued_ms, reserved_s, used_s,
         usage_day, suspect, created_at, ended_at)
    SELECT uuidv7(), business_id, run_id, id, 1, %(account)s, phone_e164, '+97235550000',
           'final', 1, 1, now() - interval '1 day' - random() * interval '1 day', 0, 'completed',
           '', 0, 0, 65, 30, current_date - 1, '', now(), now() - interval '1 day'
    FROM {OutboundCallJob._meta.db_table} WHERE run_id = %(run)s AND status = 'completed'
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Backlog:
    queued: int
    called_before: int

    def fill(self, *, account_sid: str, now: datetime) -> None:
        with platform_scope(PlatformReason.DIAL):
            waiting = OutboundCallJob.objects.filter(status=JobStatus.QUEUED).count()
            ever = OutboundCallJob.objects.count()
        if ever:
            with platform_scope(PlatformReason.DIAL), connection.cursor() as cursor:
                _fill(cursor, big_run(), ever, self.queued - waiting, JobStatus.QUEUED)
        else:
            self._make(account_sid=account_sid, now=now)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("VACUUM ANALYZE")

    def _make(self, *, account_sid: str, now: datetime) -> None:
        CarrierAccount.objects.create(account_sid=account_sid, calls_per_second=0)
        runs = [run for place in range(BUSINESSES) for run in _runs(place, now)]
        in_big = int(self.queued * IN_THE_BIG_RUN)
        each = (self.queued - in_big) // (len(runs) - 1)
        first = 0
        with platform_scope(PlatformReason.DIAL), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            for run in runs:
                count = in_big if run is runs[0] else each
                first = _fill(cursor, run, first, count, "queued")
            if self.called_before:
                _fill(cursor, runs[0], first, self.called_before, "completed")
                cursor.execute(ATTEMPTS, {"account": account_sid, "run": runs[0].pk})
            OutboundCallRun.objects.update(
                status=RunStatus.RUNNING, started_at=now, concurrency=NO_LIMIT
            )


def big_run() -> OutboundCallRun:
    with platform_scope(PlatformReason.DIAL):
        return OutboundCallRun.objects.get(name="run 0", business__slug="business-0")


def _fill(cursor: Any, run: OutboundCallRun, first: int, count: int, status: str) -> int:
    """Returns the first number that is free behind them."""
    which = {
        "business": run.business_id,
        "run": run.pk,
        "first": first,
        "last": first + count - 1,
        "status": status,
    }
    cursor.execute(LEADS, which)
    cursor.execute(JOBS, which)
    return first + count


def _runs(place: int, now: datetime) -> list[OutboundCallRun]:
    business = _business(place, now)
    number = claim_number(business=business, e164=f"+9723555{place:04d}", by=None, now=now)
    version = save_draft(
        business=business, direction=Direction.OUTBOUND, text="Sell roses.", by=None, now=now
    )
    publish(version=version, by=None, now=now)
    return [
        create_run(
            business=business,
            name=f"run {count}",
            version=version,
            number=number,
            by=None,
            now=now,
            ring_s=5,
        )
        for count in range(RUNS_EACH)
    ]


def _business(place: int, now: datetime) -> Business:
    business = create_business(
        slug=f"business-{place}",
        name=f"Business {place}",
        language="en",
        timezone="Asia/Jerusalem",
        by=None,
        now=now,
    )
    with business_scope(business):
        OutboundSettings.objects.create(
            business=business,
            schedule=ALWAYS,
            observe_shabbat=False,
            verified_at=now,
            concurrency=NO_LIMIT,
            calls_a_day=10**7,
            minutes_a_day=10**8,
            countries=["IL"],
        )
        AgentSettings.objects.create(business=business, max_call_s=60)
    return business
