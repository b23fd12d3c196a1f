"""A file of people as a table, whatever it was saved as."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import IO, Final, Protocol

from outbound.contacts.cells import Row
from outbound.contacts.decoding import encoding_of
from outbound.contacts.delimited import Delimited
from outbound.contacts.problems import WRONG_TYPE, FileUnreadableError
from outbound.contacts.workbooks import Workbook

ZIP: Final = b"PK\x03\x04"
WORKBOOK_ENDINGS: Final = {".xlsx", ".xlsm"}
TEXT_ENDINGS: Final = {".csv", ".tsv", ".txt"}


class Table(Protocol):
    def rows(self, start: int = 1) -> Iterator[Row]:
        """From this row on, blank ones left out. May raise `FileUnreadableError` on the way, and
        only one walk at a time is possible: all of them move in the same file."""

    def about(self) -> int | None:
        """How many rows there are, blank ones and the header too, as far as that is quickly known."""


def open_table(file: IO[bytes], filename: str) -> Table:
    """Raises `FileUnreadableError`. What the file holds decides; its name has only to allow it."""
    if PurePath(filename).suffix.lower() not in WORKBOOK_ENDINGS | TEXT_ENDINGS:
        raise FileUnreadableError(WRONG_TYPE)
    file.seek(0)
    if file.read(len(ZIP)) == ZIP:
        return Workbook(file)
    return Delimited(file, encoding_of(file))
