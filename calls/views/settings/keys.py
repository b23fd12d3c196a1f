"""Accounts of the business's own. What is stored never goes to a browser again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from calls.actions.checking import Check, check_openai, check_twilio
from calls.settings_forms import OpenAIKeyForm, TwilioKeyForm
from tenants.access import Action
from tenants.actions import forget_credential, store_credential
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.models import Credential

FORMS = {Credential.Provider.OPENAI: OpenAIKeyForm, Credential.Provider.TWILIO: TwilioKeyForm}
CHECKS = {Credential.Provider.OPENAI: check_openai, Credential.Provider.TWILIO: check_twilio}


@page(Action.EDIT_CREDENTIALS)
def keys(request: BusinessRequest) -> HttpResponse:
    own = {one.provider for one in Credential.objects.for_business(request.business)}
    providers = [(one.value, one.label, one.value in own) for one in Credential.Provider]
    context = {"providers": providers, "title": gettext("Access keys")}
    return render(request, "settings/keys.html", context)


@page(Action.EDIT_CREDENTIALS)
def new_key(request: BusinessRequest, provider: str) -> HttpResponse:
    known = _known(provider)
    form = FORMS[known](request.POST or None)
    if request.method == "POST" and form.is_valid():
        store_credential(
            business=request.business,
            provider=known,
            secret=form.cleaned_data["secret"],
            account_sid=form.cleaned_data.get("account_sid", ""),
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, gettext("Stored. Press “Check” to see whether it is good."))
        return redirect("settings:keys")
    return render(request, "settings/form.html", {"form": form, "title": known.label})


@require_POST
@page(Action.EDIT_CREDENTIALS, scoped=False)
def check_key(request: BusinessRequest, provider: str) -> HttpResponse:
    known = _known(provider)
    check = CHECKS[known](business=request.business, by=request.user, now=timezone.now())
    level = messages.success if check.good else messages.error
    level(request, f"{known.label}: {_in_words(check)}")
    return redirect("settings:keys")


@page(Action.EDIT_CREDENTIALS)
def forget_key(request: BusinessRequest, provider: str) -> HttpResponse:
    own = Credential.objects.for_business(request.business).select_related("business")
    credential = get_object_or_404(own, provider=_known(provider))
    if request.method == "POST":
        forget_credential(credential=credential, by=request.user, now=timezone.now())
        messages.success(request, gettext("The key is forgotten."))
        return redirect("settings:keys")
    context = {
        "title": gettext("Forget this key?"),
        "text": gettext("Calls run on the account of the installation from then on."),
        "yes": gettext("Forget"),
        "back": reverse("settings:keys"),
    }
    return render(request, "parts/ask.html", context)


def _known(provider: str) -> Credential.Provider:
    try:
        return Credential.Provider(provider)
    except ValueError as error:
        raise Http404 from error


def _in_words(check: Check) -> str:
    if check.good:
        return gettext("the account answers. Calls can run on it.")
    if check.missing:
        return gettext("there is no account yet. Store a key first.")
    if check.refused:
        return gettext("the account was refused. Check the key and whether the account is paid.")
    return gettext("nobody answered. Try again in a minute.")
