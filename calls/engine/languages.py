"""Which language a transcript is in, as far as its letters tell."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from calls.engine.spelling import words

OTHER: Final = "other"  # letters, but of none of these scripts: Cyrillic, Chinese, Greek ...

# How a word of each begins.
SCRIPTS: Final[dict[str, str]] = {
    "he": r"[א-ת]",
    "ar": r"[ء-يٮ-ۓۺ-ۿݐ-ݿ]",
    "en": r"[a-zß-öø-ɏ]",
}
FEWEST_LETTERS: Final = 2

_SCRIPT: Final = re.compile("|".join(f"(?P<{name}>{first})" for name, first in SCRIPTS.items()))
_NO_LETTERS: Final = re.compile(r"[\W\d_]+")


def language_of(text: str) -> str:
    """By the script of most words "he", "ar", "en" or "other"; "" with fewer than two letters.

    Digits, points, punctuation and a transcriber's notes ("[noise]") are no letters. All Latin
    letters are "en", and a hum ("mm-hm") is as Latin as a sentence: ask this of what has meaning.
    Where the counts are equal it is not "en": a Hebrew or Arabic sentence takes in English words
    (brands, "ok", an address) far more often than the other way about.
    """
    spelled = [letters for word in words(text) if (letters := _NO_LETTERS.sub("", word))]
    if sum(map(len, spelled)) < FEWEST_LETTERS:
        return ""
    counts = Counter(map(_script, spelled))
    return max(counts, key=lambda language: (counts[language], language != "en"))


def _script(word: str) -> str:
    known = _SCRIPT.match(word)
    return (known and known.lastgroup) or OTHER
