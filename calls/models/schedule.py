"""When a business receives people, and whom."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models.call import Call
from calls.models.lead import Lead
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class Weekday(models.IntegerChoices):
    """As `datetime.weekday()` counts."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class OpeningHours(BusinessOwned):
    """A stretch of a weekday, by the clock on the business's own wall."""

    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "weekday", "opens"], name="openinghours_once"
            ),
            models.CheckConstraint(
                condition=Q(weekday__in=Weekday.values), name="openinghours_weekday"
            ),
            models.CheckConstraint(
                condition=Q(opens__lt=F("closes")),
                name="openinghours_in_order",
                violation_error_message=_("It closes before it opens."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"


class ClosedDay(BusinessOwned):
    date = models.DateField(_("date"))
    note = models.CharField(_("why"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        constraints = [models.UniqueConstraint(fields=["business", "date"], name="closedday_once")]

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d}"


class AppointmentQuerySet(BusinessOwnedQuerySet["Appointment"]):
    def booked(self) -> Self:
        return self.filter(status=Appointment.Status.BOOKED)

    def between(self, start: datetime, end: datetime) -> Self:
        """Those that take up any of this time."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class Appointment(BusinessOwned):
    """The database excludes two booked ones of a business at the same time (migration 0004)."""

    class Status(models.TextChoices):
        BOOKED = "booked", _("booked")
        CANCELED = "canceled", _("canceled")

    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    note = models.TextField(_("about"), blank=True)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.BOOKED)
    lead = models.ForeignKey(
        Lead,
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
        verbose_name=_("lead"),
    )
    call = models.ForeignKey(
        Call,
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
        verbose_name=_("made in call"),
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    objects: ClassVar = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["booked", "canceled"]), name="appointment_status"
            ),
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")),
                name="appointment_in_order",
                violation_error_message=_("It ends before it begins."),
            ),
        ]
        indexes = [
            models.Index(fields=["business", "starts_at"], name="appointment_calendar"),
            models.Index(fields=["business", "created_at"], name="appointment_made"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"

    def clean(self) -> None:
        """A sentence for whoever types it in; the constraint decides all the same."""
        if self.status != self.Status.BOOKED:
            return
        others = Appointment.objects.for_business(self.business_id).exclude(pk=self.pk).booked()
        if others.between(self.starts_at, self.ends_at).exists():
            raise ValidationError(_("Somebody else has an appointment at this time."))
