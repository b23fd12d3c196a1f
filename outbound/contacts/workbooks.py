"""XLSX as a table: the first visible sheet that has something in it, read row by row."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import IO, Any, Final
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from outbound.contacts.cells import MOST_COLUMNS, MOST_ROWS, Row, numbered
from outbound.contacts.problems import BROKEN_WORKBOOK, NOTHING_IN_IT, FileUnreadableError
from outbound.contacts.weighing import weigh

LOOK_AT: Final = 1_000  # rows of a sheet, before the next sheet is tried
EXACT: Final = 1e15  # a float holds whole numbers of 15 digits exactly, as Excel does

# openpyxl trusts the structure of a file and stumbles over a wrong one in whatever way it comes.
OPENPYXL_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BadZipFile,
    EOFError,
    InvalidFileException,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,  # what the XML parser raises
    TypeError,
    ValueError,
    zlib.error,
)


class Workbook:
    def __init__(self, file: IO[bytes]) -> None:
        weigh(file)
        with _damage_told(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and features that no list needs
            self._book = openpyxl.load_workbook(
                file, read_only=True, data_only=True, keep_links=False
            )
        self._sheet = self._first_with_data()

    def _first_with_data(self) -> Any:
        for sheet in self._book.worksheets:
            if sheet.sheet_state == "visible" and any(islice(self._rows_of(sheet), 1)):
                return sheet
        raise FileUnreadableError(NOTHING_IN_IT)

    def rows(self, start: int = 1) -> Iterator[Row]:
        yield from numbered(_records(self._sheet, start), first=start, start=start)

    def about(self) -> int | None:
        """What the sheet says of itself, where it says anything."""
        declared = self._sheet.max_row
        return declared if isinstance(declared, int) and 1 < declared <= MOST_ROWS else None

    def _rows_of(self, sheet: Any) -> Iterator[Row]:
        return numbered(islice(_records(sheet, 1), LOOK_AT), first=1, start=1)


def _records(sheet: Any, start: int) -> Iterator[list[str]]:
    """Asks for one row and one column too many, to notice that there are too many. The size that
    the sheet declares is not asked: it may be missing or wrong.
    """
    bounds = {"min_row": start, "max_row": MOST_ROWS + 1, "max_col": MOST_COLUMNS + 1}
    with _damage_told():
        for values in sheet.iter_rows(**bounds, values_only=True):
            yield [as_written(value) for value in values]


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except OPENPYXL_ERRORS as error:
        raise FileUnreadableError(BROKEN_WORKBOOK) from error


def as_written(value: object) -> str:
    """A cell as its owner would type it: 501234567.0 is a number that Excel made of 0501234567."""
    match value:
        case None:
            return ""
        case float() if value.is_integer() and abs(value) < EXACT:
            return str(int(value))
        case datetime():
            return value.isoformat(sep=" ")
        case _:
            return str(value)
