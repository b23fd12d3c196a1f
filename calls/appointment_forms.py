"""The form of an appointment, in times by the clock of the business."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from calls.tools.appointments import NAME_LIMIT, NOTE_LIMIT
from calls.tools.slots import instants

MINUTES: Final = (10, 15, 20, 30, 40, 45, 60, 75, 90, 120, 180, 240)


class AppointmentForm(forms.Form):
    date = forms.DateField(
        label=_("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    minutes = forms.TypedChoiceField(label=_("How long"), coerce=int)
    name = forms.CharField(
        label=_("For whom"), max_length=NAME_LIMIT, widget=forms.TextInput({"dir": "auto"})
    )
    note = forms.CharField(
        label=_("About"),
        max_length=NOTE_LIMIT,
        required=False,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )

    def __init__(self, *args: Any, zone: ZoneInfo, minutes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = zone
        lengths: Any = self.fields["minutes"]
        lengths.choices = [(one, _told(one)) for one in sorted({*MINUTES, minutes})]
        lengths.initial = minutes

    def clean(self) -> None:
        day, at = self.cleaned_data.get("date"), self.cleaned_data.get("time")
        if day is None or at is None:
            return
        if not 2000 <= day.year <= 2200:
            raise ValidationError({"date": _("The year cannot be right.")})
        meant = instants(datetime.combine(day, at), self._zone)
        if not meant:
            gap = _("This time does not exist on that day: the clocks go forward over it.")
            raise ValidationError({"time": gap})
        self.cleaned_data["starts_at"] = meant[0]

    @property
    def times(self) -> dict[str, datetime]:
        starts_at: datetime = self.cleaned_data["starts_at"]
        length = timedelta(minutes=self.cleaned_data["minutes"])
        return {"starts_at": starts_at, "ends_at": starts_at + length}


def _told(minutes: int) -> str:
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
