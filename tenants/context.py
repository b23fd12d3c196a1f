from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from tenants.access import Action, may
from tenants.decorators import FIELD

THEMES = ("light", "dark")


def business(request: HttpRequest) -> dict[str, Any]:
    """For every template: whose page this is, and what may be done on it (`may.edit_prompt`)."""
    role = getattr(request, "role", "")
    theme = request.COOKIES.get("theme", "")
    return {
        "business": getattr(request, "business", None),
        "role": role,
        "impersonation": getattr(request, "impersonation", None),
        "memberships": getattr(request, "memberships", []),
        "may": {action.name.lower(): may(role, action) for action in Action},
        "business_field": FIELD,
        "theme": theme if theme in THEMES else "",
    }
