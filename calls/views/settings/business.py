from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from tenants.access import Action
from tenants.actions import edit_business, label_number
from tenants.credentials import own_twilio_account
from tenants.decorators import page
from tenants.forms import BusinessForm, NumberForm
from tenants.http import BusinessRequest
from tenants.models import NumberRequest, PhoneNumber


@page(Action.EDIT_SETTINGS)
def business(request: BusinessRequest) -> HttpResponse:
    form = BusinessForm(request.POST or None, instance=request.business)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        edit_business(
            business=request.business, changed=form.changed_data, by=request.user, now=now
        )
        messages.success(request, gettext("Saved."))
        return redirect("settings:business")
    return render(request, "settings/form.html", {"form": form, "title": gettext("Business")})


@page(Action.EDIT_SETTINGS)
def numbers(request: BusinessRequest) -> HttpResponse:
    found = PhoneNumber.objects.for_business(request.business).order_by("e164")
    requests = NumberRequest.objects.for_business(request.business)
    slug = request.business.slug
    incoming = settings.PUBLIC_URL + reverse("calls:incoming", args=[slug])
    status = settings.PUBLIC_URL + reverse("calls:call-status", args=[slug])
    context = {
        "title": gettext("Telephone numbers"),
        "numbers": found,
        "incoming_url": incoming,
        "status_url": status,
        "has_own_account": own_twilio_account(request.business) is not None,
        "asked": requests.order_by("-asked_at", "-pk").first(),
    }
    return render(request, "settings/numbers.html", context)


@page(Action.EDIT_SETTINGS)
def number(request: BusinessRequest, number_id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(PhoneNumber.objects.for_business(request.business), pk=number_id)
    form = NumberForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        label = form.cleaned_data["label"]
        label_number(number=found, label=label, by=request.user, now=timezone.now())
        messages.success(request, gettext("Saved."))
        return redirect("settings:numbers")
    context = {"form": form, "title": gettext("Number"), "subject": found.e164}
    return render(request, "settings/form.html", context)
