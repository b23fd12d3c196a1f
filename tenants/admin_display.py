"""How the operator's pages show what was said and what was written down."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext

from tenants.admin_site import ltr


class ReadOnlyRows:
    """What belongs to a row, as it was written down."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def words(text: str) -> SafeString:
    """In the direction of the words themselves, whatever the language of the page."""
    return format_html('<pre class="words" dir="auto">{}</pre>', text)


def as_json(value: Any) -> SafeString:
    written = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="words" dir="ltr">{}</pre>', written)


def link(row: Model | None) -> SafeString:
    """A lead is called by a name or by a number; each is shown in its own direction."""
    if row is None:
        return ltr("-")
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    address = reverse(name, args=[row.pk])
    return format_html('<a href="{}"><bdi dir="auto">{}</bdi></a>', address, row)


def age(since: datetime, *, now: datetime) -> str:
    seconds = int((now - since).total_seconds())
    if seconds < 60:
        return gettext("%(seconds)s s") % {"seconds": max(seconds, 0)}
    return timesince(since, now)
