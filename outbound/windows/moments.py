from __future__ import annotations

from datetime import datetime, tzinfo

from django.utils.formats import date_format
from django.utils.timezone import localtime


def moment(instant: datetime | None, zone: tzinfo | None) -> str:
    """Date and time of day in the language active at the time, by the clock of `zone` or else of
    Django's current one. It ends in a figure: a sentence may go on, or stop, after it.
    """
    if instant is None:
        return ""
    local = localtime(instant, zone)
    return date_format(local, "DATETIME_FORMAT")
