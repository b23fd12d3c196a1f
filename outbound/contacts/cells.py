"""One row of a table, and how large it may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from outbound.contacts.problems import TOO_MANY_ROWS, FileUnreadableError, Problem

MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 50
MOST_OF_A_CELL: Final = 10_000
MOST_OF_A_ROW: Final = 100_000  # below `csv.field_size_limit`, so that the reader never refuses

Record = Sequence[str] | Problem


@dataclass(frozen=True, slots=True)
class Row:
    number: int  # as the spreadsheet counts: blank rows too, and the first is 1
    cells: tuple[str, ...] = ()
    fault: Problem | None = None


def numbered(records: Iterable[Record], *, first: int, start: int) -> Iterator[Row]:
    """The rows from `start` on, of records that begin with row `first`; blank ones are left out."""
    for number, record in enumerate(records, first):
        if number < start or is_blank(record):
            continue
        if number > MOST_ROWS:
            raise FileUnreadableError(TOO_MANY_ROWS)
        yield row(number, record)


def is_blank(record: Record) -> bool:
    return not isinstance(record, Problem) and not any(map(str.strip, record))


def row(number: int, record: Record) -> Row:
    if isinstance(record, Problem):
        return Row(number, fault=record)
    if len(record) > MOST_COLUMNS and not is_blank(record[MOST_COLUMNS:]):
        return Row(number, fault=Problem.TOO_MANY_CELLS)
    if max(map(len, record)) > MOST_OF_A_CELL:
        return Row(number, fault=Problem.ROW_TOO_LONG)
    return Row(number, tuple(record[:MOST_COLUMNS]))
