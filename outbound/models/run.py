from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from calls.models import MachinePolicy
from outbound.models.filling import Change, read_change
from outbound.retries import RetriesInvalid, RetryPolicy, default_retries, parse_retries
from outbound.windows import ScheduleInvalid, parse_schedule
from prompts.models import PromptVersion
from tenants.models import PhoneNumber, User
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class RunStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    SCHEDULED = "scheduled", _("scheduled")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    COMPLETED = "completed", pgettext_lazy("run", "completed")
    CANCELED = "canceled", pgettext_lazy("run", "canceled")


OVER = (RunStatus.COMPLETED, RunStatus.CANCELED)
# What may be edited, and what may be started.
AT_REST = (RunStatus.DRAFT, RunStatus.SCHEDULED, RunStatus.PAUSED)


class PauseReason(models.TextChoices):
    OWNER = "owner", _("the business paused it")
    FAILURES = "failures", _("too many calls fail")
    ACCOUNT = "account", _("the carrier refuses the account")
    VELOCITY = "velocity", _("unusual numbers are dialled")
    SETTINGS = "settings", _("its settings cannot be read")
    RESTORED = "restored", _("a backup was restored")


class OutboundCallRunQuerySet(BusinessOwnedQuerySet["OutboundCallRun"]):
    def running(self) -> Self:
        return self.filter(status=RunStatus.RUNNING)

    def due_to_start(self, now: datetime) -> Self:
        return self.filter(status=RunStatus.SCHEDULED, starts_at__lte=now)

    def canceled_since(self, moment: datetime) -> Self:
        return self.filter(status=RunStatus.CANCELED, ended_at__gte=moment)

    def filling_up(self) -> Self:
        return self.filter(filling__isnull=False)


