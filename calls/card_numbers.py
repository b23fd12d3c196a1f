"""Numbers of payment cards are written down nowhere: of each the last four digits are kept.

The model, and a tool of the business, hear it as it was said; whoever takes a call up anew, or tells
the result of a tool once more, reads what is written.
A number is one by its length (ISO/IEC 7812: 13 to 19 digits here), by the check digit (Luhn), and by
how people write or transcribers group it, so that two telephone numbers in a row are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile
from typing import Any, Final

SHORTEST: Final = 13
LONGEST: Final = 19
KEPT: Final = 4
HIDDEN: Final = "••••"  # stands for the others
BETWEEN_TEXTS: Final = (
    "\x1e"  # of the characters that no transcriber writes, the separator of records
)
# In any script: a transcriber may write Arabic digits. At the end of a text a sentence may end too.
GROUPS: Final = re.compile(rf"\d+(?:(?:[\s.,/–-]{{1,2}}|[\s.,…!?–-]{{0,3}}{BETWEEN_TEXTS}\s?)\d+)*")
GROUP: Final = re.compile(r"\d+")
AMERICAN_EXPRESS: Final = (4, 6, 5)
PAIRS_AND_FOURS: Final = frozenset({2, 4})

Card = Sequence[re.Match[str]]  # its groups of digits


def masked(text: str) -> str:
    [told] = masked_across((text,))
    return told


def masked_across(texts: Sequence[str]) -> list[str]:
    """Each as it may be written, where the number of a card may begin in one and go on in the next:
    whoever reads it out pauses for breath.
    """
    joined = BETWEEN_TEXTS.join(texts)
    cards = list(_cards(joined))
    told, at = [], 0
    for text in texts:
        told.append(_without(cards, joined, at, at + len(text)))
        at += len(text) + len(BETWEEN_TEXTS)
    return told


def masked_in(value: Any) -> Any:
    """The same in whatever JSON holds."""
    match value:
        case str():
            return masked(value)
        case bool() | float() | None:
            return value
        case int():
            told = masked(str(value))
            return value if told == str(value) else told
        case dict():
            return {masked(key): masked_in(each) for key, each in value.items()}
        case list():
            return [masked_in(each) for each in value]
        case _:
            return value


def _cards(text: str) -> Iterator[Card]:
    for found in GROUPS.finditer(text):
        groups = list(GROUP.finditer(text, found.start(), found.end()))
        first = 0
        while first < len(groups):
            *_, card = (), *filter(_is_card, _from(groups[first:]))  # the longest
            if card:
                yield card
            first += len(card) or 1


def _without(cards: Sequence[Card], text: str, start: int, end: int) -> str:
    """The text from there to there. What is kept of a card stands where its last digits do."""
    pieces, written = [], start
    for card in cards:
        here = [group for group in card if start <= group.start() < end]
        if here:
            digits = "".join(group[0] for group in here)
            kept = digits[-KEPT:] if here[-1] is card[-1] else ""
            pieces += [text[written : here[0].start()], HIDDEN, kept]
            written = here[-1].end()
    return "".join([*pieces, text[written:end]])


def _from(groups: Card) -> Iterator[Card]:
    """The first one, two, three … of these groups of digits, as long as they may be one number."""
    lengths = accumulate(len(each[0]) for each in groups)
    for count, _ in enumerate(takewhile(lambda length: length <= LONGEST, lengths), 1):
        yield groups[:count]


def _is_card(groups: Card) -> bool:
    digits = "".join(each[0] for each in groups)
    sizes = tuple(len(each[0]) for each in groups)
    return len(digits) >= SHORTEST and _is_written_so(sizes) and _checks(digits)


def _is_written_so(sizes: tuple[int, ...]) -> bool:
    *full, last = sizes
    alike = len(set(full)) <= 1 and all(last <= size <= 4 for size in full)
    return alike or sizes == AMERICAN_EXPRESS or set(sizes) <= PAIRS_AND_FOURS


def _checks(digits: str) -> bool:
    doubled = (2 * int(each) for each in digits[-2::-2])
    return (
        sum(map(int, digits[-1::-2])) + sum(each - 9 * (each > 9) for each in doubled)
    ) % 10 == 0
