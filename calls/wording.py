"""Whether a transcript says a text. Pure; for any language, since both go the same way."""

from __future__ import annotations

import unicodedata
from typing import Final

LETTERS_A_SLIP: Final = 8
# "3" is "three" in one of the two and may be "שלושה" or "ثلاثة" in another language.
LETTERS_A_DIGIT: Final = 6
# What models add, they add in front or behind: "Sure!", "Anything else?"
EDGE_LETTERS: Final = 6
EDGE_SLIPS: Final = 3
# Letters that writers of Arabic use for each other at the end of a word.
ALIKE: Final = str.maketrans({"ى": "ي", "ة": "ه"})


def says(transcript: str, text: str) -> bool:
    """Letter by letter, without case, spaces, punctuation and vowel points.

    One letter in eight may differ, for spelling differs, and digits may stand for words; but where
    both have the same number of digits, these are the same. Both begin and end alike.
    """
    heard, meant = bare(transcript), bare(text)
    heard_digits, meant_digits = digits_of(heard), digits_of(meant)
    spelled = abs(len(heard_digits) - len(meant_digits))
    if not spelled and heard_digits != meant_digits:
        return False
    most = 1 + len(meant) // LETTERS_A_SLIP + LETTERS_A_DIGIT * spelled
    return _edges_agree(heard, meant) and distance(heard, meant, most) <= most


def _edges_agree(heard: str, meant: str) -> bool:
    if not heard or not meant:
        return heard == meant
    front = heard[:EDGE_LETTERS], meant[:EDGE_LETTERS]
    back = heard[-EDGE_LETTERS:], meant[-EDGE_LETTERS:]
    return all(
        digits_of(one + other) or distance(one, other, EDGE_SLIPS) <= EDGE_SLIPS
        for one, other in (front, back)
    )


def bare(text: str) -> str:
    """Letters and digits alone, digits as 0 to 9."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(ALIKE)
    return "".join(_plain(c) for c in decomposed if c.isalnum() and c != "ـ")


def _plain(character: str) -> str:
    value = unicodedata.digit(character, None)
    return character if value is None else str(value)


def digits_of(bare_text: str) -> str:
    return "".join(filter(str.isdecimal, bare_text))


def distance(one: str, other: str, most: int) -> int:
    """How many letters must be put in, left out or changed; beyond `most` it is not counted on."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        above, row = row, [number]
        for column, counterpart in enumerate(other, start=1):
            changed = above[column - 1] + (letter != counterpart)
            row.append(min(changed, above[column] + 1, row[-1] + 1))
        if min(row) > most:
            return most + 1
    return row[-1]
