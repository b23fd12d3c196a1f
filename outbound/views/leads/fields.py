"""What this business wants to know of each lead."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from calls.actions import delete_lead_field, move_lead_field, save_lead_field
from calls.models import LeadField
from outbound.lead_forms import FieldForm
from outbound.views.leads.errors import tell_form
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.EDIT_SETTINGS)
def fields(request: BusinessRequest) -> HttpResponse:
    own = LeadField.objects.for_business(request.business).in_order()
    return render(request, "leads/fields.html", {"fields": own})


@page(Action.EDIT_SETTINGS)
def new_field(request: BusinessRequest) -> HttpResponse:
    return _edited(request, None)


@page(Action.EDIT_SETTINGS)
def edit_field(request: BusinessRequest, field_id: uuid.UUID) -> HttpResponse:
    return _edited(request, _found(request, field_id))


def _found(request: BusinessRequest, field_id: uuid.UUID) -> LeadField:
    fields = LeadField.objects.for_business(request.business).select_related("business")
    field: LeadField = get_object_or_404(fields, pk=field_id)
    return field


def _edited(request: BusinessRequest, field: LeadField | None) -> HttpResponse:
    form = FieldForm(request.POST or None, initial=_known(field) if field else None)
    if request.method == "POST" and form.is_valid():
        try:
            save_lead_field(
                business=request.business,
                field=field,
                label=form.cleaned_data["label"],
                kind=form.cleaned_data["kind"],
                choices=form.cleaned_data["choices"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved."))
            return redirect("leads:fields")
        except ValidationError as error:
            tell_form(form, error)
    title = _("Field of leads") if field else _("New field of leads")
    return render(
        request, "leads/form.html", {"form": form, "title": title, "back": "leads:fields"}
    )


def _known(field: LeadField) -> dict[str, str]:
    return {"label": field.label, "kind": field.kind, "choices": "\n".join(field.choices)}


@require_POST
@page(Action.EDIT_SETTINGS)
def move_field(request: BusinessRequest, field_id: uuid.UUID) -> HttpResponse:
    up = request.POST.get("to") == "up"
    move_lead_field(field=_found(request, field_id), up=up, by=request.user, now=timezone.now())
    return redirect("leads:fields")


@page(Action.EDIT_SETTINGS)
def delete_field(request: BusinessRequest, field_id: uuid.UUID) -> HttpResponse:
    field = _found(request, field_id)
    if request.method == "POST":
        delete_lead_field(field=field, by=request.user, now=timezone.now())
        messages.success(request, _("The field is gone."))
        return redirect("leads:fields")
    asked = {
        "title": _("Give up the field “%(name)s”?") % {"name": field.label},
        "text": _("What is known of your leads stays with them, among their other details."),
        "yes": _("Give it up"),
        "back": reverse("leads:fields"),
    }
    return render(request, "parts/ask.html", asked)
