from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError


def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """What an action refuses, beside the field that it speaks of if the form has it."""
    for field, errors in error.update_error_dict({}).items():
        form.add_error(field if field in form.fields else None, ValidationError(list(errors)))
