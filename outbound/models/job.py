from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
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


class OutboundCallJobQuerySet(BusinessOwnedQuerySet["OutboundCallJob"]):
    def of_run(self, run: OutboundCallRun) -> Self:
        return self.for_business(run.business_id).filter(run=run)

    def due(self, now: datetime) -> Self:
        return self.filter(status=JobStatus.QUEUED, due_at__lte=now)

    def open(self) -> Self:
        return self.filter(status__in=OPEN)

    def call_off(self, run: OutboundCallRun, *, now: datetime, most: int) -> int:
        """Of those who still wait in the run, the next so many. Returns how many there were."""
        waiting = self.of_run(run).filter(status=JobStatus.QUEUED)
        some = waiting.order_by("due_at", "id").first_keys(most)
        return self.filter(pk__in=some).update(status=JobStatus.CANCELED, ended_at=now)

    def first_keys(self, most: int) -> list[uuid.UUID]:
        """Of the first so many, to name them by in the next statement. As a subquery PostgreSQL, whose
        statistics know nothing yet of what was added a moment ago, has compared each job with each.
        """
        return list(self.values_list("pk", flat=True)[:most])

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
