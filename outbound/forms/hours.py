"""The hours of a week as plain times of day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.forms import BoundField
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from calls.models import OpeningHours
from outbound.models import OutboundSettings
from outbound.windows import DEFAULT_SCHEDULE, ScheduleInvalid, parse_schedule
from tenants.models import Business

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# As weeks begin where most of the businesses are.
WEEK: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NUMBERS: Final = {day: number for number, day in enumerate(("mon", "tue", "wed", "thu", "fri"))} | {
    "sat": 5,
    "sun": 6,
}
STRETCHES: Final = 2
MIDNIGHT: Final = "24:00"

Hours = Mapping[str, Sequence[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    label: str | _StrPromise
    hours: Hours


def presets(business: Business, own: OutboundSettings) -> list[Preset]:
    """Inside the scope of the business. Its opening hours are offered where it has any."""
    usual = own.schedule if _is_readable(own.schedule) else DEFAULT_SCHEDULE
    offered = [Preset("allowed", _("All that your settings allow"), usual)]
    if opening := _opening_hours(business):
        offered.append(Preset("opening", _("When you are open"), opening))
    workdays = WEEK[:5]
    return [
        *offered,
        Preset("mornings", _("Mornings"), dict.fromkeys(workdays, [["09:00", "12:30"]])),
        Preset("evenings", _("Late afternoons"), dict.fromkeys(workdays, [["16:00", "20:00"]])),
    ]


def _opening_hours(business: Business) -> Hours:
    hours: dict[str, list[list[str]]] = {}
    names = {number: day for day, number in NUMBERS.items()}
    for one in OpeningHours.objects.for_business(business).order_by("weekday", "opens"):
        slot = [f"{one.opens:%H:%M}", f"{one.closes:%H:%M}"]
        hours.setdefault(names[one.weekday], []).append(slot)
    return hours


def _is_readable(stored: Any) -> bool:
    try:
        parse_schedule(stored)
    except ScheduleInvalid:
        return False
    return True


class HoursForm(forms.Form):
    """`schedule` of what was cleaned is what a run stores."""

    mode = forms.ChoiceField(
        label=_("On which days, and at which hours?"),
        choices=(
            ("all", _("Whenever your business may call")),
            ("own", _("Only at the hours below")),
        ),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, stretches: int = STRETCHES, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stretches = stretches
        for day in WEEK:
            for number in range(stretches):
                self.fields[f"{day}_{number}_from"] = _time(pgettext_lazy("time of day", "from"))
                self.fields[f"{day}_{number}_to"] = _time(pgettext_lazy("time of day", "to"))

    @property
    def days(self) -> list[tuple[str, str, list[tuple[BoundField, BoundField]]]]:
        """Key, name and stretches of each day, for the page."""
        return [
            (
                day,
                str(WEEKDAYS[NUMBERS[day]]),
                [(self[f"{day}_{n}_from"], self[f"{day}_{n}_to"]) for n in range(self.stretches)],
            )
            for day in WEEK
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("mode") != "own":
            return given | {"schedule": {}}
        schedule = {day: self._stretches(day, given) for day in WEEK}
        if not self.errors:
            try:
                parse_schedule(schedule)
            except ScheduleInvalid as error:
                self.add_error("mode", str(error))
        return given | {"schedule": schedule}

    def _stretches(self, day: str, given: Mapping[str, Any]) -> list[list[str]]:
        found = []
        for number in range(self.stretches):
            opens, closes = given.get(f"{day}_{number}_from"), given.get(f"{day}_{number}_to")
            if opens is not None and closes is not None:
                found.append([_written(opens), _closing(closes)])
            elif (opens is None) != (closes is None) and not self.errors.get(f"{day}_{number}_to"):
                self.add_error(f"{day}_{number}_to", _("Give both times, or neither."))
        return found


def hours_as_initial(hours: Hours) -> dict[str, str]:
    """A stored week as what the form shows. The end of a day shows as 00:00."""
    shown = {}
    for day, slots in hours.items():
        for number, (opens, closes) in enumerate(slots):
            shown[f"{day}_{number}_from"] = opens
            shown[f"{day}_{number}_to"] = "00:00" if closes == MIDNIGHT else closes
    return shown


def stretches_in(hours: Hours) -> int:
    return max([STRETCHES, *(len(slots) for slots in hours.values())])


def initial_hours(stored: Any, own: OutboundSettings) -> tuple[dict[str, str], int]:
    """What the form shows of a run's stored hours, and how many stretches a day there are."""
    usual = own.schedule if _is_readable(own.schedule) else DEFAULT_SCHEDULE
    hours: Hours = stored if stored and _is_readable(stored) else usual
    mode = {"mode": "own" if stored else "all"}
    return hours_as_initial(hours) | mode, stretches_in(hours)


def _time(label: _StrPromise) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time", "dir": "ltr"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)


def _written(of_day: time) -> str:
    return f"{of_day:%H:%M}"


def _closing(of_day: time) -> str:
    return MIDNIGHT if of_day == time() else _written(of_day)
