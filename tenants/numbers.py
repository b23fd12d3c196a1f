from __future__ import annotations

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def validate_e164(value: str) -> None:
    """`is_possible`, not `is_valid`: the library's plans lag behind real numbers, and 050-123-4567
    would be turned away. A short code such as *2700 has no E.164 form at all.
    """
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException as error:
        raise not_e164(value) from error
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if written != value or not phonenumbers.is_possible_number(number):
        raise not_e164(value)


def to_e164(written: str, region: str = "IL") -> str:
    """A number in any spelling of a person, in E.164. ValidationError says what is wrong."""
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as error:
        raise not_e164(written) from error
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    validate_e164(e164)
    return str(e164)


def not_e164(value: str) -> ValidationError:
    return ValidationError(
        _("%(value)s is not a telephone number in international form, such as +97231234567."),
        code="e164",
        params={"value": value},
    )
