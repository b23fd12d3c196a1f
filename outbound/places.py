"""Countries as people name them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import phonenumbers
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# Those that are called most from here. The library's own names would cost a hundred megabytes of
# every process; any other country goes by its two letters.
NAMES: Final[Mapping[str, _StrPromise]] = {
    "IL": _("Israel"),
    "PS": _("Palestinian territories"),
    "JO": _("Jordan"),
    "EG": _("Egypt"),
    "AE": _("United Arab Emirates"),
    "CY": _("Cyprus"),
    "GR": _("Greece"),
    "US": _("United States"),
    "CA": _("Canada"),
    "GB": _("United Kingdom"),
    "FR": _("France"),
    "DE": _("Germany"),
}


class Country(NamedTuple):
    code: str
    name: str
    calling_code: int

    @property
    def example(self) -> str:
        """A number that might be anybody's there."""
        kind = phonenumbers.PhoneNumberType.MOBILE
        number = phonenumbers.example_number_for_type(self.code, kind)
        if number is None:
            return ""
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def countries(codes: Collection[str]) -> list[Country]:
    """By name, in the language of the reader."""
    found = [
        Country(code, str(NAMES.get(code, code)), phonenumbers.country_code_for_region(code))
        for code in codes
    ]
    return sorted(found, key=lambda country: country.name)
