from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models.call import Call
from tenants.numbers import validate_e164
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class TransferTargetQuerySet(BusinessOwnedQuerySet["TransferTarget"]):
    def ready(self) -> Self:
        """Those that may be rung, in the order in which they are offered."""
        return self.filter(active=True).order_by("position", "name", "pk")


class TransferTarget(BusinessOwned):
    """A person or desk that callers of this business may be put through to, and nobody else."""

    name = models.CharField(_("name"), max_length=100)
    e164 = models.CharField(_("number"), max_length=16, validators=[validate_e164])
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    active = models.BooleanField(_("active"), default=True)

    objects: ClassVar = TransferTargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("person who takes over")
        verbose_name_plural = _("people who take over")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="transfertarget_name_once"),
            models.CheckConstraint(
                condition=Q(e164__regex=r"^\+[1-9][0-9]{3,14}$"), name="transfertarget_e164"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TransferStatus(models.TextChoices):
    REQUESTED = "requested", _("requested")
    DIALING = "dialing", _("ringing")
    CONNECTED = "connected", _("connected")
    COMPLETED = "completed", _("completed")
    BUSY = "busy", _("busy")
    NO_ANSWER = "no_answer", _("no answer")
    REFUSED = "refused", _("refused")
    FAILED = "failed", _("failed")
    CALLER_HANGUP = "caller_hangup", _("the caller hung up")


LIVE_TRANSFERS = (TransferStatus.REQUESTED, TransferStatus.DIALING, TransferStatus.CONNECTED)
# After these the caller is back with the agent.
FAILED_TRANSFERS = (
    TransferStatus.BUSY,
    TransferStatus.NO_ANSWER,
    TransferStatus.REFUSED,
    TransferStatus.FAILED,
)


class TransferQuerySet(BusinessOwnedQuerySet["Transfer"]):
    def live(self) -> Self:
        return self.filter(status__in=LIVE_TRANSFERS)

    def dialled(self) -> Self:
        return self.exclude(stream_number=None)

    def requested(self) -> Self:
        return self.filter(status=TransferStatus.REQUESTED)

    def after_stream(self, number: int) -> Self:
        """The one that the caller left this media stream for, whatever has become of it."""
        return self.filter(stream_number=number)

    def under_way(self) -> Self:
        """Somebody's telephone rings or is being talked on."""
        return self.live().dialled()

    def left_over(self, before: datetime) -> Self:
        """Live, although the carrier has long said that the caller's leg is gone."""
        return self.live().filter(call__carrier_final_at__lte=before)


class Transfer(BusinessOwned):
    """One attempt to put a caller through. At most one of a call is under way."""

    call = models.ForeignKey(
        Call, on_delete=models.PROTECT, related_name="transfers", verbose_name=_("call")
    )
    target = models.ForeignKey(
        TransferTarget,
        on_delete=models.PROTECT,
        related_name="transfers",
        verbose_name=_("to"),
    )
    e164 = models.CharField(_("number"), max_length=16)
    warm = models.BooleanField(_("announced"))
    ring_s = models.PositiveSmallIntegerField(_("rang for at most (s)"))
    summary = models.TextField(_("what it is about"), blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=TransferStatus, default=TransferStatus.REQUESTED
    )
    requested_at = models.DateTimeField(_("requested"), default=timezone.now, editable=False)
    stream_number = models.PositiveSmallIntegerField(
        _("after media stream"),
        null=True,
        blank=True,
        help_text=_("The media stream that it followed. Empty: not dialled."),
    )
    answered_at = models.DateTimeField(_("picked up"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects: ClassVar = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "call"],
                condition=Q(status__in=LIVE_TRANSFERS),
                name="transfer_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=TransferStatus.values), name="transfer_status"
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE_TRANSFERS, ended_at=None)
                | ~Q(status__in=LIVE_TRANSFERS) & Q(ended_at__isnull=False),
                name="transfer_ended",
            ),
        ]
        indexes = [models.Index(fields=["business", "call"], name="transfer_of_call")]

    def __str__(self) -> str:
        return f"{self.target} ({self.get_status_display()})"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_TRANSFERS

    def dial(self, stream_number: int) -> bool:
        """The caller has left this stream, and the carrier is told to ring. True once."""
        dialling = {"status": TransferStatus.DIALING, "stream_number": stream_number}
        return self._mine().requested().update(**dialling) == 1

    def pick_up(self, now: datetime) -> bool:
        """Whoever was dialled is on the telephone, alone so far. False when it is over."""
        return self._mine().under_way().update(answered_at=_first("answered_at", now)) == 1

    def accept(self, now: datetime) -> bool:
        """False when it is over: the caller did not wait, or it was refused before."""
        connected = {
            "status": TransferStatus.CONNECTED,
            "answered_at": _first("answered_at", now),
            "accepted_at": _first("accepted_at", now),
        }
        return self._mine().under_way().update(**connected) == 1

    def move(self, status: TransferStatus, **changes: Any) -> bool:
        """To another status, once: an ended transfer stays as it ended. True if the row changed."""
        return self._mine().live().update(status=status, **changes) == 1

    def _mine(self) -> TransferQuerySet:
        mine: TransferQuerySet = Transfer.objects.for_business(self.business_id).filter(pk=self.pk)
        return mine


def _first(field: str, now: datetime) -> Coalesce:
    """Two deliveries of one webhook note the moment of the first."""
    return Coalesce(field, Value(now))
