"""What is asked for along with an act on a run."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from outbound.models import JobStatus
from outbound.wording import outcome

# Whoever was reached, or must not be called, is not offered.
CALLED_AGAIN: Final = (
    JobStatus.NO_ANSWER,
    JobStatus.BUSY,
    JobStatus.VOICEMAIL,
    JobStatus.FAILED,
    JobStatus.CANCELED,
)


class StartsAtForm(forms.Form):
    starts_at = forms.DateTimeField(
        label=_("When shall it start?"),
        help_text=_("By the clock of your business."),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "dir": "ltr"}, format="%Y-%m-%dT%H:%M"
        ),
    )


class AgainForm(forms.Form):
    name = forms.CharField(
        label=_("What do you call the new run?"),
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    outcomes = forms.MultipleChoiceField(
        label=_("Call again those whose calls ended so"),
        choices=[],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["outcomes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(status.value, outcome(status)) for status in CALLED_AGAIN]


class PlacedForm(forms.Form):
    call_sid = forms.CharField(
        label=_("CallSid"),
        max_length=34,
        help_text=_("As the carrier's list of calls shows it: CA and 32 digits or letters."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
