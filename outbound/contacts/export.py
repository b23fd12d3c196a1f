"""Lists as CSV for a spreadsheet, without a cell that it would compute."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from django.utils.translation import gettext as _

from outbound.contacts.formulas import defused
from outbound.contacts.problems import SENTENCES
from outbound.contacts.rows import RowError

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"  # or Excel takes UTF-8 for windows-1252


def csv_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """One piece a row, for a response that streams."""
    yield (BOM + _line(header)).encode()
    for row in rows:
        yield _line(row).encode()


def _line(cells: Sequence[str]) -> str:
    """Every cell in quotation marks: in some languages Excel would split it at a semicolon, and
    what follows might begin a formula.
    """
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(map(defused, cells))
    return line.getvalue()


def errors_csv(errors: Iterable[RowError]) -> Iterator[bytes]:
    header = [_("Row"), _("Problem"), _("Column"), _("What it says")]
    return csv_of(header, map(_told, errors))


def _told(error: RowError) -> list[str]:
    return [str(error.row_no), str(SENTENCES[error.code]), error.field, error.value]
