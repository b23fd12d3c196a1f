"""A guess at which column is which, from the words above and from what stands below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from outbound.contacts.cells import Row
from outbound.contacts.columns import (
    HEADER_LIMIT,
    MOST_FACTS,
    MOST_SAMPLES,
    SAMPLE_LIMIT,
    Column,
    Mapping,
)
from outbound.contacts.fields import email_of, tidy
from outbound.contacts.header_words import Role, plain, role_of
from outbound.contacts.problems import Problem
from outbound.contacts.telephones import telephone

LOOK_AT: Final = 100  # cells of a column
HEADER_WITHIN: Final = 10  # rows; a title may stand above it
MOSTLY: Final = 0.6
SURE: Final = 0.5

PHONE_WORDS: Final = ("phone", "mobile", "טלפון", "נייד", "סלולרי", "هاتف", "جوال", "موبايل")
PHONE_BY_WORD: Final = {Role.PHONE: 0.5, Role.SECOND_PHONE: 0.3}
PHONE_BY_PART_OF_A_WORD: Final = 0.25
BY_CONTENT: Final = 0.8  # of its share, where no word says so


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen of one column."""

    index: int
    header: str
    known: Role | None
    cells: Sequence[str]
    phones: float
    emails: float

    @property
    def likely_phone(self) -> float:
        if self.known in PHONE_BY_WORD:
            return PHONE_BY_WORD[self.known] + self.phones / 2
        if self.known is not None or self.phones < MOSTLY:
            return 0.0
        named = any(word in plain(self.header) for word in PHONE_WORDS)
        return max(self.phones * BY_CONTENT, PHONE_BY_PART_OF_A_WORD * named + self.phones / 2)


def propose_mapping(sample: Sequence[Row], region: str) -> Mapping:
    """From the first rows of a table, a hundred or two. Without a header row facts have no names:
    such columns are ignored until the owner names them.
    """
    rows = [row for row in sample if row.fault is None]
    header = header_of(rows, region)
    below = [row for row in rows if header is None or row.number > header.number]
    width = max((len(row.cells) for row in rows), default=0)
    sights = [see(index, header, below, region) for index in range(width)]
    return Mapping(
        header_row=header.number if header else None,
        columns=tuple(Proposal(sights, has_header=header is not None).columns()),
    )


def header_of(rows: Sequence[Row], region: str) -> Row | None:
    for row in rows[:HEADER_WITHIN]:
        known = [role for cell in row.cells if (role := role_of(cell))]
        if Role.PHONE in known or len(known) > 1:
            return row
    return rows[0] if rows and _stands_above_numbers(rows, region) else None


def _stands_above_numbers(rows: Sequence[Row], region: str) -> bool:
    """Words that nobody knows, over a column of telephone numbers."""
    first, *below = rows[:LOOK_AT]
    if share(map(is_phone(region), first.cells)) > 0:
        return False
    columns = (cells_of(below, index) for index in range(len(first.cells)))
    return any(share(map(is_phone(region), cells)) >= MOSTLY for cells in columns)


def see(index: int, header: Row | None, below: Sequence[Row], region: str) -> Sight:
    above = cells_of([header], index) if header else []
    cells = cells_of(below[:LOOK_AT], index)
    return Sight(
        index=index,
        header=tidy(above[0], HEADER_LIMIT) if above else "",
        known=role_of(above[0]) if above else None,
        cells=cells,
        phones=share(map(is_phone(region), cells)),
        emails=share(email_of(cell) is not None for cell in cells),
    )


def cells_of(rows: Iterable[Row], index: int) -> list[str]:
    return [row.cells[index] for row in rows if index < len(row.cells) and row.cells[index].strip()]


def is_phone(region: str) -> Callable[[str], bool]:
    return lambda cell: not isinstance(telephone(cell, region), Problem)


def share(truths: Iterable[bool]) -> float:
    listed = list(truths)
    return sum(listed) / len(listed) if listed else 0.0


class Proposal:
    def __init__(self, sights: Sequence[Sight], *, has_header: bool) -> None:
        self._sights = sights
        self._has_header = has_header
        self._taken: dict[int, tuple[Role, float]] = {}
        self._headers: set[str] = set()

    def columns(self) -> list[Column]:
        self._take_phones()
        for sight in self._sights:
            if sight.index not in self._taken:
                self._taken[sight.index] = self._role_of(sight)
        return [self._column(sight) for sight in self._sights]

    def _take_phones(self) -> None:
        likely = sorted(self._sights, key=lambda sight: (-sight.likely_phone, -len(sight.cells)))
        roles = (Role.PHONE, Role.SECOND_PHONE)
        for role, sight in zip(roles, likely, strict=False):
            if sight.likely_phone >= SURE or (sight.known in PHONE_BY_WORD and not sight.cells):
                self._taken[sight.index] = role, min(1.0, sight.likely_phone)

    def _role_of(self, sight: Sight) -> tuple[Role, float]:
        if sight.known and sight.known not in PHONE_BY_WORD and self._is_free(sight.known):
            return sight.known, 1.0
        if sight.emails >= MOSTLY and self._is_free(Role.EMAIL):
            return Role.EMAIL, sight.emails
        if not self._has_header and _is_words(sight) and self._is_free(Role.NAME):
            return Role.NAME, SURE
        if not sight.header or self._facts() >= MOST_FACTS:
            return Role.IGNORED, SURE
        return Role.FACT, 1.0

    def _is_free(self, role: Role) -> bool:
        return all(taken is not role for taken, _ in self._taken.values())

    def _facts(self) -> int:
        return sum(taken is Role.FACT for taken, _ in self._taken.values())

    def _column(self, sight: Sight) -> Column:
        role, confidence = self._taken[sight.index]
        return Column(
            index=sight.index,
            role=role,
            header=self._unused(sight.header),
            confidence=round(confidence, 2),
            samples=tuple(tidy(cell, SAMPLE_LIMIT) for cell in sight.cells[:MOST_SAMPLES]),
        )

    def _unused(self, header: str) -> str:
        """Two columns of one name would overwrite each other's facts."""
        name, count = header, 1
        while name and name in self._headers:
            count += 1
            name = f"{header[: HEADER_LIMIT - 4]} {count}"
        self._headers.add(name)
        return name


def _is_words(sight: Sight) -> bool:
    return share(any(map(str.isalpha, cell)) and "@" not in cell for cell in sight.cells) >= MOSTLY
