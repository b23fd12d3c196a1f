"""A number for the business: one of its own account, or one that the operator is asked for."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from calls.actions.adding_numbers import add_own_number
from calls.settings_forms import AddNumberForm, AskForNumberForm
from tenants.access import Action
from tenants.credentials import own_twilio_account
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.number_requests import request_number
from tenants.scoping import business_scope


@page(Action.CLAIM_NUMBER, scoped=False)
def add_number(request: BusinessRequest) -> HttpResponse:
    with business_scope(request.business):
        if own_twilio_account(request.business) is None:
            return redirect("settings:ask-for-number")
    form = AddNumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _added(request, form):
        return redirect("settings:numbers")
    context = {
        "form": form,
        "title": gettext("Add a number"),
        "text": gettext(
            "It has to be in your own account with Twilio. From then on your agent answers it: what "
            "answered it before is replaced there."
        ),
        "yes": gettext("Add it"),
        "harmless": True,
        "back": reverse("settings:numbers"),
    }
    with business_scope(request.business):
        return render(request, "parts/ask.html", context)


def _added(request: BusinessRequest, form: AddNumberForm) -> bool:
    e164 = form.cleaned_data["e164"]
    try:
        added = add_own_number(
            business=request.business, e164=e164, by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        form.add_error("e164", ValidationError(error.messages))
        return False
    if added.leads_here:
        messages.success(request, gettext("Your agent answers this number from now on."))
    else:
        messages.warning(
            request,
            gettext(
                "The number is yours, but Twilio could not be told to bring its calls here. Set the "
                "addresses below there."
            ),
        )
    return True


@page(Action.CLAIM_NUMBER)
def ask_for_number(request: BusinessRequest) -> HttpResponse:
    form = AskForNumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            request_number(
                business=request.business,
                note=form.cleaned_data["note"],
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
        else:
            messages.success(request, gettext("The operator has been asked."))
        return redirect("settings:numbers")
    context = {
        "form": form,
        "title": gettext("Ask the operator for a number"),
        "text": gettext(
            "Your calls run on the account of this service, and its operator says which number is "
            "yours. With an account of your own, stored under Access keys, you add numbers yourself."
        ),
        "yes": gettext("Ask"),
        "harmless": True,
        "back": reverse("settings:numbers"),
    }
    return render(request, "parts/ask.html", context)
