"""May this telephone number be called at this instant; if not, why, and when next?

Pure: no row, no clock. `decide` is the way in. What cannot be known (the zone of a number, the
hours of a broken schedule, a holiday beyond the table) means that nobody is called.
"""

from __future__ import annotations

from outbound.windows.decisions import (
    HORIZON,
    Decision,
    Reason,
    allowed_spans,
    decide,
    decide_as_stored,
)
from outbound.windows.holidays import RestDay
from outbound.windows.moments import moment
from outbound.windows.openings import openings
from outbound.windows.schedules import (
    DEFAULT_SCHEDULE,
    Schedule,
    ScheduleInvalid,
    parse_schedule,
)
from outbound.windows.shabbat import Rest, rests
from outbound.windows.spans import Span
from outbound.windows.wording import REST_DAYS, explain
from outbound.windows.zones import ZoneUnknown

__all__ = [
    "DEFAULT_SCHEDULE",
    "HORIZON",
    "Decision",
    "REST_DAYS",
    "Reason",
    "Rest",
    "RestDay",
    "Schedule",
    "ScheduleInvalid",
    "Span",
    "ZoneUnknown",
    "allowed_spans",
    "decide",
    "decide_as_stored",
    "explain",
    "moment",
    "openings",
    "parse_schedule",
    "rests",
]
