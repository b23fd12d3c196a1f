from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

if TYPE_CHECKING:
    from calls.models.call import Call


class DoNotCallVia(models.TextChoices):
    VOICE = "voice", _("word of mouth")
    KEY = "key", _("a key")
    OWNER = "owner", _("the business")
    IMPORT = "import", _("a list")


# What the business itself has written down, it may have written down by mistake.
OF_THE_BUSINESS: Final = (DoNotCallVia.OWNER, DoNotCallVia.IMPORT)


class DoNotCallQuerySet(BusinessOwnedQuerySet["DoNotCall"]):
    def has(self, business_id: uuid.UUID, phone_e164: str) -> bool:
        return self.for_business(business_id).filter(phone_e164=phone_e164).exists()

    def add(
        self,
        *,
        business_id: uuid.UUID,
        phone_e164: str,
        via: DoNotCallVia,
        now: datetime,
        call: Call | None = None,
    ) -> bool:
        """The first word counts. True if this was it."""
        entry = DoNotCall(
            business_id=business_id, phone_e164=phone_e164, via=via, since=now, call=call
        )
        self.bulk_create([entry], ignore_conflicts=True)
        return self.for_business(business_id).filter(pk=entry.pk).exists()


class DoNotCall(BusinessOwned):
    """A number that this business never dials again. It outlives the lead whose number it is."""

    phone_e164 = models.CharField(_("telephone"), max_length=16)
    since = models.DateTimeField(_("since"))
    via = models.CharField(_("said so by"), max_length=16, choices=DoNotCallVia)
    call = models.ForeignKey(
        "calls.Call",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("said in the call"),
    )

    objects: ClassVar = DoNotCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("number not to be called")
        verbose_name_plural = _("numbers not to be called")
        constraints = [
            models.UniqueConstraint(fields=["business", "phone_e164"], name="donotcall_once"),
            models.CheckConstraint(
                condition=models.Q(phone_e164__regex=r"^\+[1-9][0-9]{3,14}$"), name="donotcall_e164"
            ),
            models.CheckConstraint(
                condition=models.Q(via__in=DoNotCallVia.values), name="donotcall_via"
            ),
        ]
        indexes = [models.Index(fields=["business", "-since"], name="donotcall_recent")]

    def __str__(self) -> str:
        return self.phone_e164

    @property
    def is_own_wish(self) -> bool:
        """The word of whoever has the telephone: nobody of the business takes it back."""
        return self.via not in OF_THE_BUSINESS
