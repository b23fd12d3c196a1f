"""Whether a lead may be called: put on the list, or taken off it, with the reason."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.actions import list_number, unlist_number
from calls.models import DoNotCall
from outbound.lead_forms import ReasonForm
from outbound.views.leads.detail import found
from tenants.access import Action, may
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.LIST_NUMBER)
def do_not_call(request: BusinessRequest, lead_id: uuid.UUID) -> HttpResponse:
    """Asks for what is not so now. The form says which it was, in case that changes meanwhile."""
    lead = found(request, lead_id)
    listed = DoNotCall.objects.for_business(request.business).filter(phone_e164=lead.phone_e164)
    entry = listed.first()
    off = request.POST["off"] == "1" if "off" in request.POST else entry is not None
    if off and not may(request.role, Action.MANAGE_LEADS):
        raise PermissionDenied
    if request.method == "GET" and entry is not None and entry.is_own_wish:
        return redirect("leads:lead", lead.pk)  # which says who may allow it
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        change = unlist_number if off else list_number
        try:
            change(
                business=request.business,
                phone_e164=lead.phone_e164,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            done = _("May be called again.") if off else _("Is never called again.")
            messages.success(request, done)
            return redirect("leads:lead", lead.pk)
    shown = {
        "lead": lead,
        "form": form,
        "off": off,
        "back": reverse("leads:lead", args=[lead.pk]),
    }
    return render(request, "leads/do_not_call.html", shown)
