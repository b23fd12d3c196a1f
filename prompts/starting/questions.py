"""What is asked, and what an answer may be. The words of the questions are in the forms.

An answer to one of WORDS is text, to one of ONE_OF a choice, to TASKS a list of choices. Choices
are conditions in the texts, so no two of them share a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

# Like the lines between which a rendered prompt holds this text. Those of a call carry a code and
# cannot be imitated, but the greeting's do not, and a model is not a parser.
MARKER = re.compile(r"^[ \t]*={3,}[^=\n]+={3,}[ \t\r]*$|<<<GREETING|GREETING>>>", re.MULTILINE)
LINE_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def refuse_markers(text: str) -> None:
    if MARKER.search(text):
        raise ValidationError(
            _("Lines such as === HERE === mark the parts of a prompt. Write it without them."),
            code="marker",
        )


def refuse_line_breaks(text: str) -> None:
    if LINE_BREAK.search(text):
        raise ValidationError(_("This has to be one line."), code="line_break")


@dataclass(frozen=True, slots=True)
class Words:
    limit: int
    required: bool = False
    one_line: bool = False

    @property
    def guards(self) -> list[Callable[[str], None]]:
        """What a field of a form has to be told besides its limit."""
        return [refuse_markers, refuse_line_breaks] if self.one_line else [refuse_markers]

    @property
    def validators(self) -> list[Callable[[str], None]]:
        return [MaxLengthValidator(self.limit), ProhibitNullCharactersValidator(), *self.guards]


# Together with the longest text below the cap of a prompt, so that valid answers always fit.
WORDS = {
    "purpose": Words(600, required=True),
    "success": Words(400, required=True),
    "business": Words(80, required=True, one_line=True),
    "services": Words(1_500, required=True),
    "prices": Words(1_000),
    "address": Words(300),
    "hours": Words(500),
    "never": Words(1_000),
    "agent": Words(30, one_line=True),
}
ONE_OF = {
    "tone": ("warm", "short", "formal"),
    "speaks_as": ("woman", "man"),
}
TASKS = ("messages", "booking", "questions", "transfer")

ASKED_FOR_OUTBOUND = frozenset({"purpose", "success"})


def asked(name: str, direction: str) -> bool:
    return direction == "outbound" or name not in ASKED_FOR_OUTBOUND
