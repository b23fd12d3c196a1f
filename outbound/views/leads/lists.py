"""Leads under one name, to make runs of."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from calls.models import DoNotCall
from outbound import actions
from outbound.lead_forms import ListForm
from outbound.models import LeadList, LeadListEntry
from outbound.views.leads.detail import found
from outbound.views.leads.errors import tell_form, tell_page
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.paging import page_of

COUNTED = 1000
COUNTED_ALONE = 50_000


@page()
def lists(request: BusinessRequest) -> HttpResponse:
    """With a form for a new one, for whoever may make it."""
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_list(
                business=request.business,
                name=form.cleaned_data["name"],
                by=request.user,
                now=timezone.now(),
            )
            return redirect("leads:of-list", made.pk)
        except ValidationError as error:
            tell_form(form, error)
    of_business = LeadList.objects.for_business(request.business)
    pages = page_of(of_business, request, by=("created_at", "id"))
    sizes = _sizes(pages.rows, COUNTED)
    rows = [{"list": one, "size": sizes[one.pk]} for one in pages.rows]
    return render(request, "leads/lists.html", {"pages": pages, "rows": rows, "form": form})


@dataclass(frozen=True, slots=True)
class Size:
    count: int
    has_more: bool


def _sizes(lists: Collection[LeadList], most: int) -> dict[uuid.UUID, Size]:
    counts = LeadListEntry.objects.counts_of(lists, most=most + 1)
    return {one.pk: Size(min(counts[one.pk], most), counts[one.pk] > most) for one in lists}


def _found(request: BusinessRequest, list_id: uuid.UUID) -> LeadList:
    of_business = LeadList.objects.for_business(request.business).select_related("business")
    lead_list: LeadList = get_object_or_404(of_business, pk=list_id)
    return lead_list


@page()
def lead_list(request: BusinessRequest, list_id: uuid.UUID) -> HttpResponse:
    one = _found(request, list_id)
    entries = LeadListEntry.objects.for_business(request.business).filter(list=one)
    pages = page_of(entries.prefetch_related("lead"), request, by=("added_at", "id"))
    numbers = [entry.lead.phone_e164 for entry in pages.rows]
    listed = DoNotCall.objects.for_business(request.business).filter(phone_e164__in=numbers)
    shown = {
        "list": one,
        "pages": pages,
        "size": _sizes([one], COUNTED_ALONE)[one.pk],
        "listed": set(listed.values_list("phone_e164", flat=True)),
    }
    return render(request, "leads/list.html", shown)


@page(Action.MANAGE_LEADS)
def rename(request: BusinessRequest, list_id: uuid.UUID) -> HttpResponse:
    one = _found(request, list_id)
    form = ListForm(request.POST or None, initial={"name": one.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_list(
                lead_list=one,
                name=form.cleaned_data["name"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved."))
            return redirect("leads:of-list", one.pk)
        except ValidationError as error:
            tell_form(form, error)
    shown = {"form": form, "title": _("Rename the list"), "back": "leads:lists"}
    return render(request, "leads/form.html", shown)


@page(Action.MANAGE_LEADS)
def delete(request: BusinessRequest, list_id: uuid.UUID) -> HttpResponse:
    one = _found(request, list_id)
    if request.method == "POST":
        try:
            actions.delete_list(lead_list=one, by=request.user, now=timezone.now())
        except ValidationError as error:
            tell_page(request, error)
            return redirect("leads:of-list", one.pk)
        messages.success(request, _("The list is gone. Its leads are still there."))
        return redirect("leads:lists")
    asked = {
        "title": _("Delete the list “%(name)s”?") % {"name": one.name},
        "text": _("The leads in it stay, and so do runs that were made of it."),
        "yes": _("Delete the list"),
        "back": reverse("leads:of-list", args=[one.pk]),
    }
    return render(request, "parts/ask.html", asked)


@require_POST
@page(Action.MANAGE_LEADS)
def put_in(request: BusinessRequest, lead_id: uuid.UUID) -> HttpResponse:
    lead = found(request, lead_id)
    wanted = request.POST.get("list", "")
    try:
        one = _found(request, uuid.UUID(wanted))
    except ValueError:
        messages.warning(request, _("Choose the list first."))
        return redirect("leads:lead", lead.pk)
    actions.put_in_list(lead_list=one, leads=[lead], by=request.user, now=timezone.now())
    return redirect("leads:lead", lead.pk)


@require_POST
@page(Action.MANAGE_LEADS)
def take_out(request: BusinessRequest, list_id: uuid.UUID, lead_id: uuid.UUID) -> HttpResponse:
    one, lead = _found(request, list_id), found(request, lead_id)
    actions.take_out_of_list(lead_list=one, lead=lead, by=request.user, now=timezone.now())
    if request.POST.get("next") == "lead":
        return redirect("leads:lead", lead.pk)
    return redirect("leads:of-list", one.pk)
