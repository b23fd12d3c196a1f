"""Rows that belong to no business."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.numbers import validate_e164


class CarrierAccount(models.Model):
    """How fast calls may be placed on one account of the carrier's, whoever's calls they are.

    The carrier queues what is too fast for up to a day and then rings people at night, so the pace
    is kept here.
    """

    account_sid = models.CharField(_("account SID"), max_length=64, unique=True)
    calls_per_second = models.DecimalField(
        _("calls a second"),
        max_digits=7,
        decimal_places=2,
        default=1,
        help_text=_("What the carrier has granted this account; 0: no limit."),
    )
    next_at = models.DateTimeField(_("next call from"), null=True, blank=True)
    congestion = models.PositiveSmallIntegerField(_("refusals in a row"), default=0)
    slowed_until = models.DateTimeField(_("nothing sent before"), null=True, blank=True)
    # One until the carrier has taken a call: wrong credentials cost one request. One more with
    # every call that it takes, halved when it is asked too often, and no limit from some point on.
    most_live = models.PositiveSmallIntegerField(
        _("calls at a time, for now"), null=True, blank=True, default=1
    )
    refused_at = models.DateTimeField(_("refused"), null=True, blank=True)
    refused_code = models.PositiveIntegerField(_("refused with"), null=True, blank=True)

    class Meta:
        verbose_name = _("carrier account")
        verbose_name_plural = _("carrier accounts")

    def __str__(self) -> str:
        return self.account_sid


class SuppressedNumber(models.Model):
    """A number that nobody of this installation dials: somebody has complained to the operator."""

    phone_e164 = models.CharField(
        _("telephone"), max_length=16, unique=True, validators=[validate_e164]
    )
    why = models.CharField(_("why"), max_length=200, blank=True)
    since = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("number closed to all businesses")
        verbose_name_plural = _("numbers closed to all businesses")

    def __str__(self) -> str:
        return self.phone_e164
