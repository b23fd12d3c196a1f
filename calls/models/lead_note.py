from __future__ import annotations

from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models.lead import Lead
from tenants.models import User
from tenants.scoping import BusinessOwned

NOTE_LIMIT: Final = 4000


class LeadNote(BusinessOwned):
    """What somebody of the business wrote down about a lead. The agent is not told."""

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="notes", verbose_name=_("lead")
    )
    text = models.TextField(_("note"), max_length=NOTE_LIMIT)
    written_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("written by"),
    )
    created_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("note on a lead")
        verbose_name_plural = _("notes on leads")
        indexes = [
            models.Index(fields=["business", "lead", "-created_at"], name="leadnote_of_lead"),
        ]

    def __str__(self) -> str:
        return self.text[:40]
