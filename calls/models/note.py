from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models.call import Call
from tenants.models import User
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

CALL_NOTE_LIMIT = 2000


class CallNoteQuerySet(BusinessOwnedQuerySet["CallNote"]):
    def of_call(self, call: Call) -> Self:
        return self.for_business(call.business_id).filter(call=call).order_by("at", "id")


class CallNote(BusinessOwned):
    """What somebody of the team writes beside a call. No caller and no model ever reads it."""

    call = models.ForeignKey(
        Call, on_delete=models.CASCADE, related_name="notes", verbose_name=_("call")
    )
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    text = models.TextField(_("note"), max_length=CALL_NOTE_LIMIT)

    objects: ClassVar = CallNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("note on a call")
        verbose_name_plural = _("notes on calls")
        indexes = [models.Index(fields=["business", "call", "at"], name="callnote_of_call")]

    def __str__(self) -> str:
        return self.text[:60]
