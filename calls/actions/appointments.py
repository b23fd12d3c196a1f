"""Appointments that people make, move and cancel. The agent's own way is `calls.tools`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from calls.models import Appointment, Lead
from calls.tools.appointments import NAME_LIMIT, NOTE_LIMIT, is_double_booking
from prompts.render import clean
from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import business_scope

LONGEST: Final = timedelta(hours=24)


def make_appointment(
    *,
    business: Business,
    starts_at: datetime,
    ends_at: datetime,
    name: str,
    note: str,
    lead: Lead | None,
    by: User | None,
    now: datetime,
) -> Appointment:
    """Outside of the opening hours, too: people know why. Raises `ValidationError` where somebody
    else has the time already.
    """
    with business_scope(business):
        access.require(by, business, access.Action.EDIT_APPOINTMENTS)
        appointment = Appointment(
            business=business,
            starts_at=starts_at,
            ends_at=ends_at,
            name=clean(name, NAME_LIMIT),
            note=note.replace("\x00", "").strip()[:NOTE_LIMIT],
            lead=lead,
            created_at=now,
        )
        _keep(appointment)
        _audit(appointment, "appointment.made", by, now)
        return appointment


def move_appointment(
    *,
    appointment: Appointment,
    starts_at: datetime,
    ends_at: datetime,
    name: str,
    note: str,
    by: User | None,
    now: datetime,
) -> None:
    """To another time, or with other words."""
    with business_scope(appointment.business_id):
        access.require(by, appointment.business, access.Action.EDIT_APPOINTMENTS)
        stored = _booked(appointment)
        before = stored.starts_at, stored.ends_at
        stored.starts_at, stored.ends_at = starts_at, ends_at
        stored.name = clean(name, NAME_LIMIT)
        stored.note = note.replace("\x00", "").strip()[:NOTE_LIMIT]
        _keep(stored)
        moved = before != (starts_at, ends_at)
        _audit(stored, "appointment.moved" if moved else "appointment.edited", by, now)


def cancel_appointment(*, appointment: Appointment, by: User | None, now: datetime) -> None:
    with business_scope(appointment.business_id):
        access.require(by, appointment.business, access.Action.EDIT_APPOINTMENTS)
        stored = _booked(appointment)
        stored.status = Appointment.Status.CANCELED
        stored.save(update_fields=["status"])
        _audit(stored, "appointment.canceled", by, now)


def _booked(appointment: Appointment) -> Appointment:
    rows = Appointment.objects.for_business(appointment.business_id).booked()
    found = rows.select_for_update(of=("self",)).filter(pk=appointment.pk).first()
    if not isinstance(found, Appointment):
        raise ValidationError(_("This appointment was canceled meanwhile."), code="canceled")
    return found


def _keep(appointment: Appointment) -> None:
    """The database decides whether the time is free: somebody may be booking it on the telephone."""
    if appointment.ends_at <= appointment.starts_at:
        raise ValidationError(_("It ends before it begins."), code="order")
    if appointment.ends_at - appointment.starts_at > LONGEST:
        raise ValidationError(_("An appointment lasts a day at the most."), code="long")
    try:
        with transaction.atomic():
            appointment.save()
    except IntegrityError as error:
        if not is_double_booking(error):
            raise
        taken = _("Somebody else has an appointment at this time.")
        raise ValidationError(taken, code="taken") from error


def _audit(appointment: Appointment, action: str, by: User | None, now: datetime) -> None:
    facts: dict[str, Any] = {"starts_at": appointment.starts_at.isoformat()}
    record_audit(
        business=appointment.business,
        action=action,
        by=by,
        now=now,
        subject=str(appointment.pk),
        facts=facts,
    )
