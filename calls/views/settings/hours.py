from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from calls.actions.configuring import close_on, open_again, set_opening_hours
from calls.models import ClosedDay, OpeningHours
from calls.settings_forms import ClosedDayForm, HoursForm
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.EDIT_SETTINGS)
def hours(request: BusinessRequest) -> HttpResponse:
    known = OpeningHours.objects.for_business(request.business)
    form = HoursForm(request.POST or None, hours=known)
    if request.method == "POST" and form.is_valid():
        set_opening_hours(
            business=request.business, hours=form.hours(), by=request.user, now=timezone.now()
        )
        messages.success(request, gettext("Saved. The agent knows the new hours at once."))
        return redirect("settings:hours")
    return _show(request, form, ClosedDayForm())


@page(Action.EDIT_SETTINGS)
def closed_day(request: BusinessRequest) -> HttpResponse:
    form = ClosedDayForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        close_on(
            business=request.business,
            day=form.cleaned_data["date"],
            note=form.cleaned_data["note"],
            by=request.user,
            now=timezone.now(),
        )
        return redirect("settings:hours")
    return _show(
        request, HoursForm(hours=OpeningHours.objects.for_business(request.business)), form
    )


@require_POST
@page(Action.EDIT_SETTINGS)
def open_day(request: BusinessRequest, day_id: uuid.UUID) -> HttpResponse:
    closed = get_object_or_404(ClosedDay.objects.for_business(request.business), pk=day_id)
    open_again(closed=closed, by=request.user, now=timezone.now())
    return redirect("settings:hours")


def _show(request: BusinessRequest, form: HoursForm, closed_form: ClosedDayForm) -> HttpResponse:
    today = timezone.localdate()
    closed = ClosedDay.objects.for_business(request.business).filter(date__gte=today)
    context = {
        "title": gettext("Opening hours"),
        "form": form,
        "closed_form": closed_form,
        "closed": closed.order_by("date")[:100],
    }
    return render(request, "settings/hours.html", context)
