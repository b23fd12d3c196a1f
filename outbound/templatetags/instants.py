from __future__ import annotations

from datetime import datetime

from django import template

from outbound import windows

register = template.Library()


@register.filter
def instant(value: datetime | None) -> str:
    """As the sentences beside it tell the time. It ends in a figure: a full stop may follow."""
    return windows.moment(value, None)
