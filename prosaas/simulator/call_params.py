"""The parameters that describe the two ends of a call in every request of the carrier."""

from __future__ import annotations

from typing import Literal

API_VERSION = "2010-04-01"
_COUNTRIES = {"+972": "IL", "+966": "SA", "+971": "AE", "+44": "GB", "+1": "US"}


def parties(from_: str, to: str) -> dict[str, str]:
    ends = {"From": from_, "To": to, "Caller": from_, "Called": to}
    return ends | _place("From", from_) | _place("To", to)


def _place(end: Literal["From", "To"], number: str) -> dict[str, str]:
    # Blank for mobile numbers, as with the real carrier; blank values are signed like any other.
    role = {"From": "Caller", "To": "Called"}[end]
    country = next((name for prefix, name in _COUNTRIES.items() if number.startswith(prefix)), "")
    blanks = {f"{who}{part}": "" for who in (end, role) for part in ("City", "State", "Zip")}
    return blanks | {f"{end}Country": country, f"{role}Country": country}
