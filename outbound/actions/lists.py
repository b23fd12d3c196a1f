"""Leads under one name: made, renamed, filled, emptied and given up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from calls.models import Lead
from outbound.models import LeadImport, LeadList, LeadListEntry
from prompts.render import clean
from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import business_scope

NAME_LIMIT: Final = 200


def make_list(*, business: Business, name: str, by: User | None, now: datetime) -> LeadList:
    with business_scope(business):
        access.require(by, business, access.Action.MANAGE_LEADS)
        made = LeadList(business=business, name=clean(name, NAME_LIMIT), created_at=now)
        _keep(made)
        _audit(made, "list.made", by, now)
        return made


def rename_list(*, lead_list: LeadList, name: str, by: User | None, now: datetime) -> None:
    with business_scope(lead_list.business_id):
        access.require(by, lead_list.business, access.Action.MANAGE_LEADS)
        stored = LeadList.objects.for_business(lead_list.business_id).get(pk=lead_list.pk)
        stored.name = clean(name, NAME_LIMIT)
        _keep(stored)
        _audit(stored, "list.renamed", by, now)


def delete_list(*, lead_list: LeadList, by: User | None, now: datetime) -> None:
    """Its leads stay. A list that was imported stays as well: the imports tell where it came from."""
    with business_scope(lead_list.business_id):
        access.require(by, lead_list.business, access.Action.MANAGE_LEADS)
        imports = LeadImport.objects.for_business(lead_list.business_id)
        if imports.filter(list=lead_list).exists():
            raise ValidationError(
                _("Files were imported into this list, so it stays. You can rename it."),
                code="used",
            )
        LeadListEntry.objects.for_business(lead_list.business_id).filter(list=lead_list).delete()
        LeadList.objects.for_business(lead_list.business_id).filter(pk=lead_list.pk).delete()
        _audit(lead_list, "list.deleted", by, now, name=lead_list.name)


def put_in_list(
    *, lead_list: LeadList, leads: Iterable[Lead], by: User | None, now: datetime
) -> None:
    """Each once, however often it is put in."""
    with business_scope(lead_list.business_id):
        access.require(by, lead_list.business, access.Action.MANAGE_LEADS)
        LeadListEntry.objects.bulk_create(
            [
                LeadListEntry(
                    business_id=lead_list.business_id, list=lead_list, lead=lead, added_at=now
                )
                for lead in leads
            ],
            ignore_conflicts=True,
        )


def take_out_of_list(*, lead_list: LeadList, lead: Lead, by: User | None, now: datetime) -> None:
    with business_scope(lead_list.business_id):
        access.require(by, lead_list.business, access.Action.MANAGE_LEADS)
        entries = LeadListEntry.objects.for_business(lead_list.business_id)
        entries.filter(list=lead_list, lead=lead).delete()


def _keep(lead_list: LeadList) -> None:
    if not lead_list.name:
        raise ValidationError({"name": _("Give the list a name.")}, code="name")
    try:
        with transaction.atomic():
            lead_list.save()
    except IntegrityError as error:
        taken = _("There is a list of this name already.")
        raise ValidationError({"name": taken}, code="taken") from error


def _audit(lead_list: LeadList, action: str, by: User | None, now: datetime, **facts: Any) -> None:
    record_audit(
        business=lead_list.business,
        action=action,
        by=by,
        now=now,
        subject=str(lead_list.pk),
        facts=facts,
    )
