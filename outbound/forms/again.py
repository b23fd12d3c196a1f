"""How often somebody is called again, and how many at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from outbound.models import OutboundCallRun
from outbound.retries import LONGEST_S, MOST_TIMES, RETRIED, RetriesInvalid, parse_retries

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
UNITS: Final = ((MINUTE, _("minutes")), (HOUR, _("hours")), (DAY, _("days")))
WHEN: Final[Mapping[str, _StrPromise]] = {
    "busy": _("If the line is busy"),
    "no_answer": _("If nobody picks up"),
    "voicemail": _("If an answering machine picks up"),
    "failed": _("If the call fails"),
}


class AgainAfterForm(forms.Form):
    """`retries` of what was cleaned is what a run stores."""

    concurrency = forms.IntegerField(
        label=_("How many calls at the same time?"),
        min_value=1,
        max_value=100,
        help_text=_("As many people may want to talk to you at once. Begin with few."),
    )
    ring_s = forms.IntegerField(
        label=_("How many seconds does it ring?"),
        min_value=5,
        max_value=60,
        help_text=_("Five rings are about 25 seconds."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for outcome in RETRIED:
            self.fields[f"{outcome}_times"] = forms.IntegerField(
                label=_("times again"), min_value=0, max_value=MOST_TIMES
            )
            self.fields[f"{outcome}_after"] = forms.IntegerField(
                label=_("each time after"), min_value=1, max_value=LONGEST_S // MINUTE
            )
            self.fields[f"{outcome}_unit"] = forms.TypedChoiceField(
                label=_("unit"), coerce=int, choices=UNITS
            )

    @property
    def outcomes(self) -> list[tuple[_StrPromise, BoundField, BoundField, BoundField]]:
        return [
            (
                WHEN[outcome],
                self[f"{outcome}_times"],
                self[f"{outcome}_after"],
                self[f"{outcome}_unit"],
            )
            for outcome in RETRIED
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        retries = {
            outcome: {
                "times": given[f"{outcome}_times"],
                "after_s": given[f"{outcome}_after"] * given[f"{outcome}_unit"],
            }
            for outcome in RETRIED
        }
        try:
            parse_retries(retries)
        except RetriesInvalid as error:
            self.add_error(None, str(error))
        return given | {"retries": retries}


def initial_retries(run: OutboundCallRun) -> dict[str, Any]:
    policy = run.retry_policy
    shown: dict[str, Any] = {"concurrency": run.concurrency, "ring_s": run.ring_s}
    for outcome in RETRIED:
        retry = policy.by_outcome.get(outcome)
        times, after_s = (retry.times, int(retry.after.total_seconds())) if retry else (0, HOUR)
        unit = max(unit for unit, _name in UNITS if unit == MINUTE or not after_s % unit)
        shown |= {
            f"{outcome}_times": times,
            f"{outcome}_after": max(1, round(after_s / unit)),
            f"{outcome}_unit": unit,
        }
    return shown
