"""What an owner fills in about outbound calls, one subject a module."""

from __future__ import annotations

from outbound.forms.acting import AgainForm, PlacedForm, StartsAtForm
from outbound.forms.again import AgainAfterForm
from outbound.forms.errors import add_errors
from outbound.forms.hours import HoursForm, Preset, presets
from outbound.forms.objections import NumberForm, UnlistForm
from outbound.forms.whom import WhomForm
from outbound.forms.words import WordsForm

__all__ = [
    "AgainAfterForm",
    "AgainForm",
    "HoursForm",
    "NumberForm",
    "PlacedForm",
    "Preset",
    "StartsAtForm",
    "UnlistForm",
    "WhomForm",
    "WordsForm",
    "add_errors",
    "presets",
]
