"""Words of leave-taking: said into the agent's farewell, they do not keep the line open."""

from __future__ import annotations

import re
from typing import Final

from calls.engine.fillers import Meaning, meaning


def _words(text: str) -> list[str]:
    return text.split()


LEAVE_TAKING: Final = frozenset(
    (
        # Hebrew
        *_words("ביי להתראות שלום תודה רבה לילה טוב יום נעים גם לך לכם אוקיי אוקי בסדר סבבה"),
        *_words("יופי מעולה אחלה בהצלחה נהדר הכל מצוין ערב שבת ויום וערב כן"),
        # English
        *_words("bye goodbye byebye thanks thank you see later take care have a nice good"),
        *_words("great day night evening okay ok alright cheers too the rest of your so much"),
        *_words("very cool perfect and yes yeah"),
        # Arabic
        *_words("سلام السلامة مع شكرا جزيلا إلى الى اللقاء باي تمام طيب حسنا وداعا"),
        *_words("يعطيك العافية الله معك نعم"),
    )
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_POINTS: Final = re.compile("[\u0591-\u05bd\u05bf-\u05c7\u064b-\u0652\u0640]")


def is_leave_taking(text: str) -> bool:
    words = _WORD.findall(_POINTS.sub("", text.casefold()))
    said = [word for word in words if meaning(word) is not Meaning.FILLER]
    return bool(said) and all(word in LEAVE_TAKING for word in said)
