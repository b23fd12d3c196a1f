"""Two leads that may be one person, side by side."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from calls.models import Appointment, Call, LeadField, LeadNote
from outbound import actions
from outbound.duplicates import duplicates
from outbound.lead_forms import MergeForm
from outbound.models import OutboundCallJob, TwoPeople
from outbound.views.leads.detail import details, found
from outbound.views.leads.errors import tell_form, tell_page
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.MANAGE_LEADS)
def suggestions(request: BusinessRequest) -> HttpResponse:
    after = request.GET.get("after", "").replace("\x00", "")
    pairs = duplicates(request.business, after=after)
    return render(request, "leads/duplicates.html", {"pairs": pairs, "here": after})


@page(Action.MANAGE_LEADS)
def merge(request: BusinessRequest, keep_id: uuid.UUID, drop_id: uuid.UUID) -> HttpResponse:
    if keep_id == drop_id:
        raise Http404
    keep, drop = found(request, keep_id), found(request, drop_id)
    fields = list(LeadField.objects.for_business(request.business).in_order())
    form = MergeForm(request.POST or None, keep=keep, drop=drop, own=fields)
    if request.method == "POST" and form.is_valid():
        try:
            actions.merge_leads(
                keep=keep,
                drop=drop,
                values=form.values,
                facts=form.facts,
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The two are one lead now."))
            return redirect("leads:lead", keep.pk)
        except ValidationError as error:
            tell_form(form, error)
    sides = [
        {"lead": lead, "details": details(lead, fields), "counts": _counts(request, lead)}
        for lead in (keep, drop)
    ]
    apart = TwoPeople.objects.for_business(request.business).among([keep, drop])
    shown = {"keep": keep, "drop": drop, "sides": sides, "form": form, "are_apart": bool(apart)}
    return render(request, "leads/merge.html", shown)


@require_POST
@page(Action.MANAGE_LEADS)
def keep_apart(request: BusinessRequest, keep_id: uuid.UUID, drop_id: uuid.UUID) -> HttpResponse:
    """Back to where the list of proposals was looked through."""
    one, other = found(request, keep_id), found(request, drop_id)
    try:
        actions.keep_apart(one=one, other=other, by=request.user, now=timezone.now())
        messages.success(request, _("They stay two leads, and are not proposed again."))
    except ValidationError as error:
        tell_page(request, error)
    after = request.POST.get("after", "").replace("\x00", "")
    here = reverse("leads:duplicates")
    return redirect(f"{here}?{urlencode({'after': after})}" if after else here)


def _counts(request: BusinessRequest, lead: Any) -> list[tuple[str, int]]:
    rows: tuple[tuple[str, Any], ...] = (
        (_("Calls"), Call),
        (_("Places in runs"), OutboundCallJob),
        (_("Appointments"), Appointment),
        (_("Notes"), LeadNote),
    )
    return [
        (label, model.objects.for_business(request.business).filter(lead=lead).count())
        for label, model in rows
    ]
