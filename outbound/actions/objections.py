"""The do-not-call list of a business, as people keep it."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from calls.models import DoNotCall, DoNotCallVia
from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.numbers import validate_e164
from tenants.scoping import business_scope

# What the business itself has written down, it may have written down by mistake.
OWN_WORD = (DoNotCallVia.OWNER, DoNotCallVia.IMPORT)


def list_number(*, business: Business, phone_e164: str, by: User | None, now: datetime) -> bool:
    """Nobody of this business dials it from now on. False where it was listed before."""
    validate_e164(phone_e164)
    with business_scope(business):
        access.require(by, business, access.Action.LIST_NUMBER)
        listed = DoNotCall.objects.add(
            business_id=business.pk, phone_e164=phone_e164, via=DoNotCallVia.OWNER, now=now
        )
        if listed:
            record_audit(
                business=business, action="number.listed", by=by, now=now, subject=phone_e164
            )
        return listed


def unlist_number(*, entry: DoNotCall, why: str, by: User | None, now: datetime) -> None:
    """Only what the business has listed itself. What somebody has said on the telephone stays."""
    with business_scope(entry.business_id):
        access.require(by, entry.business, access.Action.MANAGE_LEADS)
        if not why.strip():
            raise ValidationError({"why": _("Say why this number may be called again.")})
        mine = DoNotCall.objects.for_business(entry.business_id).filter(pk=entry.pk)
        if not mine.filter(via__in=OWN_WORD).delete()[0]:
            raise ValidationError(
                _("This person has said so. Nobody but that person takes it back."), code="own_wish"
            )
        record_audit(
            business=entry.business,
            action="number.unlisted",
            by=by,
            now=now,
            subject=entry.phone_e164,
            facts={"reason": why.strip()},
        )
