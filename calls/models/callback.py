from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.models.call import Call
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class CallbackSource(models.TextChoices):
    CALL_STATUS = "call_status", _("call status")
    STREAM_STATUS = "stream_status", _("stream status")
    RECORDING_STATUS = "recording_status", _("recording status")


class CallbackEventQuerySet(BusinessOwnedQuerySet["CallbackEvent"]):
    def quarantined(self) -> Self:
        """Genuine callbacks about calls that nobody here knows. They stay unattached."""
        return self.filter(call=None)


class CallbackEvent(BusinessOwned):
    """What the carrier told us, word for word. Append-only."""

    call = models.ForeignKey(
        Call,
        on_delete=models.PROTECT,
        related_name="callback_events",
        null=True,
        blank=True,
        verbose_name=_("call"),
    )
    source = models.CharField(_("source"), max_length=16, choices=CallbackSource)
    call_sid = models.CharField(_("call SID"), max_length=64)
    sequence = models.PositiveIntegerField(_("sequence number"), null=True, blank=True)
    idempotency_token = models.CharField(_("idempotency token"), max_length=128, blank=True)
    payload = models.JSONField(_("fields"))
    received_at = models.DateTimeField(_("received"))

    objects: ClassVar = CallbackEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "call_sid", "source", "sequence"],
                condition=models.Q(sequence__isnull=False),
                name="callback_sequence_once",
            ),
            models.UniqueConstraint(
                fields=["business", "source", "idempotency_token"],
                condition=~models.Q(idempotency_token=""),
                name="callback_token_once",
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=CallbackSource.values),
                name="callback_source",
            ),
        ]
        indexes = [models.Index(fields=["business", "call", "received_at"], name="callback_order")]

    def __str__(self) -> str:
        return f"{self.get_source_display()} {self.event}"

    @property
    def event(self) -> str:
        names = ("CallStatus", "StreamEvent", "RecordingStatus")
        return next((str(self.payload[name]) for name in names if self.payload.get(name)), "")

    def store_once(self) -> bool:
        """False when this very delivery is known already, also from a writer not yet committed."""
        type(self).objects.bulk_create([self], ignore_conflicts=True)
        return type(self).objects.for_business(self.business_id).filter(pk=self.pk).exists()
