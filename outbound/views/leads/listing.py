"""All leads: found by name and number, filtered, and chosen for what is done to several."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from calls.models import Lead
from calls.models.lead import LeadQuerySet
from outbound import actions
from outbound.lead_forms import FilterForm
from outbound.lead_search import found
from outbound.models import LeadList, LeadListEntry
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.paging import page_of

MOST_LISTS = 200


@page()
def leads(request: BusinessRequest) -> HttpResponse:
    lists = LeadList.objects.for_business(request.business).order_by("name")
    form = FilterForm(request.GET, lists=lists)
    form.is_valid()
    rows: LeadQuerySet = Lead.objects.for_business(request.business)
    pages = page_of(
        _filtered(rows, form.cleaned_data, timezone.now()).with_do_not_call(),
        request,
        by=("created_at", "id"),
    )
    shown = {
        "form": form,
        "pages": pages,
        "lists": lists[:MOST_LISTS],
        "is_filtered": any(form.cleaned_data.values()),
        "is_narrowed": any(value for name, value in form.cleaned_data.items() if name != "q"),
    }
    return render(request, "leads/leads.html", shown)


def _filtered(rows: LeadQuerySet, wanted: dict[str, Any], now: datetime) -> LeadQuerySet:
    rows = found(rows, wanted.get("q", ""))
    if wanted.get("status"):
        rows = rows.filter(status=wanted["status"])
    if wanted.get("do_not_call"):
        rows = rows.listed(wanted["do_not_call"] == "yes")
    if wanted.get("last_call"):
        rows = rows.filter(_called(wanted["last_call"], now))
    if wanted.get("list"):
        entries = LeadListEntry.objects.filter(
            business=OuterRef("business"), lead=OuterRef("pk"), list=wanted["list"]
        )
        rows = rows.filter(Exists(entries))
    return rows


def _called(when: str, now: datetime) -> Q:
    month = now - timedelta(days=30)
    return {
        "week": Q(last_call_at__gte=now - timedelta(days=7)),
        "month": Q(last_call_at__gte=month),
        "older": Q(last_call_at__lt=month),
        "never": Q(last_call_at=None),
    }[when]


@require_POST
@page(Action.MANAGE_LEADS)
def chosen(request: BusinessRequest) -> HttpResponse:
    """Those that are ticked go into a list, or two of them are looked at as one person."""
    ids = _ids(request.POST.getlist("lead"))
    picked = list(Lead.objects.for_business(request.business).filter(pk__in=ids).order_by("pk"))
    back = _back(request)
    if not picked:
        messages.warning(request, _("Tick the leads first."))
        return redirect(back)
    if request.POST.get("do") == "merge":
        if len(picked) == 2:
            return redirect("leads:merge", picked[0].pk, picked[1].pk)
        messages.warning(request, _("Tick exactly two leads to join them."))
        return redirect(back)
    wanted = _ids([request.POST.get("list", "")])
    if not wanted:
        messages.warning(request, _("Choose the list first."))
        return redirect(back)
    into = get_object_or_404(LeadList.objects.for_business(request.business), pk=wanted[0])
    actions.put_in_list(lead_list=into, leads=picked, by=request.user, now=timezone.now())
    messages.success(request, _("They are in the list “%(name)s”.") % {"name": into.name})
    return redirect(back)


def _ids(written: list[str]) -> list[uuid.UUID]:
    found_ids = []
    for one in written[:200]:
        try:
            found_ids.append(uuid.UUID(one))
        except ValueError:
            continue
    return found_ids


def _back(request: BusinessRequest) -> str:
    """The page of the list that they were ticked on: our own address, its question put anew."""
    names = ("q", "status", "do_not_call", "last_call", "in", "before", "after")
    asked = {name: request.POST[f"was_{name}"] for name in names if request.POST.get(f"was_{name}")}
    if "in" in asked:
        asked["list"] = asked.pop("in")
    return reverse("leads:list") + (f"?{urlencode(asked)}" if asked else "")
