"""The forms that edit the agent's own row."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import ModelForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.actions.configuring import save_configured
from calls.models import AgentSettings
from calls.settings_forms import (
    AppointmentRulesForm,
    ConversationForm,
    KeepingForm,
    PermissionsForm,
)
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.EDIT_SETTINGS)
def conversation(request: BusinessRequest) -> HttpResponse:
    return edit_agent(request, ConversationForm, _("How the agent listens"))


@page(Action.EDIT_SETTINGS)
def permissions(request: BusinessRequest) -> HttpResponse:
    return edit_agent(request, PermissionsForm, _("What the agent may do"))


@page(Action.EDIT_SETTINGS)
def appointment_rules(request: BusinessRequest) -> HttpResponse:
    return edit_agent(request, AppointmentRulesForm, _("Appointments"))


@page(Action.EDIT_SETTINGS)
def keeping(request: BusinessRequest) -> HttpResponse:
    return edit_agent(request, KeepingForm, _("Recordings and transcripts"))


def edit_agent(
    request: BusinessRequest,
    form_class: type[ModelForm[Any]],
    title: Any,
    template: str = "settings/form.html",
    **more: Any,
) -> HttpResponse:
    row = AgentSettings.objects.of(request.business)
    form = form_class(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        save_configured(row=row, changed=form.changed_data, by=request.user, now=now)
        messages.success(request, gettext("Saved. Calls that begin from now on follow it."))
        return redirect(request.path)
    return render(request, template, {"form": form, "title": title, **more})
