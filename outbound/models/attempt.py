from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models import Call
from outbound.models.job import OutboundCallJob
from outbound.models.run import OutboundCallRun
from tenants.ids import time_ordered
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class AttemptState(models.TextChoices):
    QUEUED = "queued", _("not sent")
    POSTING = "posting", _("being sent")
    UNKNOWN = "unknown", _("unknown")
    HUMAN = "human", _("waits for a person's decision")
    PLACED = "placed", _("placed")
    FINAL = "final", _("over")
    REJECTED = "rejected", _("rejected by the carrier")


# The telephone rings, or may ring, or somebody talks on it.
LIVE_ATTEMPTS = (
    AttemptState.POSTING,
    AttemptState.UNKNOWN,
    AttemptState.HUMAN,
    AttemptState.PLACED,
)


class DialAttemptQuerySet(BusinessOwnedQuerySet["DialAttempt"]):
    def live(self) -> Self:
        return self.filter(state__in=LIVE_ATTEMPTS)

    def posting(self) -> Self:
        return self.filter(state=AttemptState.POSTING)

    def placed(self) -> Self:
        return self.filter(state=AttemptState.PLACED)

    def unknown(self) -> Self:
        return self.filter(state=AttemptState.UNKNOWN)


class DialAttempt(BusinessOwned):
    """One possible ring of one telephone: written before the carrier is asked, and the proof that
    it is asked once. Of all businesses of one account, at most one rings a number at a time.
    """

    id = models.UUIDField(primary_key=True, default=time_ordered, editable=False)
    run = models.ForeignKey(
        OutboundCallRun, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("run")
    )
    job = models.ForeignKey(
        OutboundCallJob,
        on_delete=models.PROTECT,
        related_name="dial_attempts",
        verbose_name=_("job"),
    )
    number = models.PositiveSmallIntegerField(_("attempt"))
    account_sid = models.CharField(_("account SID"), max_length=64)
    to_e164 = models.CharField(_("to"), max_length=16)
    from_e164 = models.CharField(_("from"), max_length=16)
    state = models.CharField(_("state"), max_length=16, choices=AttemptState)
    owner = models.BigIntegerField(_("dialler"))
    fence = models.BigIntegerField(_("fence"), default=1)
    posted_at = models.DateTimeField(_("intended"))
    unknown_at = models.DateTimeField(_("unknown since"), null=True, blank=True)
    looks = models.PositiveSmallIntegerField(_("looked up"), default=0)
    look_at = models.DateTimeField(_("looked up next"), null=True, blank=True)
    absent_at = models.DateTimeField(_("first not found"), null=True, blank=True)
    call_sid = models.CharField(_("call SID"), max_length=64, null=True, blank=True)  # noqa: DJ001 - unknown until the carrier names it
    call = models.OneToOneField(
        Call,
        on_delete=models.PROTECT,
        related_name="dial_attempt",
        null=True,
        blank=True,
        verbose_name=_("call"),
    )
    outcome = models.CharField(_("outcome"), max_length=16, blank=True)
    error_code = models.PositiveIntegerField(_("carrier's code"), null=True, blank=True)
    detail = models.TextField(_("in one sentence"), blank=True)
    refusals = models.PositiveSmallIntegerField(_("not taken by the carrier"), default=0)
    queued_ms = models.PositiveIntegerField(_("queued at the carrier (ms)"), default=0)
    reserved_s = models.PositiveIntegerField(_("seconds reserved"), default=0)
    used_s = models.PositiveIntegerField(_("seconds used"), default=0)
    usage_day = models.DateField(_("counted on"))
    cancel_asked_at = models.DateTimeField(_("told to stop"), null=True, blank=True)
    suspect = models.CharField(
        _("second call"),
        max_length=64,
        blank=True,
        help_text=_("A call that turned up for an attempt that had one already. It was ended."),
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects: ClassVar = DialAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("dial attempt")
        verbose_name_plural = _("dial attempts")
        constraints = [
            models.UniqueConstraint(fields=["business", "job", "number"], name="attempt_once"),
            models.UniqueConstraint(
                fields=["account_sid", "to_e164"],
                condition=Q(state__in=LIVE_ATTEMPTS),
                name="attempt_one_live_ring",
            ),
            models.UniqueConstraint(fields=["business", "call_sid"], name="attempt_sid_once"),
            models.CheckConstraint(
                condition=Q(state__in=AttemptState.values), name="attempt_state"
            ),
            models.CheckConstraint(
                condition=~Q(state=AttemptState.PLACED) | Q(call_sid__isnull=False),
                name="attempt_placed_has_sid",
            ),
        ]
        indexes = [
            models.Index(
                fields=["business", "run"],
                condition=Q(state__in=LIVE_ATTEMPTS),
                name="attempt_live",
            ),
            models.Index(
                fields=["owner"], condition=Q(state=AttemptState.POSTING), name="attempt_posting"
            ),
            models.Index(
                fields=["look_at"], condition=Q(state=AttemptState.UNKNOWN), name="attempt_look"
            ),
            models.Index(
                fields=["posted_at"], condition=Q(state=AttemptState.PLACED), name="attempt_placed"
            ),
            models.Index(fields=["business", "to_e164", "posted_at"], name="attempt_by_number"),
            models.Index(fields=["business", "posted_at"], name="attempt_by_time"),
            models.Index(fields=["business", "run", "ended_at"], name="attempt_ends"),
        ]

    def __str__(self) -> str:
        # Between isolates: a page from right to left would show 2 +97250… as one number.
        return f"\u2066{self.to_e164}\u2069 · {self.number}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_ATTEMPTS

    @property
    def since(self) -> datetime:
        return self.unknown_at or self.posted_at
