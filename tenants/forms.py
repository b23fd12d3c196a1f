from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from tenants.models import Business, PhoneNumber
from tenants.numbers import to_e164

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class PageForms(TemplatesSetting):
    """How every form of the web UI looks: label, field, help and errors of each field."""

    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"


class TelephoneField(forms.CharField):
    """Takes a number as people write it and gives it in E.164."""

    widget = forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"})

    def clean(self, value: Any) -> str:
        written = super().clean(value)
        return to_e164(written) if written else ""


class BusinessForm(ModelForm):
    class Meta:
        model = Business
        fields = ("name", "industry", "language", "timezone")
        help_texts = {
            "language": _("The agent begins in this language and follows the caller's."),
            "timezone": _("Such as Asia/Jerusalem. Hours and appointments are meant in it."),
        }


class NumberForm(ModelForm):
    class Meta:
        model = PhoneNumber
        fields = ("label",)
        help_texts = {"label": _("For your own eyes: branch, department.")}
