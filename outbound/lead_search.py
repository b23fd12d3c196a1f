"""What somebody types to find a lead: a name, or a number in any spelling."""

from __future__ import annotations

import re
from typing import Final

from calls.models.lead import LeadQuerySet
from outbound.contacts.problems import Problem
from outbound.contacts.telephones import telephone, visible

LONGEST: Final = 100
# Fewer digits are in too many numbers to find anybody by.
FEWEST_DIGITS: Final = 3
_NUMBER = re.compile(r"[+\d][\d\s().-]*")


def found(
    leads: LeadQuerySet, written: str, *, region: str = "IL", prefix: str = "972"
) -> LeadQuerySet:
    """`region` and `prefix` are where a number without a country's code is at home."""
    term = " ".join(visible(written.replace("\x00", "")).split())[:LONGEST]
    if not term:
        return leads
    if not _NUMBER.fullmatch(term):
        return leads.found_by(name=term)
    whole = telephone(term, region)
    digits = re.sub(r"\D", "", term).removeprefix("00")
    if len(digits) < FEWEST_DIGITS:
        return leads.none()
    begins = "+" + (prefix + digits[1:] if digits.startswith("0") else digits)
    if isinstance(whole, Problem):
        return leads.found_by(begins=begins, ends=digits.removeprefix("0"))
    return leads.found_by(begins=whole.e164, ends=digits.removeprefix("0"))
