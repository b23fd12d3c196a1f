"""The menu of the web UI: the one place that knows the screens of every app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.access import Action, may


@dataclass(frozen=True, slots=True)
class Entry:
    label: str | Promise
    view: str
    action: Action = Action.SEE_PAGES


ENTRIES: Final = (
    Entry(_("Overview"), "dashboard"),
    Entry(_("Calls"), "calls:calls"),
    Entry(_("Live"), "calls:live"),
    Entry(_("Leads"), "leads:list"),
    Entry(_("Outbound calls"), "outbound:runs"),
    Entry(_("Appointments"), "calls:appointments"),
    Entry(_("Prompts"), "prompts:overview"),
    Entry(_("Talk to your agent"), "calls:try", Action.TRY_AGENT),
    Entry(_("Settings"), "settings:overview", Action.EDIT_SETTINGS),
    Entry(_("Team"), "tenants:team", Action.SEE_TEAM),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """For every template; nothing where the page belongs to no business."""
    role = getattr(request, "role", "")
    return {
        "navigation": [_shown(entry, request.path) for entry in ENTRIES if may(role, entry.action)]
    }


def _shown(entry: Entry, path: str) -> dict[str, Any]:
    url = reverse(entry.view)
    current = path == url if url == "/" else path.startswith(url)
    return {"label": entry.label, "url": url, "current": current}
