from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prosaas.dashboard.doctor import Check, Result, ask_carrier, examine, lines, worst
from prosaas.dashboard.figures import Overview, overview, troubles_of
from tenants.access import Action
from tenants.credentials import CredentialMissing, twilio_account
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.scoping import business_scope


@require_GET
@page()
def dashboard(request: BusinessRequest) -> HttpResponse:
    now = timezone.now()
    shown = overview(request.business, now)
    checks = _examined(request, now, troubles=shown.troubles)
    wanting = [check for check in checks if check.result is not Result.GOOD]
    context = _figures(shown) | {"wanting": wanting, "health": worst(checks)}
    return render(request, "dashboard/dashboard.html", context)


@require_GET
@page()
def figures(request: BusinessRequest) -> HttpResponse:
    """The part of the page that keeps itself up to date."""
    shown = overview(request.business, timezone.now())
    return render(request, "dashboard/_figures.html", _figures(shown))


@require_GET
@page()
def doctor(request: BusinessRequest) -> HttpResponse:
    return render(request, "dashboard/doctor.html", {"checks": _examined_now(request)})


@require_POST
@page(Action.EDIT_SETTINGS, scoped=False)
def ask_twilio(request: BusinessRequest) -> HttpResponse:
    """It changes nothing anywhere, so the answer is shown at once; reloading asks again."""
    with business_scope(request.business):
        checks = _examined_now(request)
        asked = lines(request.business)
        try:
            account = twilio_account(request.business)
        except CredentialMissing:
            account = None  # said among the checks
    answers = list(ask_carrier(account, asked)) if account else []
    context = {"checks": checks, "answers": answers, "was_asked": True}
    return render(request, "dashboard/doctor.html", context)


def _examined_now(request: BusinessRequest) -> list[Check]:
    now = timezone.now()
    return _examined(request, now, troubles=troubles_of(request.business, now))


def _examined(request: BusinessRequest, now: datetime, *, troubles: int) -> list[Check]:
    checks = examine(request.business, now, troubles=troubles)
    return [check.shown_to(request.role) for check in checks]


def _figures(shown: Overview) -> dict[str, Any]:
    return {"overview": shown, "chart": _chart(shown)}


def _chart(shown: Overview) -> dict[str, Any]:
    """What the script draws, in the words of the page."""
    return {
        "labels": [[date_format(day.day, "D"), date_format(day.day, "j")] for day in shown.days],
        "series": [
            {
                "label": _("Answered"),
                "color": "--color-success",
                "values": [day.answered for day in shown.days],
            },
            {
                "label": _("Missed"),
                "color": "--color-error",
                "values": [day.missed for day in shown.days],
            },
            {
                "label": _("Made by the agent"),
                "color": "--color-info",
                "values": [day.placed for day in shown.days],
            },
        ],
    }
