from __future__ import annotations

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """What an action refuses, beside the field that it speaks of if the form has it."""
    by_field = getattr(error, "error_dict", {NON_FIELD_ERRORS: error.error_list})
    for field, errors in by_field.items():
        form.add_error(field if field in form.fields else None, ValidationError(list(errors)))
