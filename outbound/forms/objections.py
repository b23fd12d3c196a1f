from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from outbound.finding import numbers_written
from tenants.models import Business


class NumberForm(forms.Form):
    """A number as people write it. Inside the scope of the business."""

    number = forms.CharField(
        label=_("Telephone number"),
        max_length=40,
        help_text=_("As you write it: 050-123-4567, or with the country: +972501234567."),
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._business = business

    def clean_number(self) -> str:
        meant = numbers_written(self.cleaned_data["number"], self._business)
        if not meant:
            raise ValidationError(_("This is not a telephone number."), code="number")
        if len(meant) > 1:
            raise ValidationError(
                _("This may be several numbers. Write it with its country, such as +972501234567."),
                code="ambiguous",
            )
        return next(iter(meant))


class UnlistForm(forms.Form):
    reason = forms.CharField(
        label=_("Why may this number be called again?"),
        max_length=200,
        help_text=_("This is kept with your name and the time."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
