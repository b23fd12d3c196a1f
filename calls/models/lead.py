from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.scoping import BusinessOwned


class DoNotCallVia(models.TextChoices):
    VOICE = "voice", _("word of mouth")
    KEY = "key", _("a key")
    OWNER = "owner", _("the business")


class Lead(BusinessOwned):
    """The person at the other end, one per telephone number and business."""

    phone_e164 = models.CharField(_("telephone"), max_length=16)
    name = models.CharField(_("name"), max_length=200, blank=True)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    do_not_call_at = models.DateTimeField(_("not to be called since"), null=True, blank=True)
    do_not_call_via = models.CharField(
        _("said so by"), max_length=16, choices=DoNotCallVia, blank=True
    )
    created_at = models.DateTimeField(_("first seen"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.UniqueConstraint(fields=["business", "phone_e164"], name="lead_phone_once"),
            models.CheckConstraint(
                condition=models.Q(phone_e164__regex=r"^\+[1-9][0-9]{3,14}$"), name="lead_e164"
            ),
            models.CheckConstraint(
                condition=models.Q(do_not_call_at=None, do_not_call_via="")
                | models.Q(do_not_call_at__isnull=False, do_not_call_via__in=DoNotCallVia.values),
                name="lead_do_not_call",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.phone_e164

    def facts_as_text(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.facts.items())
