from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from outbound.windows import DEFAULT_SCHEDULE, Schedule, ScheduleInvalid, parse_schedule
from tenants.models import Business
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

# Until an operator has looked at a business, whatever it has set for itself.
CALLS_OF_A_NEWCOMER = 50
MINUTES_OF_A_NEWCOMER = 100


def default_schedule() -> dict[str, Any]:
    return dict(DEFAULT_SCHEDULE)


class OutboundSettingsQuerySet(BusinessOwnedQuerySet["OutboundSettings"]):
    def of(self, business: Business | uuid.UUID) -> OutboundSettings:
        """Those of the business, or the defaults where nobody has touched them."""
        found = self.for_business(business).first()
        business_id = business if isinstance(business, uuid.UUID) else business.pk
        return found or OutboundSettings(business_id=business_id)


class OutboundSettings(BusinessOwned):
    """What holds for all runs of a business together."""

    schedule = models.JSONField(_("when calls may be made"), default=default_schedule)
    observe_shabbat = models.BooleanField(
        _("no calls to Israel on Shabbat and holidays"), default=True
    )
    concurrency = models.PositiveSmallIntegerField(
        _("calls at a time"), default=3, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    calls_a_day = models.PositiveIntegerField(_("calls a day"), default=500)
    minutes_a_day = models.PositiveIntegerField(_("minutes a day"), default=1000)
    verified_at = models.DateTimeField(
        _("looked at by the operator"),
        null=True,
        blank=True,
        help_text=_("Until then a business makes a limited number of calls a day."),
    )
    most_calls = models.PositiveSmallIntegerField(
        _("most calls to one person"), default=4, validators=[MinValueValidator(1)]
    )
    within_days = models.PositiveSmallIntegerField(
        _("within so many days"), default=7, validators=[MinValueValidator(1)]
    )
    gap_minutes = models.PositiveIntegerField(
        _("minutes between two runs' calls to one person"), default=240
    )
    countries = models.JSONField(
        _("countries"),
        default=list,
        blank=True,
        help_text=_("Two-letter codes. Empty: the countries of the business's own numbers."),
    )
    weight = models.PositiveSmallIntegerField(
        _("weight among the businesses"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )

    objects: ClassVar = OutboundSettingsQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbound settings")
        verbose_name_plural = _("outbound settings")
        constraints = [
            models.UniqueConstraint(fields=["business"], name="outboundsettings_once"),
            models.CheckConstraint(
                condition=models.Q(concurrency__gte=1, weight__gte=1), name="outboundsettings_least"
            ),
        ]

    def __str__(self) -> str:
        return str(self.business)

    @property
    def window(self) -> Schedule:
        """Raises `ScheduleInvalid`."""
        return parse_schedule(self.schedule)

    @property
    def has_broken_hours(self) -> bool:
        """Somebody has stored, past the forms, what cannot be read."""
        try:
            parse_schedule(self.schedule)
        except ScheduleInvalid:
            return True
        return False

    @property
    def gap(self) -> timedelta:
        return timedelta(minutes=self.gap_minutes)

    @property
    def most_calls_today(self) -> int:
        return self.calls_a_day if self.verified_at else min(self.calls_a_day, CALLS_OF_A_NEWCOMER)

    @property
    def most_seconds_today(self) -> int:
        minutes = self.minutes_a_day
        return 60 * (minutes if self.verified_at else min(minutes, MINUTES_OF_A_NEWCOMER))

    def clean(self) -> None:
        try:
            parse_schedule(self.schedule)
        except ScheduleInvalid as error:
            raise ValidationError({"schedule": str(error)}) from error
        if not isinstance(self.countries, list) or not all(map(_is_country, self.countries)):
            raise ValidationError(
                {"countries": _("Give countries as two-letter codes, such as IL or US.")}
            )


class DialUsage(BusinessOwned):
    """What a business has used of a day: money is spoken of in seconds on the line.

    Reserved when a call is intended, given back when it is over. Its row is what two diallers wait
    at for each other, so no cap is passed by a single call.
    """

    day = models.DateField(_("day"))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    reserved_s = models.PositiveBigIntegerField(_("seconds reserved"), default=0)
    used_s = models.PositiveBigIntegerField(_("seconds used"), default=0)

    class Meta:
        verbose_name = _("usage of a day")
        verbose_name_plural = _("usage by day")
        constraints = [
            models.UniqueConstraint(fields=["business", "day"], name="dialusage_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.calls}"


def _is_country(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 2 and value.isascii() and value.isupper()
