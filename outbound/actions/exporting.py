"""Leads as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext

from calls.models import Lead, LeadField
from outbound.contacts.export import csv_of
from outbound.models import LeadList, LeadListEntry
from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import business_scope

AT_A_TIME: Final = 1000
# Among the facts of a lead, and columns of their own.
WELL_KNOWN: Final = ("email", "notes")


def export_leads(
    *, business: Business, lead_list: LeadList | None, by: User | None, now: datetime
) -> Iterator[bytes]:
    """All of them or those of one list, piece by piece. Asks and notes who takes them at once, and
    opens a scope of its own for each thousand: whoever reads slowly keeps no transaction open.
    """
    with business_scope(business):
        access.require(by, business, access.Action.EXPORT_LEADS)
        record_audit(
            business=business,
            action="leads.exported",
            by=by,
            now=now,
            subject=str(lead_list.pk) if lead_list else "",
        )
        fields = list(LeadField.objects.for_business(business).in_order())
    own = [field for field in fields if field.key not in WELL_KNOWN]
    zone = timezone.get_current_timezone()
    return csv_of(_header(own), _rows(business, lead_list, own, zone, translation.get_language()))


def _header(fields: list[LeadField]) -> list[str]:
    return [
        gettext("Telephone"),
        gettext("Name"),
        gettext("Gender"),
        gettext("Status"),
        gettext("Email"),
        gettext("Notes"),
        gettext("Do not call"),
        gettext("Consent date"),
        gettext("Where they agreed"),
        gettext("First seen"),
        gettext("Last call"),
        *(field.label for field in fields),
    ]


def _rows(
    business: Business,
    lead_list: LeadList | None,
    fields: list[LeadField],
    zone: tzinfo,
    language: str | None,
) -> Iterator[list[str]]:
    """In the language and by the clock of whoever asked: it is read when the request is over."""
    last = None
    while True:
        with business_scope(business), timezone.override(zone), translation.override(language):
            leads = _leads(business, lead_list).order_by("pk")
            page = leads.filter(pk__gt=last) if last else leads
            found = list(page[:AT_A_TIME])
            rows = [_row(lead, fields) for lead in found]
        yield from rows
        if len(found) < AT_A_TIME:
            return
        last = found[-1].pk


def _leads(business: Business, lead_list: LeadList | None) -> QuerySet[Lead]:
    leads: QuerySet[Lead] = Lead.objects.for_business(business).with_do_not_call()
    if lead_list is None:
        return leads
    entries = LeadListEntry.objects.for_business(business).filter(list=lead_list)
    return leads.filter(pk__in=entries.values("lead"))


def _row(lead: Lead, fields: list[LeadField]) -> list[str]:
    return [
        lead.phone_e164,
        lead.name,
        lead.get_gender_display(),
        lead.get_status_display(),
        str(lead.facts.get("email", "")),
        str(lead.facts.get("notes", "")),
        gettext("yes") if getattr(lead, "is_listed", False) else "",
        _day(lead.consent_at),
        lead.consent_source,
        _day(lead.created_at),
        _day(lead.last_call_at),
        *(str(lead.facts.get(field.key, "")) for field in fields),
    ]


def _day(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d}" if at else ""
