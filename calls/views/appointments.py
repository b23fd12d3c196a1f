"""Who comes when: the calendar of the business, and what is done with one appointment."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from calls import actions, calendar
from calls.appointment_forms import AppointmentForm
from calls.models import AgentSettings, Appointment, Lead
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest

DAY = timedelta(days=1)


@page()
def appointments(request: BusinessRequest) -> HttpResponse:
    now, view = timezone.now(), request.GET.get("view", "week")
    today = timezone.localtime(now).date()
    chosen = _date(request.GET.get("date", "")) or today
    is_day = view == "day"
    first = chosen if is_day else calendar.first_of_week(chosen)
    length = DAY if is_day else calendar.WEEK
    last = first + length - DAY
    shown = {
        "days": calendar.days(request.business, first, last, now=now, free=is_day),
        "is_day": is_day,
        "first": first,
        "last": last,
        "chosen": chosen,
        "before": _address(view, first - length),
        "after": _address(view, first + length),
        "today": _address(view, today),
        "as_day": _address("day", chosen),
        "as_week": _address("week", chosen),
    }
    return render(request, "calls/appointments.html", shown)


def _address(view: str, day: date) -> str:
    asked = {"view": "day" if view == "day" else "week", "date": day.isoformat()}
    return f"{reverse('calls:appointments')}?{urlencode(asked)}"


def _date(written: str) -> date | None:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return found if 2000 < found.year < 2200 else None


def _found(request: BusinessRequest, appointment_id: uuid.UUID) -> Appointment:
    rows = Appointment.objects.for_business(request.business).select_related("lead", "call")
    found: Appointment = get_object_or_404(rows, pk=appointment_id)
    return found


@page()
def appointment(request: BusinessRequest, appointment_id: uuid.UUID) -> HttpResponse:
    found = _found(request, appointment_id)
    day = timezone.localtime(found.starts_at).date()
    shown = {
        "appointment": found,
        "back": _address("week", day),
    }
    return render(request, "calls/appointment.html", shown)


@page(Action.EDIT_APPOINTMENTS)
def new_appointment(request: BusinessRequest) -> HttpResponse:
    lead = _lead(request)
    zone, minutes = ZoneInfo(request.business.timezone), _slot_minutes(request)
    wanted = {
        "date": _date(request.GET.get("date", "")) or timezone.localdate(),
        "time": request.GET.get("time", ""),
        "name": lead.name if lead else "",
    }
    form = AppointmentForm(request.POST or None, zone=zone, minutes=minutes, initial=wanted)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_appointment(
                business=request.business,
                **form.times,
                name=form.cleaned_data["name"],
                note=form.cleaned_data["note"],
                lead=lead,
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The appointment is made."))
            return redirect(_shown_on(made.starts_at))
        except ValidationError as error:
            form.add_error(None, error)
    shown = {"form": form, "lead": lead, "title": _("New appointment"), "back": _back(lead)}
    return render(request, "calls/appointment_form.html", shown)


def _lead(request: BusinessRequest) -> Lead | None:
    written = request.GET.get("lead", "")
    if not written:
        return None
    try:
        lead_id = uuid.UUID(written)
    except ValueError:
        lead_id = uuid.UUID(int=0)  # nobody's
    leads = Lead.objects.for_business(request.business)
    found: Lead = get_object_or_404(leads, pk=lead_id)
    return found


def _slot_minutes(request: BusinessRequest) -> int:
    return AgentSettings.objects.of(request.business).slot_minutes


def _back(lead: Lead | None) -> str:
    return reverse("leads:lead", args=[lead.pk]) if lead else reverse("calls:appointments")


def _shown_on(at: datetime) -> str:
    return _address("week", timezone.localtime(at).date())


@page(Action.EDIT_APPOINTMENTS)
def edit_appointment(request: BusinessRequest, appointment_id: uuid.UUID) -> HttpResponse:
    found = _found(request, appointment_id)
    zone = ZoneInfo(request.business.timezone)
    minutes = int((found.ends_at - found.starts_at).total_seconds() // 60)
    form = AppointmentForm(request.POST or None, zone=zone, minutes=minutes, initial=_known(found))
    if request.method == "POST" and form.is_valid():
        try:
            actions.move_appointment(
                appointment=found,
                **form.times,
                name=form.cleaned_data["name"],
                note=form.cleaned_data["note"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved."))
            return redirect(_shown_on(form.times["starts_at"]))
        except ValidationError as error:
            form.add_error(None, error)
    shown = {
        "form": form,
        "lead": found.lead,
        "title": _("Change the appointment"),
        "back": reverse("calls:appointment", args=[found.pk]),
    }
    return render(request, "calls/appointment_form.html", shown)


def _known(found: Appointment) -> dict[str, Any]:
    starts = timezone.localtime(found.starts_at)
    return {
        "date": starts.date(),
        "time": f"{starts:%H:%M}",
        "name": found.name,
        "note": found.note,
    }


@page(Action.EDIT_APPOINTMENTS)
def cancel_appointment(request: BusinessRequest, appointment_id: uuid.UUID) -> HttpResponse:
    found = _found(request, appointment_id)
    if request.method == "POST":
        try:
            actions.cancel_appointment(appointment=found, by=request.user, now=timezone.now())
            messages.success(request, _("The appointment is canceled. Nobody was told by us."))
        except ValidationError as error:
            messages.error(request, error.messages[0])
        return redirect(_shown_on(found.starts_at))
    asked = {
        "title": _("Cancel the appointment?"),
        "text": found.name,
        "yes": _("Cancel the appointment"),
        "back": reverse("calls:appointment", args=[found.pk]),
    }
    return render(request, "parts/ask.html", asked)
