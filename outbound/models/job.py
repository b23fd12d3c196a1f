from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Self

from django.db import connection, models
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models import Lead
from outbound.models.run import OutboundCallRun
from tenants.ids import time_ordered
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class JobStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    DIALING = "dialing", _("dialling")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETED = "completed", _("completed")
    NO_ANSWER = "no_answer", _("no answer")
    BUSY = "busy", _("busy")
    VOICEMAIL = "voicemail", _("voicemail")
    FAILED = "failed", _("failed")
    REJECTED = "rejected", _("rejected")
    CANCELED = "canceled", _("canceled")
    UNKNOWN = "unknown", _("unknown")


# Somebody's telephone may be ringing.
UNDER_WAY = (JobStatus.DIALING, JobStatus.IN_PROGRESS, JobStatus.UNKNOWN)
OPEN = (JobStatus.QUEUED, *UNDER_WAY)
ENDED = tuple(status for status in JobStatus if status not in OPEN)


# The next so many of them, in the order in which they were due there, a microsecond apart. The key is
# as `time_ordered` makes it: its first half is the moment, the rest is random.
AGAIN: Final = """
WITH ended AS (
    SELECT
        job.due_at, job.id, lead.id AS lead_id, lead.phone_e164,
        row_number() OVER (ORDER BY job.due_at, job.id) AS place
    FROM outbound_call_jobs AS job
    JOIN calls_lead AS lead ON lead.id = job.lead_id
    WHERE job.business_id = %(business)s AND job.run_id = %(of)s AND job.status = ANY(%(statuses)s)
        AND (job.due_at, job.id) > (%(after_due)s::timestamptz, %(after_id)s::uuid)
    ORDER BY job.due_at, job.id
    LIMIT %(most)s
), made AS (
    INSERT INTO outbound_call_jobs (
        id, business_id, run_id, lead_id, phone_e164, status, due_at, attempts, outcomes, created_at
    )
    SELECT
        overlay(gen_random_uuid()::text PLACING %(moment)s FROM 1 FOR 15)::uuid,
        %(business)s, %(into)s, lead_id, phone_e164, 'queued', due, 0, '{}', due
    FROM (
        SELECT *, %(first)s + (%(done)s + place) * interval '1 microsecond' AS due FROM ended
    ) AS in_turn
    ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM made), due_at, id, place FROM ended ORDER BY place DESC LIMIT 1
"""
# Of one statement: so many are written well within the time that a statement may take.
AT_A_STATEMENT: Final = 5000


class OutboundCallJobQuerySet(BusinessOwnedQuerySet["OutboundCallJob"]):
    def of_run(self, run: OutboundCallRun) -> Self:
        return self.for_business(run.business_id).filter(run=run)

    def due(self, now: datetime) -> Self:
        return self.filter(status=JobStatus.QUEUED, due_at__lte=now)

    def open(self) -> Self:
        return self.filter(status__in=OPEN)

    def call_again(
        self,
        *,
        of: OutboundCallRun,
        statuses: Collection[str],
        into: OutboundCallRun,
        first_due_at: datetime,
    ) -> int:
        """A job in `into` for each lead of `of` whose job stands so, some thousands a statement.
        Returns how many were not in it yet.
        """
        values: dict[str, Any] = {
            "business": of.business_id,
            "of": of.pk,
            "into": into.pk,
            "first": first_due_at,
            "statuses": list(statuses),
            "most": AT_A_STATEMENT,
            "after_due": "-infinity",
            "after_id": uuid.UUID(int=0),
            "done": 0,
        }
        added = 0
        with connection.cursor() as cursor:
            while True:
                cursor.execute(AGAIN, values | {"moment": str(time_ordered())[:15]})
                row = cursor.fetchone()
                if row is None:
                    return added
                made, values["after_due"], values["after_id"], looked_at = row
                added += made
                values["done"] += looked_at

    def counts(self) -> Mapping[str, int]:
        """By status; what does not occur is left out."""
        rows = self.order_by().values_list("status").annotate(n=Count("pk"))
        return dict(rows)

    def counts_of(self, runs: Collection[OutboundCallRun]) -> Mapping[uuid.UUID, Mapping[str, int]]:
        """The same for each of several runs, by one query."""
        rows = self.filter(run__in=runs).order_by().values_list("run_id", "status")
        counts: dict[uuid.UUID, dict[str, int]] = {run.pk: {} for run in runs}
        for run_id, status, n in rows.annotate(n=Count("pk")):
            counts[run_id][status] = n
        return counts


class OutboundCallJob(BusinessOwned):
    """One lead in one run, and at the same time the queue: `due_at` is when to look at it next."""

    id = models.UUIDField(primary_key=True, default=time_ordered, editable=False)
    run = models.ForeignKey(
        OutboundCallRun, on_delete=models.PROTECT, related_name="jobs", verbose_name=_("run")
    )
    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, related_name="jobs", verbose_name=_("lead")
    )
    phone_e164 = models.CharField(_("telephone"), max_length=16)
    status = models.CharField(
        _("status"), max_length=16, choices=JobStatus, default=JobStatus.QUEUED
    )
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # How often which outcome came out: {"busy": 2}
    outcomes = models.JSONField(_("outcomes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects: ClassVar = OutboundCallJobQuerySet.as_manager()

    class Meta:
        db_table = "outbound_call_jobs"
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(fields=["business", "run", "lead"], name="job_lead_once"),
            models.UniqueConstraint(
                fields=["business", "run", "phone_e164"], name="job_phone_once"
            ),
            models.CheckConstraint(condition=Q(status__in=JobStatus.values), name="job_status"),
            models.CheckConstraint(
                condition=Q(status__in=ENDED, ended_at__isnull=False)
                | (~Q(status__in=ENDED) & Q(ended_at=None)),
                name="job_ended",
            ),
            models.CheckConstraint(
                condition=Q(phone_e164__regex=r"^\+[1-9][0-9]{3,14}$"), name="job_e164"
            ),
        ]
        indexes = [
            models.Index(
                fields=["business", "run", "due_at", "id"],
                condition=Q(status=JobStatus.QUEUED),
                name="job_due",
            ),
            # Counts by status, and the list of those who stand so, page by page.
            models.Index(fields=["business", "run", "status", "id"], name="job_by_status"),
            models.Index(fields=["business", "phone_e164"], name="job_by_phone"),
            models.Index(fields=["business", "run"], condition=Q(status__in=OPEN), name="job_open"),
        ]

    def __str__(self) -> str:
        return self.phone_e164

    @property
    def is_over(self) -> bool:
        return self.status in ENDED
