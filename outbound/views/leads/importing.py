"""A file of leads: uploaded, looked at, brought in, and told of. Every step can be left."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.models import LeadField
from outbound import actions
from outbound.contacts.columns import Mapping
from outbound.contacts.problems import SENTENCES, Problem
from outbound.lead_forms import MappingForm, UploadForm
from outbound.models import ImportStatus, LeadImport, LeadImportError, LeadList
from outbound.views.leads.errors import tell_form, tell_page
from tenants.access import Action
from tenants.actions import record_audit
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.paging import page_of
from tenants.scoping import business_scope

ERRORS_SHOWN = 20


@page(Action.MANAGE_LEADS)
def imports(request: BusinessRequest) -> HttpResponse:
    of_business = LeadImport.objects.for_business(request.business).select_related("list")
    pages = page_of(of_business, request, by=("created_at", "id"))
    return render(request, "leads/imports.html", {"pages": pages})


@page(Action.MANAGE_LEADS, scoped=False)
def upload(request: BusinessRequest) -> HttpResponse:
    """Large files are weighed and looked into before any transaction is opened."""
    with business_scope(request.business):
        lists = LeadList.objects.for_business(request.business).order_by("name")
        form = UploadForm(request.POST or None, request.FILES or None, lists=lists)
        is_meant = request.method == "POST" and form.is_valid()
    if is_meant:
        try:
            uploaded = _uploaded(request, form)
            return redirect("leads:import", uploaded.pk)
        except ValidationError as error:
            form.add_error("file", error.messages)
    with business_scope(request.business):
        return render(request, "leads/upload.html", {"form": form})


def _uploaded(request: BusinessRequest, form: UploadForm) -> LeadImport:
    file, now = form.cleaned_data["file"], timezone.now()
    uploaded = actions.upload_leads(
        business=request.business,
        list_name=form.list_name,
        file_name=file.name.replace("\x00", ""),
        file=file,
        by=request.user,
        now=now,
        region=form.cleaned_data["region"],
    )
    with business_scope(request.business):
        record_audit(
            business=request.business,
            action="leads.consent_stated",
            by=request.user,
            now=now,
            subject=str(uploaded.pk),
        )
    return uploaded


def _found(request: BusinessRequest, import_id: uuid.UUID) -> LeadImport:
    of_business = LeadImport.objects.for_business(request.business)
    found: LeadImport = get_object_or_404(
        of_business.select_related("list", "business"), pk=import_id
    )
    return found


@page(Action.MANAGE_LEADS)
def import_page(request: BusinessRequest, import_id: uuid.UUID) -> HttpResponse:
    """Whatever this import waits for: its columns, its end, or nothing any more."""
    found = _found(request, import_id)
    if found.status != ImportStatus.MAPPING:
        return render(request, "leads/import.html", _told(request, found))
    own = list(LeadField.objects.for_business(request.business).in_order())
    form = MappingForm(request.POST or None, mapping=Mapping.model_validate(found.mapping), own=own)
    if request.method == "POST" and form.is_valid():
        try:
            actions.confirm_mapping(
                upload=found,
                mapping=form.cleaned_data["mapping"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The import runs. You can leave this page meanwhile."))
            return redirect("leads:import", found.pk)
        except ValidationError as error:
            tell_form(form, error)
    return render(request, "leads/mapping.html", {"found": found, "form": form})


@page(Action.MANAGE_LEADS)
def progress(request: BusinessRequest, import_id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes while the import runs. It stops asking at the end."""
    found = _found(request, import_id)
    if not request.htmx:
        return redirect("leads:import", found.pk)
    return render(request, "leads/_import.html", _told(request, found))


@page(Action.MANAGE_LEADS)
def stop_import(request: BusinessRequest, import_id: uuid.UUID) -> HttpResponse:
    found = _found(request, import_id)
    if request.method == "POST":
        try:
            actions.stop_import(upload=found, by=request.user, now=timezone.now())
            messages.success(request, _("The import is stopped."))
        except ValidationError as error:
            tell_page(request, error)
        return redirect("leads:import", found.pk)
    asked = {
        "title": _("Stop the import of “%(name)s”?") % {"name": found.file_name},
        "text": _(
            "Whoever was brought in already stays. The rest of the file is not read any more."
        ),
        "yes": _("Stop the import"),
        "back": reverse("leads:import", args=[found.pk]),
    }
    return render(request, "parts/ask.html", asked)


def _told(request: BusinessRequest, found: LeadImport) -> dict[str, Any]:
    errors = LeadImportError.objects.for_business(request.business).filter(lead_import=found)
    shown = list(errors.order_by("row")[:ERRORS_SHOWN])
    return {
        "found": found,
        "runs": found.status == ImportStatus.RUNNING,
        "errors": [{"error": error, "problem": _sentence(error.code)} for error in shown],
        "more_errors": max(0, found.bad_rows - len(shown)),
    }


def _sentence(code: str) -> str:
    return str(SENTENCES[Problem(code)]) if code in set(Problem) else code


@page(Action.MANAGE_LEADS)
def errors_file(request: BusinessRequest, import_id: uuid.UUID) -> HttpResponse:
    found = _found(request, import_id)
    content = b"".join(actions.errors_of(found))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="errors-{found.pk}.csv"'
    return response
