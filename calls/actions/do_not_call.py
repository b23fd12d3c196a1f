"""Whom this business never calls again."""

from __future__ import annotations

from datetime import datetime

from calls.models import DoNotCall, DoNotCallVia
from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import business_scope

REASON_LIMIT = 200


def list_number(
    *, business: Business, phone_e164: str, reason: str, by: User | None, now: datetime
) -> bool:
    """True if the number was not listed before."""
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
    """May be called again: what somebody has said is undone by who answers for the leads."""
    with business_scope(business):
        access.require(by, business, access.Action.MANAGE_LEADS)
        listed = DoNotCall.objects.for_business(business).filter(phone_e164=phone_e164)
        was_listed: bool = listed.delete()[0] == 1
        if was_listed:
            _audit(business, "number.unlisted", phone_e164, reason, by, now)
        return was_listed


def _audit(
    business: Business, action: str, phone_e164: str, reason: str, by: User | None, now: datetime
) -> None:
    facts = {"reason": reason[:REASON_LIMIT]}
    record_audit(business=business, action=action, by=by, now=now, subject=phone_e164, facts=facts)
