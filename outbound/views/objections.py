"""Who is not to be called."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from calls.actions.do_not_call import list_number, unlist_number
from calls.models import DoNotCall
from calls.telephones import readable
from outbound.contacts.export import csv_of
from outbound.finding import numbers_written
from outbound.forms import NumberForm, UnlistForm, add_errors
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.models import Business
from tenants.paging import page_of
from tenants.scoping import business_scope

AT_A_TIME: Final = 2000


@page()
def do_not_call(request: BusinessRequest) -> HttpResponse:
    return _list(request, NumberForm(business=request.business))


@page(Action.LIST_NUMBER)
def list_telephone(request: BusinessRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("outbound:do_not_call")
    form = NumberForm(request.POST, business=request.business)
    if form.is_valid():
        number = form.cleaned_data["number"]
        try:
            is_new = list_number(
                business=request.business, phone_e164=number, by=request.user, now=timezone.now()
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            _tell(request, number, is_new)
            return redirect("outbound:do_not_call")
    return _list(request, form)


def _tell(request: BusinessRequest, number: str, is_new: bool) -> None:
    shown = {"number": f"\u2066{readable(number)}\u2069"}
    if is_new:
        messages.success(request, gettext("%(number)s is not called any more.") % shown)
    else:
        messages.info(request, gettext("%(number)s was on the list already.") % shown)


def _list(request: BusinessRequest, form: NumberForm) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\x00", "").strip()[:40]
    entries = DoNotCall.objects.for_business(request.business)
    if asked:
        entries = entries.filter(phone_e164__in=numbers_written(asked, request.business))
    context: dict[str, Any] = {
        "form": form,
        "asked": asked,
        "pages": page_of(entries, request, by=("since", "id")),
    }
    return render(request, "outbound/do_not_call.html", context)


@page(Action.MANAGE_LEADS)
def unlist(request: BusinessRequest, entry_id: uuid.UUID) -> HttpResponse:
    entries = DoNotCall.objects.for_business(request.business).select_related("business")
    entry = get_object_or_404(entries, pk=entry_id)
    back = reverse("outbound:do_not_call")
    if request.method == "GET" and entry.is_own_wish:
        return redirect(back)
    form = UnlistForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            unlist_number(
                business=request.business,
                phone_e164=entry.phone_e164,
                reason=reason,
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            shown = {"number": f"\u2066{readable(entry.phone_e164)}\u2069"}
            messages.success(request, gettext("%(number)s may be called again.") % shown)
            return redirect(back)
    context = {
        "title": gettext("Take %(number)s off the list")
        % {"number": f"\u2066{readable(entry.phone_e164)}\u2069"},
        "text": gettext("From then on your runs may call this number again."),
        "yes": gettext("Take it off the list"),
        "form": form,
        "back": back,
    }
    return render(request, "parts/ask.html", context)


@page(Action.EXPORT_LEADS, scoped=False)
def export_do_not_call(request: BusinessRequest) -> HttpResponseBase:
    header = [gettext("Telephone"), gettext("Since"), gettext("Said so by")]
    # Translated, and told by the clock of the business, here: the rows are written when this
    # request is over.
    names = {str(via): str(label) for via, label in DoNotCall._meta.get_field("via").choices or ()}
    response = StreamingHttpResponse(
        csv_of(header, _rows(request.business, names)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="do-not-call.csv"'
    return response


def _rows(business: Business, names: dict[str, str]) -> Iterator[list[str]]:
    """In scopes of their own, some thousands at a time: a reader may be slow."""
    after, zone = "", ZoneInfo(business.timezone)
    while True:
        with business_scope(business):
            entries = DoNotCall.objects.for_business(business).filter(phone_e164__gt=after)
            rows = list(entries.order_by("phone_e164")[:AT_A_TIME])
        for entry in rows:
            since = timezone.localtime(entry.since, zone)
            yield [entry.phone_e164, f"{since:%Y-%m-%d %H:%M}", names[entry.via]]
        if len(rows) < AT_A_TIME:
            return
        after = rows[-1].phone_e164
