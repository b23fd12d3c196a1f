"""What a business decides about its agent, its hours and whom callers are put through to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TypeVar

from django.db import models
from django.db.models import ProtectedError

from calls.models import AgentSettings, ClosedDay, HttpTool, OpeningHours, TransferTarget
from tenants.access import Action, require
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import business_scope

Configured = TypeVar("Configured", AgentSettings, TransferTarget, HttpTool)


def save_configured(
    *, row: Configured, changed: Iterable[str], by: User | None, now: datetime
) -> Configured:
    """Calls that begin from now on follow it. `changed` names the fields, for the audit alone."""
    with business_scope(row.business_id):
        require(by, row.business, Action.EDIT_SETTINGS)
        row.full_clean()
        row.save()
        _audit(row, "saved", by, now, fields=sorted(changed))
        return row


def remove_target(*, target: TransferTarget, by: User | None, now: datetime) -> None:
    """Nobody is put through to it any more. Of one that has taken calls the row stays, at rest."""
    with business_scope(target.business_id):
        require(by, target.business, Action.EDIT_SETTINGS)
        _audit(target, "removed", by, now)
        try:
            target.delete()
        except ProtectedError:
            target.active = False
            target.save(update_fields=["active"])


def remove_tool(*, tool: HttpTool, by: User | None, now: datetime) -> None:
    with business_scope(tool.business_id):
        require(by, tool.business, Action.EDIT_SETTINGS)
        _audit(tool, "removed", by, now)
        tool.delete()


def set_opening_hours(
    *, business: Business, hours: Iterable[OpeningHours], by: User | None, now: datetime
) -> None:
    """These stretches and no others."""
    with business_scope(business):
        require(by, business, Action.EDIT_SETTINGS)
        OpeningHours.objects.for_business(business).delete()
        for stretch in hours:
            stretch.business = business
            stretch.full_clean()
            stretch.save(force_insert=True)
        record_audit(business=business, action="hours.saved", by=by, now=now)


def close_on(
    *, business: Business, day: date, note: str, by: User | None, now: datetime
) -> ClosedDay:
    """Closed on that day; said twice, the second note holds."""
    with business_scope(business):
        require(by, business, Action.EDIT_SETTINGS)
        closed, _ = ClosedDay.objects.update_or_create(
            business=business, date=day, defaults={"note": note}
        )
        record_audit(
            business=business, action="day.closed", by=by, now=now, subject=day.isoformat()
        )
        return closed


def open_again(*, closed: ClosedDay, by: User | None, now: datetime) -> None:
    with business_scope(closed.business_id):
        require(by, closed.business, Action.EDIT_SETTINGS)
        record_audit(
            business=closed.business,
            action="day.opened",
            by=by,
            now=now,
            subject=closed.date.isoformat(),
        )
        closed.delete()


def _audit(
    row: models.Model, what: str, by: User | None, now: datetime, **facts: list[str]
) -> None:
    record_audit(
        business=getattr(row, "business", None),
        action=f"{row._meta.model_name}.{what}",
        by=by,
        now=now,
        subject=str(row.pk),
        facts=facts,
    )
