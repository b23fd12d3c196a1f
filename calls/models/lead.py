from __future__ import annotations

from collections.abc import Mapping

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts.render import clean
from tenants.scoping import BusinessOwned

MOST_FACTS = 30
NAME_LIMIT = 200
FACT_NAME_LIMIT = 60
FACT_LIMIT = 500


class Lead(BusinessOwned):
    """The person at the other end, one per telephone number and business."""

    phone_e164 = models.CharField(_("telephone"), max_length=16)
    name = models.CharField(_("name"), max_length=200, blank=True)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    consent_at = models.DateTimeField(_("agreed to be called"), null=True, blank=True)
    consent_source = models.CharField(_("where they agreed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("first seen"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.UniqueConstraint(fields=["business", "phone_e164"], name="lead_phone_once"),
            models.CheckConstraint(
                condition=models.Q(phone_e164__regex=r"^\+[1-9][0-9]{3,14}$"), name="lead_e164"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.phone_e164

    def facts_as_text(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.facts.items())

    def note(self, *, name: str, facts: Mapping[str, str]) -> list[str]:
        """Keep what was said: empty values leave what is known. Returns what there is no room for.

        The row is locked: the same person may be in two calls at once.
        """
        with transaction.atomic():
            stored = Lead.objects.for_business(self.business_id).select_for_update().get(pk=self.pk)
            stored.name = clean(name, NAME_LIMIT) or stored.name
            left_over = stored._merge(facts)
            stored.save(update_fields=["name", "facts"])
        self.name, self.facts = stored.name, stored.facts
        return left_over

    def _merge(self, facts: Mapping[str, str]) -> list[str]:
        left_over = []
        for name, value in facts.items():
            key, fact = clean(name, FACT_NAME_LIMIT), clean(value, FACT_LIMIT)
            if not (key and fact):
                continue
            if key in self.facts or len(self.facts) < MOST_FACTS:
                self.facts[key] = fact
            else:
                left_over.append(key)
        return left_over
