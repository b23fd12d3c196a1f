"""Whom callers are put through to."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.actions.configuring import remove_target, save_configured
from calls.models import TransferTarget
from calls.settings_forms import TargetForm, TransferRulesForm
from calls.views.settings.agent import edit_agent
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.EDIT_SETTINGS)
def people(request: BusinessRequest) -> HttpResponse:
    targets = TransferTarget.objects.for_business(request.business)
    return edit_agent(
        request,
        TransferRulesForm,
        _("People who take over"),
        "settings/people.html",
        targets=targets.order_by("position", "name", "pk"),
    )


@page(Action.EDIT_SETTINGS)
def person(request: BusinessRequest, target_id: uuid.UUID | None = None) -> HttpResponse:
    target = _target(request, target_id) if target_id else TransferTarget(business=request.business)
    form = TargetForm(request.POST or None, instance=target)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        save_configured(row=target, changed=form.changed_data, by=request.user, now=now)
        messages.success(request, gettext("Saved."))
        return redirect("settings:people")
    context = {
        "form": form,
        "title": gettext("Person who takes over"),
        "delete": reverse("settings:delete-person", args=[target_id]) if target_id else "",
    }
    return render(request, "settings/form.html", context)


@page(Action.EDIT_SETTINGS)
def delete_person(request: BusinessRequest, target_id: uuid.UUID) -> HttpResponse:
    target = _target(request, target_id)
    if request.method == "POST":
        remove_target(target=target, by=request.user, now=timezone.now())
        messages.success(request, gettext("Nobody is put through there any more."))
        return redirect("settings:people")
    context = {
        "title": gettext("Remove from the list?"),
        "text": gettext("%(name)s is not rung any more. Calls of the past stay as they are.")
        % {"name": target.name},
        "yes": gettext("Remove"),
        "back": reverse("settings:people"),
    }
    return render(request, "parts/ask.html", context)


def _target(request: BusinessRequest, target_id: uuid.UUID) -> TransferTarget:
    targets = TransferTarget.objects.for_business(request.business).select_related("business")
    target: TransferTarget = get_object_or_404(targets, pk=target_id)
    return target
