"""How lengths of time and telephone numbers are written."""

from __future__ import annotations

from django import template

from calls.telephones import readable

register = template.Library()


@register.filter
def clock(seconds: int | None) -> str:
    """75 as 1:15."""
    if seconds is None:
        return ""
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


@register.filter
def clock_ms(milliseconds: int) -> str:
    return clock(milliseconds // 1000)


@register.filter
def telephone(e164: str | None) -> str:
    return readable(e164) if e164 else ""