class OutboundCallRun(BusinessOwned):
    """Whom to call, with what words, when and how often. How far it is, its jobs tell."""

    name = models.CharField(_("name"), max_length=200)
    status = models.CharField(
        _("status"), max_length=16, choices=RunStatus, default=RunStatus.DRAFT
    )
    version = models.ForeignKey(
        PromptVersion, on_delete=models.PROTECT, related_name="+", verbose_name=_("prompt version")
    )
    number = models.ForeignKey(
        PhoneNumber, on_delete=models.PROTECT, related_name="+", verbose_name=_("caller number")
    )
    schedule = models.JSONField(
        _("calling window"),
        default=dict,
        blank=True,
        help_text=_("Empty: whenever the business may call. Otherwise only when both allow it."),
    )
    starts_at = models.DateTimeField(_("starts by itself"), null=True, blank=True)
    concurrency = models.PositiveSmallIntegerField(
        _("calls at a time"), default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    retries = models.JSONField(_("calling again"), default=default_retries, blank=True)
    machine_policy = models.CharField(
        _("at an answering machine"),
        max_length=16,
        choices=MachinePolicy,
        default=MachinePolicy.HANG_UP,
    )
    machine_message = models.TextField(_("message after the beep"), blank=True, max_length=1000)
    message_on_last_only = models.BooleanField(
        _("leave the message at the last attempt only"), default=True
    )
    require_consent = models.BooleanField(
        _("only who has agreed to be called"),
        default=False,
        help_text=_("A consent is good for a year."),
    )
    ring_s = models.PositiveSmallIntegerField(
        _("ring (s)"), default=25, validators=[MinValueValidator(5), MaxValueValidator(60)]
    )
    pause_reason = models.CharField(_("why paused"), max_length=16, choices=PauseReason, blank=True)
    pause_detail = models.TextField(_("in one sentence"), blank=True)
    again_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("calls again those of"),
    )
    # Who is still to be put into it (`Filling`); while somebody is, it does not start.
    filling = models.JSONField(
        _("leads on their way into it"), null=True, blank=True, editable=False
    )
    # The failures before this do not count against it: somebody has looked into them.
    judged_since = models.DateTimeField(_("failures counted since"), null=True, blank=True)
    created_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("made by"),
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects: ClassVar = OutboundCallRunQuerySet.as_manager()

    class Meta:
        db_table = "outbound_call_runs"
        verbose_name = _("outbound run")
        verbose_name_plural = _("outbound runs")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RunStatus.values), name="run_status"),
            models.CheckConstraint(
                condition=Q(pause_reason__in=["", *PauseReason.values])
                & (~Q(status=RunStatus.PAUSED) | ~Q(pause_reason="")),
                name="run_pause_reason",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OVER, ended_at__isnull=False)
                | (~Q(status__in=OVER) & Q(ended_at=None)),
                name="run_ended",
            ),
            models.CheckConstraint(
                condition=~Q(status=RunStatus.SCHEDULED) | Q(starts_at__isnull=False),
                name="run_scheduled_for",
            ),
            models.CheckConstraint(
                condition=Q(machine_policy__in=MachinePolicy.values), name="run_machine_policy"
            ),
            models.CheckConstraint(condition=Q(concurrency__gte=1), name="run_concurrency"),
            models.CheckConstraint(
                condition=Q(filling__isnull=True) | Q(status__in=AT_REST), name="run_filled_at_rest"
            ),
        ]
        indexes = [
            models.Index(fields=["business", "-created_at"], name="run_list"),
            models.Index(
                fields=["status", "starts_at"],
                condition=Q(status__in=[RunStatus.RUNNING, RunStatus.SCHEDULED]),
                name="run_at_work",
            ),
            models.Index(
                fields=["created_at"], condition=Q(filling__isnull=False), name="run_filling_up"
            ),
            models.Index(
                fields=["ended_at"], condition=Q(status=RunStatus.CANCELED), name="run_canceled"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def retry_policy(self) -> RetryPolicy:
        """Of what nobody can read: nobody is called again. Whoever asks pauses the run."""
        try:
            return parse_retries(self.retries)
        except RetriesInvalid:
            return RetryPolicy({})

    @property
    def is_broken(self) -> bool:
        """Somebody has stored, past the forms, what cannot be read."""
        try:
            self._read_settings()
        except (RetriesInvalid, ScheduleInvalid):
            return True
        return False

    def _read_settings(self) -> None:
        parse_retries(self.retries)
        if self.schedule:
            parse_schedule(self.schedule)

    def clean(self) -> None:
        try:
            self._read_settings()
        except RetriesInvalid as error:
            raise ValidationError({"retries": str(error)}) from error
        except ScheduleInvalid as error:
            raise ValidationError({"schedule": str(error)}) from error
        if self.machine_policy == MachinePolicy.LEAVE_MESSAGE and not self.machine_message.strip():
            raise ValidationError({"machine_message": _("Say what is to be left as a message.")})
        if self.status == RunStatus.SCHEDULED and self.starts_at is None:
            raise ValidationError(
                {"starts_at": _("Pause the run if it is not to start by itself.")}
            )

    @property
    def change(self) -> Change | None:
        """Of its leads, as long as it is under way."""
        return read_change(self.filling) if self.filling else None

    def move(
        self,
        *,
        from_: tuple[RunStatus, ...],
        to: RunStatus,
        only_if: Q | None = None,
        **changes: Any,
    ) -> bool:
        """True for the one who moved it; the row here follows."""
        mine = OutboundCallRun.objects.for_business(self.business_id).filter(
            only_if or Q(), pk=self.pk
        )
        moved: bool = mine.filter(status__in=from_).update(status=to, **changes) == 1
        if moved:
            self.refresh_from_db()
        return moved

    def start(self, now: datetime) -> bool:
        return self.move(
            from_=AT_REST,
            to=RunStatus.RUNNING,
            only_if=Q(filling__isnull=True),
            started_at=models.functions.Coalesce("started_at", models.Value(now)),
            pause_reason="",
            pause_detail="",
            judged_since=now,
        )

    def pause(self, *, reason: PauseReason, detail: str, now: datetime) -> bool:
        return self.move(
            from_=(RunStatus.RUNNING, RunStatus.SCHEDULED),
            to=RunStatus.PAUSED,
            pause_reason=reason,
            pause_detail=detail,
            paused_at=now,
        )

    def cancel(self, now: datetime) -> bool:
        """Whoever was on the way into it is not put in any more."""
        from_ = (*AT_REST, RunStatus.RUNNING)
        return self.move(from_=from_, to=RunStatus.CANCELED, ended_at=now, filling=None)

    def complete(self, now: datetime) -> bool:
        return self.move(from_=(RunStatus.RUNNING,), to=RunStatus.COMPLETED, ended_at=now)
