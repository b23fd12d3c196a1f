"""Calls that are live in the rows alone, with the button that ends one."""

from __future__ import annotations

from typing import Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.stuck import Why, stuck_calls, why_stuck

CALLS_A_PAGE: Final = 50
REASONS: Final = {
    Why.NEVER_ANSWERED: _("Never answered, and never ended."),
    Why.NO_MEDIA: _("Answered, and no sound has reached us since."),
    Why.TOO_LONG: _("Goes on for longer than the business allows."),
}


def stuck(request: HttpRequest) -> TemplateResponse:
    calls = stuck_calls(now=timezone.now()).select_related("business").order_by("created_at", "pk")
    page = Paginator(calls, CALLS_A_PAGE).get_page(request.GET.get("p"))
    context = {
        **admin.site.each_context(request),
        "title": _("Stuck calls"),
        "page": page,
        "calls": [(call, REASONS[why_stuck(call)]) for call in page],
    }
    return TemplateResponse(request, "backoffice/stuck.html", context)
