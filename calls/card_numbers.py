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
HIDDEN_CARD: Final = re.compile(rf"{HIDDEN}\d{{{KEPT}}}")
# In any script: a transcriber may write Arabic digits.
GROUPS: Final = re.compile(r"\d+(?:[\s.,/–-]{1,2}\d+)*")
GROUP: Final = re.compile(r"\d+")
AMERICAN_EXPRESS: Final = (4, 6, 5)
PAIRS_AND_FOURS: Final = frozenset({2, 4})


def masked(text: str) -> str:
    return GROUPS.sub(lambda found: _masked(found[0]), text)


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


def has_hidden(text: str) -> bool:
    """Whether the number of a card has been masked in it."""
    return HIDDEN_CARD.search(text) is not None


def _masked(text: str) -> str:
    groups = list(GROUP.finditer(text))
    pieces, written, first = [], 0, 0
    while first < len(groups):
        *_, card = (), *filter(_is_card, _from(groups[first:]))  # the longest
        if not card:
            first += 1
            continue
        digits = "".join(each[0] for each in card)
        pieces += [text[written : card[0].start()], f"{HIDDEN}{digits[-KEPT:]}"]
        written, first = card[-1].end(), first + len(card)
    return "".join([*pieces, text[written:]])


def _from(groups: Sequence[re.Match[str]]) -> Iterator[Sequence[re.Match[str]]]:
    """The first one, two, three … of these groups of digits, as long as they may be one number."""
    lengths = accumulate(len(each[0]) for each in groups)
    for count, _ in enumerate(takewhile(lambda length: length <= LONGEST, lengths), 1):
        yield groups[:count]


def _is_card(groups: Sequence[re.Match[str]]) -> bool:
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
