"""Files as owners send them, made in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

import openpyxl

from outbound.contacts.cells import Row
from outbound.contacts.tables import open_table


def rows_of(content: bytes, filename: str = "people.csv", start: int = 1) -> list[Row]:
    return list(open_table(io.BytesIO(content), filename).rows(start))


def cells_of(content: bytes, filename: str = "people.csv") -> list[list[str]]:
    return [list(row.cells) for row in rows_of(content, filename)]


def workbook(*sheets: Sequence[Sequence[object]], hidden: int = 0) -> bytes:
    """The first sheets may be hidden; the last is shown."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"sheet {number}")
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if number < hidden else "visible"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The same archive with other contents of some parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def rows(*lines: Iterable[str]) -> list[Row]:
    return [Row(number, tuple(cells)) for number, cells in enumerate(lines, 1)]
