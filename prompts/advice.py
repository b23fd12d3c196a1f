"""What a prompt may be missing. Advice only: the owner's text is saved and used as it is.

Pure: it returns codes and figures; `prompts.advice_texts` has the sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LONG_TEXT = 3_000
LONG_GREETING = 200


class Code(StrEnum):
    TEXT_EMPTY = "text_empty"
    TEXT_LONG = "text_long"
    SCOPE_MISSING = "scope_missing"
    CLOSING_MISSING = "closing_missing"
    PLACEHOLDER = "placeholder"
    GREETING_MISSING = "greeting_missing"
    GREETING_LONG = "greeting_long"
    OTHER_DIRECTION_MISSING = "other_direction_missing"


class Severity(StrEnum):
    HINT = "hint"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    code: Code
    severity: Severity
    args: Mapping[str, str | int] = field(default_factory=dict)


# What is typed and meant to be replaced: [NAME], {{city}}, {name}, <address>, ____, TODO.
PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{0,60}\}\}"
    r"|\{[\w\u0590-\u06ff .-]{1,40}\}"
    r"|\[[A-Z][A-Z0-9 _-]{1,40}\]"
    r"|\[[\u0590-\u06ff][\u0590-\u06ff \"'״׳-]{0,40}\]"
    r"|<[\w\u0590-\u06ff][^<>\n]{0,40}>"
    r"|_{4,}"
    r"|\b(?:TODO|FIXME|TBD|XXX)\b"
)

# Words by which an author says where the agent's business ends …
SCOPE = re.compile(
    r"\bonly\b|\bnever\b|\bdo not\b|\bdon['’]t\b|\bmust not\b|\boutside\b|\brefuse\b|\boff[- ]topic\b"
    r"|(?<!\w)(?:ו?רק|אך ורק|אסור|אל(?=\s)|אין ל\w+|בלי ל\w+|לא (?:ל\w+|תענה|תעני|עונים)|מחוץ ל\w*)"
    r"|(?<!\w)(?:و?فقط|لا\s+ت\w+|ممنوع|خارج|يُمنع|يمنع)",
    re.IGNORECASE,
)

# … and how a call ends.
CLOSING = re.compile(
    r"\bgood ?bye\b|\bbye\b|\bfarewell\b|\bhang up\b|\bthank(?:s| them| the \w+|ing)?\b"
    r"|\b(?:end|ends|ending|close|closing|finish)\b[^.\n]{0,30}\b(?:call|conversation)\b"
    r"|להתראות|שלום ולהתראות|תודה|סיום|לסיים|סיימ|תסיים|נתק|לנתק|פרידה|יום טוב|ערב טוב"
    r"|مع السلامة|إلى اللقاء|وداع|إنهاء|أنهِ|انهاء|اختتم|شكر",
    re.IGNORECASE,
)


def advise(*, text: str, greeting: str, other_direction_published: bool) -> list[Finding]:
    return [
        *_about_text(text),
        *_about_greeting(greeting),
        *_placeholders(f"{greeting}\n{text}"),
        *_about_other_direction(other_direction_published),
    ]


def _about_text(text: str) -> list[Finding]:
    if not text.strip():
        return [Finding(Code.TEXT_EMPTY, Severity.WARNING)]
    found = []
    if len(text) > LONG_TEXT:
        figures = {"length": len(text), "limit": LONG_TEXT}
        found.append(Finding(Code.TEXT_LONG, Severity.WARNING, figures))
    if not SCOPE.search(text):
        found.append(Finding(Code.SCOPE_MISSING, Severity.WARNING))
    if not CLOSING.search(text):
        found.append(Finding(Code.CLOSING_MISSING, Severity.HINT))
    return found


def _about_greeting(greeting: str) -> list[Finding]:
    if not greeting.strip():
        return [Finding(Code.GREETING_MISSING, Severity.HINT)]
    if len(greeting) > LONG_GREETING:
        figures = {"length": len(greeting), "limit": LONG_GREETING}
        return [Finding(Code.GREETING_LONG, Severity.HINT, figures)]
    return []


def _placeholders(text: str) -> list[Finding]:
    """Each once, in the order of the text."""
    left = dict.fromkeys(found.group() for found in PLACEHOLDER.finditer(text))
    return [Finding(Code.PLACEHOLDER, Severity.WARNING, {"placeholder": words}) for words in left]


def _about_other_direction(published: bool) -> list[Finding]:
    return [] if published else [Finding(Code.OTHER_DIRECTION_MISSING, Severity.HINT)]
