"""What is stored in plain English beside an attempt or a paused run, as a person reads it.

The stored words stay as they are: they are what a log of the same moment says. A carrier's own
words nobody can translate; they are quoted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound.wording.verdicts import SENTENCES

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

DETAILS: Final[tuple[tuple[re.Pattern[str], _StrPromise], ...]] = (
    (
        re.compile(r"(?P<failures>\d+) of the last (?P<judged>\d+) attempts failed\."),
        _("%(failures)s of the last %(judged)s attempts failed."),
    ),
    (
        re.compile(r"The carrier answered (?P<status>\d+), code (?P<code>\d+)\."),
        _("The carrier refused with code %(code)s."),
    ),
    (
        re.compile(r"(?P<status>\d+), code (?P<code>\d+)"),
        _("The carrier refused with code %(code)s."),
    ),
    (
        re.compile("the dialler stopped in the middle of it"),
        _("The dialler stopped in the middle of it."),
    ),
    (re.compile("proven not to have been placed"), _("The carrier has no call of that time.")),
    (
        re.compile("somebody has said that it was not placed"),
        _("Somebody looked it up: there was no call."),
    ),
    (
        re.compile("not sent: decided otherwise meanwhile"),
        _("Meanwhile it was decided otherwise, so nobody was rung."),
    ),
    (
        re.compile("found at the carrier after a backup was restored"),
        _("The call was found at the carrier after a backup had been restored."),
    ),
    (re.compile("too many requests"), _("The carrier was asked too often at that moment.")),
    (re.compile(r"not connected: \w+"), _("The carrier could not be reached, so nobody was rung.")),
    (
        re.compile(r"no answer: \w+"),
        _("The connection to the carrier was lost before it answered."),
    ),
    (
        re.compile(r"status (?P<status>\d+)"),
        _("The carrier answered with a fault of its own (%(status)s)."),
    ),
    (re.compile("an answer without a call"), _("The carrier answered, but named no call.")),
    (
        re.compile(r"a fault of ours: \w+"),
        _("Something went wrong here while the carrier was asked."),
    ),
)
OF_A_GATE: Final = re.compile(r"(?P<gate>[a-z_]+): (?P<reason>[a-z_]+)")


def of_detail(stored: str) -> str:
    """Empty where there is nothing to add to what the state itself says."""
    if not stored:
        return ""
    for pattern, sentence in DETAILS:
        if found := pattern.fullmatch(stored):
            return str(sentence) % found.groupdict()
    gate = OF_A_GATE.fullmatch(stored)
    if gate and (gate["gate"], gate["reason"]) in SENTENCES:
        return ""  # the verdict stands in the list of verdicts, with its facts
    return gettext("In the carrier's words: “%(words)s”") % {"words": stored}
