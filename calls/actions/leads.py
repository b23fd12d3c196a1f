"""What people of a business do with a lead, and with what they want to know of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from calls.models import Lead, LeadField, LeadNote
from calls.models.lead import FACT_LIMIT, FACT_NAME_LIMIT, MOST_FACTS
from calls.models.lead_field import MOST_FIELDS
from calls.models.lead_note import NOTE_LIMIT
from prompts.render import clean
from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import business_scope

EDITABLE: Final = frozenset({"name", "gender", "status", "consent_at", "consent_source"})


def create_lead(
    *, business: Business, phone_e164: str, name: str, by: User | None, now: datetime
) -> Lead:
    """Raises `ValidationError` where the number is somebody's already."""
    with business_scope(business):
        access.require(by, business, access.Action.MANAGE_LEADS)
        lead = Lead(business=business, phone_e164=phone_e164, name=name, created_at=now)
        lead.clean_fields()
        try:
            with transaction.atomic():
                lead.save(force_insert=True)
        except IntegrityError as error:
            taken = _("There is a lead with this telephone already.")
            raise ValidationError({"phone": taken}, code="taken") from error
        _audit(business, "lead.created", lead, by, now)
        return lead


def edit_lead(
    *,
    lead: Lead,
    values: Mapping[str, Any],
    facts: Mapping[str, str],
    by: User | None,
    now: datetime,
) -> None:
    """Facts that are given replace the ones of their names, and an empty one is forgotten; what is
    not given stays as it is: a call may be adding to it at this moment.
    """
    if unknown := values.keys() - EDITABLE:
        raise ValueError(f"Not to be edited: {', '.join(sorted(unknown))}")
    with business_scope(lead.business_id):
        access.require(by, lead.business, access.Action.MANAGE_LEADS)
        stored = Lead.objects.for_business(lead.business_id).select_for_update().get(pk=lead.pk)
        before = {name: getattr(stored, name) for name in EDITABLE} | {"facts": dict(stored.facts)}
        for name, value in values.items():
            setattr(stored, name, value)
        _set_facts(stored, facts)
        stored.clean_fields()
        stored.save(update_fields=[*EDITABLE, "facts"])
        changed = sorted(name for name, value in before.items() if getattr(stored, name) != value)
        if changed:
            _audit(lead.business, "lead.edited", lead, by, now, fields=changed)


def _set_facts(lead: Lead, facts: Mapping[str, str]) -> None:
    for name, value in facts.items():
        key, fact = clean(name, FACT_NAME_LIMIT), clean(value, FACT_LIMIT)
        if key and fact:
            lead.facts[key] = fact
        else:
            lead.facts.pop(key, None)
    if len(lead.facts) > MOST_FACTS:
        raise ValidationError(_("There is no room for more details of this lead."), code="full")


def write_lead_note(*, lead: Lead, text: str, by: User | None, now: datetime) -> LeadNote:
    with business_scope(lead.business_id):
        access.require(by, lead.business, access.Action.WRITE_NOTES)
        note: LeadNote = LeadNote.objects.create(
            business_id=lead.business_id,
            lead=lead,
            text=text.replace("\x00", "").strip()[:NOTE_LIMIT],
            written_by=by,
            created_at=now,
        )
        return note


def save_lead_field(
    *,
    business: Business,
    field: LeadField | None,
    label: str,
    kind: str,
    choices: list[str],
    by: User | None,
    now: datetime,
) -> LeadField:
    """A new one (`field=None`) goes to the end. What is known of leads already stays with it: the
    facts of that name are its values.
    """
    with business_scope(business):
        access.require(by, business, access.Action.EDIT_SETTINGS)
        label = clean(label, FACT_NAME_LIMIT)
        fields = LeadField.objects.for_business(business)
        if field is None:
            if fields.count() >= MOST_FIELDS:
                raise ValidationError(_("There is no room for another field."), code="full")
            last = fields.aggregate(last=Max("position"))["last"]
            field = LeadField(business=business, key=label, position=(last or 0) + 1)
        field.label, field.kind, field.choices = label, kind, choices
        if kind == "choice" and not choices:
            raise ValidationError({"choices": _("Write at least one value.")})
        field.full_clean()
        field.save()
        _audit(business, "lead_field.saved", field, by, now, label=label)
        return field


def move_lead_field(*, field: LeadField, up: bool, by: User | None, now: datetime) -> None:
    with business_scope(field.business_id):
        access.require(by, field.business, access.Action.EDIT_SETTINGS)
        fields = list(
            LeadField.objects.for_business(field.business_id).in_order().select_for_update()
        )
        place = fields.index(field)
        other = place - 1 if up else place + 1
        if not 0 <= other < len(fields):
            return
        fields[place], fields[other] = fields[other], fields[place]
        for position, one in enumerate(fields, 1):
            one.position = position
        LeadField.objects.bulk_update(fields, ["position"])
        _audit(field.business, "lead_field.moved", field, by, now)


def delete_lead_field(*, field: LeadField, by: User | None, now: datetime) -> None:
    """What is known of leads stays among their other details."""
    with business_scope(field.business_id):
        access.require(by, field.business, access.Action.EDIT_SETTINGS)
        LeadField.objects.for_business(field.business_id).filter(pk=field.pk).delete()
        _audit(field.business, "lead_field.deleted", field, by, now, label=field.label)


def _audit(
    business: Business,
    action: str,
    row: Lead | LeadField,
    by: User | None,
    now: datetime,
    **facts: Any,
) -> None:
    record_audit(business=business, action=action, by=by, now=now, subject=str(row.pk), facts=facts)
