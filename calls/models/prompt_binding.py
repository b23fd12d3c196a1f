from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models.call import Call
from prompts.models import Direction, GreetingMode, PromptVersion, sha256_of
from tenants.scoping import BusinessOwned


class PromptBinding(BusinessOwned):
    """The words that one call runs on, written before its TwiML is answered. Append-only."""

    call = models.OneToOneField(
        Call, on_delete=models.PROTECT, related_name="binding", verbose_name=_("call")
    )
    direction = models.CharField(_("direction"), max_length=16, choices=Direction)
    version = models.ForeignKey(
        PromptVersion,
        on_delete=models.PROTECT,
        related_name="bindings",
        verbose_name=_("prompt version"),
    )
    compact = models.TextField(_("compact prompt"))
    full = models.TextField(_("full prompt"))
    transcription = models.TextField(_("transcription prompt"), blank=True)
    compact_sha256 = models.CharField(_("SHA-256 of the compact prompt"), max_length=64)
    full_sha256 = models.CharField(_("SHA-256 of the full prompt"), max_length=64)
    voice = models.CharField(_("voice"), max_length=32)
    greeting = models.TextField(_("greeting"), blank=True)
    greeting_mode = models.CharField(_("greeting is"), max_length=16, choices=GreetingMode)
    created_at = models.DateTimeField(_("bound"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("prompt binding")
        verbose_name_plural = _("prompt bindings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(direction__in=Direction.values), name="promptbinding_direction"
            ),
            models.CheckConstraint(
                condition=models.Q(greeting_mode__in=GreetingMode.values),
                name="promptbinding_greeting_mode",
            ),
        ]
        indexes = [
            # Of each version the first call and the last one: between them lie its calls.
            models.Index(fields=["business", "version", "created_at"], name="binding_of_version"),
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.full_sha256[:12]}"

    def suits(self, call: Call) -> bool:
        """Whether every word of it was made for this call's business and direction."""
        prompt = self.version.prompt
        return (
            self.business_id == self.version.business_id == prompt.business_id == call.business_id
            and self.direction == prompt.direction == call.direction
            and sha256_of(self.compact) == self.compact_sha256
            and sha256_of(self.full) == self.full_sha256
        )
