"""The do-not-call list of a business, as people keep it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from calls.models import DoNotCall, DoNotCallVia
from calls.models.do_not_call import OF_THE_BUSINESS
from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.numbers import validate_e164
from tenants.scoping import business_scope

REASON_LIMIT: Final = 200


def list_number(
    *, business: Business, phone_e164: str, by: User | None, now: datetime, reason: str = ""
) -> bool:
    """Nobody of this business dials it from now on. False where it was listed before."""
    validate_e164(phone_e164)
    with business_scope(business):
        access.require(by, business, access.Action.LIST_NUMBER)
        is_new: bool = DoNotCall.objects.add(
            business_id=business.pk, phone_e164=phone_e164, via=DoNotCallVia.OWNER, now=now
        )
        if is_new:
            _audit(business, "number.listed", phone_e164, reason, by, now)
        return is_new


def unlist_number(
    *, business: Business, phone_e164: str, reason: str, by: User | None, now: datetime
) -> bool:
    """Only what the business has listed itself. What somebody has said on the telephone stays.
    False where it was not listed.
    """
    with business_scope(business):
        access.require(by, business, access.Action.MANAGE_LEADS)
        if not reason.strip():
            raise ValidationError({"reason": _("Say why this number may be called again.")})
        listed = DoNotCall.objects.for_business(business).filter(phone_e164=phone_e164)
        was_listed: bool = listed.filter(via__in=OF_THE_BUSINESS).delete()[0] == 1
        if was_listed:
            _audit(business, "number.unlisted", phone_e164, reason.strip(), by, now)
        elif listed.exists():
            raise ValidationError(
                _("This person has said so. Nobody but that person takes it back."), code="own_wish"
            )
        return was_listed


def _audit(
    business: Business, action: str, phone_e164: str, reason: str, by: User | None, now: datetime
) -> None:
    facts = {"reason": reason[:REASON_LIMIT]} if reason else {}
    record_audit(business=business, action=action, by=by, now=now, subject=phone_e164, facts=facts)
