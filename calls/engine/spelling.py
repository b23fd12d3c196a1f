"""The words of a transcript, without what is only written and cannot be heard."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Taken out of the words: points and accents of Latin, Hebrew and Arabic, the stroke that lengthens
# an Arabic word, and marks of direction. A maqaf (U+05BE) stands among the points and is a hyphen.
_MARKS: Final = (
    (0x0300, 0x036F),
    (0x0591, 0x05BD),
    (0x05BF, 0x05BF),
    (0x05C1, 0x05C2),
    (0x05C4, 0x05C5),
    (0x05C7, 0x05C7),
    (0x0610, 0x061A),
    (0x061C, 0x061C),
    (0x0640, 0x0640),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x00AD, 0x00AD),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2069),
    (0xFEFF, 0xFEFF),
)
_WRITTEN: Final[dict[int, str | None]] = {
    **dict.fromkeys(point for first, last in _MARKS for point in range(first, last + 1)),
    **dict.fromkeys(map(ord, '’׳"״'), "'"),
    **dict.fromkeys(map(ord, "‐‑־"), "-"),
}

# What a transcriber notes and nobody said: [noise], (cough), <unk>, {breath}, *sighs*, a tune.
# Round brackets around digits are kept: they are how a telephone number is written.
_NOTES: Final = re.compile(
    r"""
    \[ [^][]* \]
    | \( [^()\d]* \)
    | < [^<>]* >
    | \{ [^{}]* \}
    | 【 [^【】]* 】
    | (?<![\w*]) \*+ [^*]+ \*+ (?!\w)
    | [♩♪♫♬🎵🎶] [^♩♪♫♬🎵🎶]* (?: [♩♪♫♬🎵🎶] | $ )
    """,
    re.VERBOSE,
)
_INITIALS: Final = re.compile(r"(?<![^\W_])([^\W\d_])\.(?=[^\W\d_](?![^\W_]))")  # U.S., a.m.
_WORD: Final = re.compile(r"[^\W_]+(?:['*-]+[^\W_]+)*")
_VARIANTS: Final = str.maketrans("أإآٱؤئىةךםןףץ", "ااااوييهכמנפצ")


def words(transcript: str) -> list[str]:
    """In lower case; a compound is one word. Its hyphens are all "-" and its apostrophes "'"."""
    plain = unicodedata.normalize("NFKC", transcript.casefold()).translate(_WRITTEN)
    spoken = _INITIALS.sub(r"\1", _NOTES.sub(" ", plain))
    return _WORD.findall(spoken)


def variants_folded(word: str) -> str:
    """One spelling for the letters that Arabic and Hebrew write in several ways."""
    return word.translate(_VARIANTS)


def word_table(text: str) -> frozenset[str]:
    """Data is easier to read, and to add to, as a line of words."""
    return frozenset(text.split())
