"""One lead: who it is, what is known, and what there was with them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.actions import create_lead, edit_lead, write_lead_note
from calls.models import Appointment, Call, DoNotCall, Lead, LeadField, LeadNote
from outbound.lead_forms import LeadForm, NewLeadForm, NoteForm
from outbound.models import LeadList, LeadListEntry, OutboundCallJob
from outbound.views.leads.errors import tell_form
from outbound.wording import why
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.paging import page_of

ROWS = 20
NOTES = 50
KNOWN_FACTS: dict[str, Promise] = {
    "email": gettext_lazy("Email"),
    "company": gettext_lazy("Company"),
    "request": gettext_lazy("What they want"),
    "notes": gettext_lazy("Notes"),
    "gender": gettext_lazy("Gender"),
}


@dataclass(frozen=True, slots=True)
class Detail:
    label: str | Promise
    value: str


def found(request: BusinessRequest, lead_id: uuid.UUID) -> Lead:
    leads = Lead.objects.for_business(request.business).select_related("business")
    lead: Lead = get_object_or_404(leads, pk=lead_id)
    return lead


@page()
def lead(request: BusinessRequest, lead_id: uuid.UUID) -> HttpResponse:
    person = found(request, lead_id)
    return render(request, "leads/lead.html", _shown(request, person, NoteForm()))


@page(Action.WRITE_NOTES)
def notes(request: BusinessRequest, lead_id: uuid.UUID) -> HttpResponse:
    person = found(request, lead_id)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        write_lead_note(
            lead=person, text=form.cleaned_data["text"], by=request.user, now=timezone.now()
        )
        return redirect("leads:lead", person.pk)
    return render(request, "leads/lead.html", _shown(request, person, form))


def _shown(request: BusinessRequest, person: Lead, form: NoteForm) -> dict[str, Any]:
    owner = request.business
    calls = Call.objects.for_business(owner).filter(lead=person)
    of_lead = LeadNote.objects.for_business(owner).filter(lead=person).select_related("written_by")
    jobs = OutboundCallJob.objects.for_business(owner).filter(lead=person).select_related("run")
    appointments = Appointment.objects.for_business(owner).filter(lead=person)
    entries = LeadListEntry.objects.for_business(owner).filter(lead=person)
    in_lists = entries.select_related("list").order_by("list__name")
    listed = DoNotCall.objects.for_business(owner).filter(phone_e164=person.phone_e164)
    return {
        "lead": person,
        "details": details(person, list(LeadField.objects.for_business(owner).in_order())),
        "calls": page_of(calls, request, by=("created_at", "id"), size=ROWS),
        "jobs": jobs.order_by("-created_at")[:ROWS],
        "appointments": appointments.order_by("-starts_at")[:ROWS],
        "notes": of_lead.order_by("-created_at")[:NOTES],
        "entries": in_lists,
        "lists": LeadList.objects.for_business(owner).order_by("name")[:200],
        "do_not_call": listed.first(),
        "note_form": form,
    }


def details(person: Lead, own: list[LeadField]) -> list[Detail]:
    """The fields of the business in their order, empty ones too; then whatever else is known."""
    keys = {field.key for field in own}
    first = [Detail(field.label, str(person.facts.get(field.key, ""))) for field in own]
    others = [
        Detail(KNOWN_FACTS.get(key, key), str(value))
        for key, value in person.facts.items()
        if key not in keys
    ]
    return first + others


@page(Action.MANAGE_LEADS)
def new(request: BusinessRequest) -> HttpResponse:
    form = NewLeadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_lead(
                business=request.business,
                phone_e164=form.cleaned_data["phone"],
                name=form.cleaned_data["name"],
                by=request.user,
                now=timezone.now(),
            )
            return redirect("leads:edit", made.pk)
        except ValidationError as error:
            tell_form(form, error)
    shown = {"form": form, "title": _("New lead"), "back": "leads:list"}
    return render(request, "leads/form.html", shown)


@page(Action.MANAGE_LEADS)
def edit(request: BusinessRequest, lead_id: uuid.UUID) -> HttpResponse:
    person = found(request, lead_id)
    own = list(LeadField.objects.for_business(request.business).in_order())
    form = LeadForm(request.POST or None, lead=person, own=own)
    if request.method == "POST" and form.is_valid():
        try:
            edit_lead(
                lead=person,
                values=form.values,
                facts=form.facts,
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved."))
            return redirect("leads:lead", person.pk)
        except ValidationError as error:
            tell_form(form, error)
    return render(request, "leads/edit.html", {"lead": person, "form": form})


@page()
def why_job(request: BusinessRequest, lead_id: uuid.UUID, job_id: uuid.UUID) -> HttpResponse:
    """Why somebody was called or not: asked for one by one, since the answer costs some questions."""
    jobs = OutboundCallJob.objects.for_business(request.business)
    of_lead = jobs.filter(lead=lead_id).select_related("run__business", "business", "lead")
    job = get_object_or_404(of_lead, pk=job_id)
    shown = {"job": job, "lead": job.lead, "why": why(job, now=timezone.now())}
    template = "leads/_why.html" if request.htmx else "leads/why.html"
    return render(request, template, shown)
