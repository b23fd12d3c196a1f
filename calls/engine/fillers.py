"""Which words carry no meaning, per language: data, and one question asked of it."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    EMPTY = "empty"
    VERY_SHORT = "very_short"
    FILLER = "filler"
    MEANINGFUL = "meaningful"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Sounds that only say "I am here" or "I am thinking". Hebrew אם (if) and הם (they) are words and
# stand in no list, however much they look like a hum.
FILLERS: Final[dict[str, frozenset[str]]] = {
    "he": _words("אה אהה אהם אהא אמ אממ אמם אממם המ הממ הממם ממ מממ ממם מהמ ממהמ נו"),
    "en": _words(
        "uh uhh uhm uhhm um umm hm hmm mm mmm mhm mhmm mmhm mmhmm uhhuh er err erm ermm "
        "ah ahh oh ohh eh ehh huh"
    ),
    "ar": _words("اه آه اهه ااه آآه اها آها امم إم إمم مم همم يعني اوه أوه اووه أووه هاه"),
}

# Answers of fewer than three letters, or that look like a filler, and yet mean something.
SHORT_ANSWERS: Final[dict[str, frozenset[str]]] = {
    "he": _words(
        "כן לא די מה מי אז אם הם הן גם רק עם של פה שם זה זו טוב בא אני חי או יש שש הי לי תן עד אל"
    ),
    "en": _words("no ok yes yep yup nah hi bye why who how go me i us we it is am pm up so"),
    "ar": _words("نعم لا لأ اي أي طب ما من كم هل لو او أو ست بس مش مو في مع هو هي"),
}

# Every language's table is asked: a caller may change language in mid-call.
_ALL_FILLERS: Final = frozenset().union(*FILLERS.values())
_ALL_SHORT_ANSWERS: Final = frozenset().union(*SHORT_ANSWERS.values())

_WORD: Final = re.compile(r"[^\W_]+(?:['’׳״\-][^\W_]+)*")
_REPEATED: Final = re.compile(r"(.)\1{2,}")
SHORT_LETTERS: Final = 3


def meaning(transcript: str) -> Meaning:
    """What a caller's transcript is worth as an answer.

    A filler beside a word has meaning; fewer than three letters have none, unless they are a known
    short answer; digits always have.
    """
    words = [word.replace("-", "") for word in _WORD.findall(_plain(transcript))]
    if not words:
        return Meaning.EMPTY
    rest = [word for word in words if not _is_filler(word)]
    if not rest:
        return Meaning.FILLER
    if any(word in _ALL_SHORT_ANSWERS or word.isdigit() for word in rest):
        return Meaning.MEANINGFUL
    if sum(map(len, rest)) < SHORT_LETTERS:
        return Meaning.VERY_SHORT
    return Meaning.MEANINGFUL


def _plain(transcript: str) -> str:
    """Without case, vowel points (they would break a word in two) and strokes between letters."""
    decomposed = unicodedata.normalize("NFD", transcript.casefold())
    bare = "".join(c for c in decomposed if not _is_point(c))
    return unicodedata.normalize("NFC", bare)


def _is_point(character: str) -> bool:
    if "֑" <= character <= "ׇ":
        return unicodedata.combining(character) > 0  # a maqaf is among them, which is a hyphen
    return "ً" <= character <= "ْ" or character == "ـ"


def _is_filler(word: str) -> bool:
    return word in _ALL_FILLERS or _REPEATED.sub(r"\1\1", word) in _ALL_FILLERS
