"""Addresses of the business's own that the agent may ask."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from calls.actions.configuring import remove_tool, save_configured
from calls.models import HttpTool
from calls.settings_forms import ToolForm
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest


@page(Action.EDIT_SETTINGS)
def tools(request: BusinessRequest) -> HttpResponse:
    found = HttpTool.objects.for_business(request.business).order_by("name")
    return render(request, "settings/tools.html", {"tools": found, "title": gettext("Own tools")})


@page(Action.EDIT_SETTINGS)
def tool(request: BusinessRequest, tool_id: uuid.UUID | None = None) -> HttpResponse:
    row = _tool(request, tool_id) if tool_id else HttpTool(business=request.business)
    form = ToolForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["new_secret"]:
            row.secret = form.cleaned_data["new_secret"]
        save_configured(row=row, changed=form.changed_data, by=request.user, now=timezone.now())
        messages.success(request, gettext("Saved."))
        return redirect("settings:tools")
    context = {
        "form": form,
        "title": gettext("Own tool"),
        "delete": reverse("settings:delete-tool", args=[tool_id]) if tool_id else "",
    }
    return render(request, "settings/form.html", context)


@page(Action.EDIT_SETTINGS)
def delete_tool(request: BusinessRequest, tool_id: uuid.UUID) -> HttpResponse:
    row = _tool(request, tool_id)
    if request.method == "POST":
        remove_tool(tool=row, by=request.user, now=timezone.now())
        messages.success(request, gettext("The agent does not ask there any more."))
        return redirect("settings:tools")
    context = {
        "title": gettext("Remove the tool?"),
        "text": gettext("%(name)s and its secret are forgotten.") % {"name": row.name},
        "yes": gettext("Remove"),
        "back": reverse("settings:tools"),
    }
    return render(request, "parts/ask.html", context)


def _tool(request: BusinessRequest, tool_id: uuid.UUID) -> HttpTool:
    tools = HttpTool.objects.for_business(request.business).select_related("business")
    row: HttpTool = get_object_or_404(tools, pk=tool_id)
    return row
