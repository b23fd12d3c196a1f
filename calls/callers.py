"""Who is calling, as far as the carrier knows."""

from __future__ import annotations

import re

E164 = re.compile(r"\+[1-9][0-9]{3,14}")

KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")

# For a caller who keeps the number back the carrier spells a word on a telephone's keypad. These
# are not numbers: all such callers would become one lead, and hear each other's name and facts.
WITHHELD = frozenset(
    "+" + word.translate(KEYPAD)
    for word in ("ANONYMOUS", "BLOCKED", "PRIVATE", "RESTRICTED", "UNAVAILABLE", "UNKNOWN")
)


def telephone_of(address: str) -> str | None:
    """The caller's number in international form; None for a withheld one, a SIP address or none."""
    if address in WITHHELD or not E164.fullmatch(address):
        return None
    return address
