"""From a row to the person in it, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from outbound.contacts.cells import Row
from outbound.contacts.columns import MOST_FACTS, Column, Mapping
from outbound.contacts.fields import Gender, date_of, email_of, gender_of, tidy
from outbound.contacts.header_words import Role
from outbound.contacts.problems import Problem, Remark
from outbound.contacts.tables import Table
from outbound.contacts.telephones import Telephone, telephone

T = TypeVar("T")

NAME_LIMIT: Final = 200
FACT_LIMIT: Final = 500
NOTES_LIMIT: Final = 2_000
SHOWN_LIMIT: Final = 40


@dataclass(frozen=True, slots=True)
class Contact:
    row_no: int
    phone_e164: str
    name: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    gender: Gender = ""
    email: str = ""
    consent_on: date | None = None
    notes: str = ""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class RowError:
    row_no: int
    code: Problem
    field: str = ""
    value: str = ""


def read_contacts(
    table: Table, mapping: Mapping, region: str, start: int = 1
) -> Iterator[Contact | RowError]:
    """Every row below the header, from row `start` on. Raises what `table.rows` raises."""
    for row in table.rows(max(start, mapping.first_row)):
        yield read_contact(row, mapping, region)


def read_contact(row: Row, mapping: Mapping, region: str) -> Contact | RowError:
    if row.fault:
        return RowError(row.number, row.fault)
    cells = Cells(row, mapping)
    found = cells.telephone(region)
    if isinstance(found, Problem):
        return cells.error(found)
    return cells.contact(found, region)


class Cells:
    """One row, looked up by what its columns are."""

    def __init__(self, row: Row, mapping: Mapping) -> None:
        self._row = row
        self._mapping = mapping
        self._remarks: list[Remark] = []

    def telephone(self, region: str) -> Telephone | Problem:
        first = telephone(self._cell(Role.PHONE), region)
        if not isinstance(first, Problem):
            return first
        second = telephone(self._cell(Role.SECOND_PHONE), region)
        if isinstance(second, Problem):
            return first
        self._remarks.append(Remark.SECOND_PHONE_USED)
        return second

    def error(self, problem: Problem) -> RowError:
        column = self._mapping.by_role.get(Role.PHONE)
        shown = tidy(self._cell(Role.PHONE), SHOWN_LIMIT)
        return RowError(self._row.number, problem, column.header if column else "", shown)

    def contact(self, found: Telephone, region: str) -> Contact:
        if found.remark:
            self._remarks.append(found.remark)
        return Contact(
            row_no=self._row.number,
            phone_e164=found.e164,
            name=self._name(),
            facts=self._facts(found, region),
            gender=self._gender(),
            email=self._email(),
            consent_on=self._consent(region),
            notes=tidy(self._cell(Role.NOTES), NOTES_LIMIT),
            remarks=tuple(self._remarks),
        )

    def _cell(self, role: Role) -> str:
        column = self._mapping.by_role.get(role)
        return self._at(column) if column else ""

    def _at(self, column: Column) -> str:
        cells = self._row.cells
        return cells[column.index] if column.index < len(cells) else ""

    def _name(self) -> str:
        if name := tidy(self._cell(Role.NAME), NAME_LIMIT):
            return name
        parts = f"{self._cell(Role.FIRST_NAME)} {self._cell(Role.LAST_NAME)}"
        return tidy(parts, NAME_LIMIT)

    def _facts(self, found: Telephone, region: str) -> dict[str, str]:
        facts = {}
        for column in self._mapping.facts:
            if value := tidy(self._at(column), FACT_LIMIT):
                facts[column.header] = value
        facts |= self._other_number(found, region)
        return dict(islice(facts.items(), MOST_FACTS))

    def _other_number(self, found: Telephone, region: str) -> dict[str, str]:
        column = self._mapping.by_role.get(Role.SECOND_PHONE)
        if not column or not column.header:
            return {}
        second = telephone(self._at(column), region)
        if isinstance(second, Problem) or second.e164 == found.e164:
            return {}
        return {column.header: second.e164}

    def _gender(self) -> Gender:
        return self._read(Role.GENDER, gender_of, Remark.GENDER_UNREADABLE) or ""

    def _email(self) -> str:
        return self._read(Role.EMAIL, email_of, Remark.EMAIL_UNREADABLE) or ""

    def _consent(self, region: str) -> date | None:
        return self._read(Role.CONSENT, partial(date_of, region=region), Remark.CONSENT_UNREADABLE)

    def _read(self, role: Role, read: Callable[[str], T | None], remark: Remark) -> T | None:
        cell = self._cell(role)
        if not cell.strip():
            return None
        value = read(cell)
        if value is None:
            self._remarks.append(remark)
        return value


def merge(first: Contact, second: Contact) -> Contact:
    """Two rows about one telephone: what the first leaves empty is filled from the second."""
    facts = first.facts | {
        name: value for name, value in second.facts.items() if name not in first.facts
    }
    return replace(
        first,
        name=first.name or second.name,
        facts=dict(islice(facts.items(), MOST_FACTS)),
        gender=first.gender or second.gender,
        email=first.email or second.email,
        consent_on=first.consent_on or second.consent_on,
        notes=first.notes or second.notes,
    )
