from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from outbound.models.job import OutboundCallJob
from outbound.models.run import OutboundCallRun
from tenants.ids import time_ordered
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class Gate(models.TextChoices):
    """In the order in which they are asked. The first that refuses decides."""

    RUN = "run", _("the run")
    BUSINESS = "business", _("the business")
    ACCOUNT = "account", _("the carrier's account")
    MODEL_KEY = "model_key", _("the key for the model")
    PACE = "pace", _("pace")
    INSTALLATION_LINES = "installation_lines", _("lines of the installation")
    BUSINESS_LINES = "business_lines", _("lines of the business")
    RUN_LINES = "run_lines", _("lines of the run")
    CALLS_A_DAY = "calls_a_day", _("calls a day")
    MINUTES_A_DAY = "minutes_a_day", _("minutes a day")
    VELOCITY = "velocity", _("velocity alarm")
    DESTINATION = "destination", _("destination")
    DO_NOT_CALL = "do_not_call", _("do-not-call list")
    CONSENT = "consent", _("consent")
    WINDOW = "window", _("calling window")
    FREQUENCY = "frequency", _("how often somebody is called")
    LINE_BUSY = "line_busy", _("already on the line")
    PASSED = "passed", _("all gates passed")


class DialVerdictQuerySet(BusinessOwnedQuerySet["DialVerdict"]):
    def of_job(self, job: OutboundCallJob) -> Self:
        return self.for_business(job.business_id).filter(job=job).order_by("-last_at", "-first_at")

    def of_run(self, run: OutboundCallRun) -> Self:
        """What keeps the whole run from dialling, as opposed to one job of it."""
        return self.for_business(run.business_id).filter(run=run, job=None).order_by("-last_at")


class DialVerdict(BusinessOwned):
    """Why somebody was called, or was not, and when next. The same verdict again is counted."""

    id = models.UUIDField(primary_key=True, default=time_ordered, editable=False)
    run = models.ForeignKey(
        OutboundCallRun, on_delete=models.PROTECT, related_name="verdicts", verbose_name=_("run")
    )
    job = models.ForeignKey(
        OutboundCallJob,
        on_delete=models.PROTECT,
        related_name="verdicts",
        null=True,
        blank=True,
        verbose_name=_("job"),
    )
    gate = models.CharField(_("gate"), max_length=24, choices=Gate)
    reason = models.CharField(_("reason"), max_length=48)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    next_at = models.DateTimeField(_("looked at next"), null=True, blank=True)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    times = models.PositiveIntegerField(_("times"), default=1)

    objects: ClassVar = DialVerdictQuerySet.as_manager()

    class Meta:
        verbose_name = _("verdict")
        verbose_name_plural = _("verdicts")
        constraints = [
            models.CheckConstraint(condition=Q(gate__in=Gate.values), name="verdict_gate"),
        ]
        indexes = [
            models.Index(fields=["business", "job", "-last_at"], name="verdict_of_job"),
            models.Index(
                fields=["business", "run", "-last_at"],
                condition=Q(job=None),
                name="verdict_of_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gate} {self.reason}"

    @property
    def allows(self) -> bool:
        return self.gate == Gate.PASSED
