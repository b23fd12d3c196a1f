from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest

from outbound.contacts import weighing
from outbound.contacts.cells import Row
from outbound.contacts.problems import (
    BROKEN_WORKBOOK,
    NOTHING_IN_IT,
    WORKBOOK_TOO_LARGE,
    WRONG_TYPE,
    FileUnreadableError,
    Problem,
)
from tests.outbound.contacts.files import repacked, rows_of, workbook

SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LIST = workbook([["phone", "name"], ["0501234567", "דנה"]])


def read(content: bytes, start: int = 1) -> list[tuple[int, list[str]]]:
    found = rows_of(content, "people.xlsx", start)
    return [(row.number, [cell for cell in row.cells if cell]) for row in found]


def refusal_of(content: bytes) -> object:
    with pytest.raises(FileUnreadableError) as refused:
        read(content)
    return refused.value.sentence


def sheet(inside: str) -> bytes:
    text = f'<worksheet xmlns="{NAMESPACE}"><sheetData>{inside}</sheetData></worksheet>'
    return repacked(LIST, {SHEET: text.encode()})


def test_a_workbook_is_read() -> None:
    assert read(LIST) == [(1, ["phone", "name"]), (2, ["0501234567", "דנה"])]


def test_a_workbook_under_the_name_of_a_text_is_read_all_the_same() -> None:
    assert len(rows_of(LIST, "people.csv")) == 2


@pytest.mark.parametrize("value", [501234567, 501234567.0, 9.72501234567e11])
def test_a_telephone_stored_as_a_number_has_its_digits_back(value: float) -> None:
    [(_, [cell])] = read(workbook([[value]]))
    assert cell.isdecimal()
    assert cell.endswith("501234567")


def test_dates_truths_and_fractions_are_read_as_they_would_be_typed() -> None:
    row = [dt.datetime.fromisoformat("2026-03-01T12:00"), dt.date(2026, 3, 1), True, 1.5]
    [(_, cells)] = read(workbook([row]))
    assert cells == ["2026-03-01 12:00:00", "2026-03-01 00:00:00", "True", "1.5"]


def test_a_formula_gives_what_was_computed_and_never_itself() -> None:
    computed = '<row r="1"><c r="A1" t="str"><f>CONCAT("05","1")</f><v>051</v></c></row>'
    assert read(sheet(computed)) == [(1, ["051"])]


def test_the_first_sheet_that_is_shown_and_has_something_in_it_is_taken() -> None:
    content = workbook([["hidden"]], [], [["phone"]], [["other"]], hidden=1)
    assert read(content) == [(1, ["phone"])]


def test_rows_keep_the_numbers_that_the_spreadsheet_shows() -> None:
    content = workbook([["phone"], [], [None, " "], ["0501234567"]])
    assert [number for number, _ in read(content)] == [1, 4]
    assert read(content, start=2) == [(4, ["0501234567"])]


def test_a_sheet_that_says_it_is_huge_is_read_as_far_as_it_goes() -> None:
    said = f'<worksheet xmlns="{NAMESPACE}"><dimension ref="A1:XFD1048576"/><sheetData>'
    row = '<row r="3"><c r="A3"><v>501234567</v></c></row></sheetData></worksheet>'
    assert read(repacked(LIST, {SHEET: (said + row).encode()})) == [(3, ["501234567"])]


def test_a_fifty_first_cell_is_an_error_of_its_row() -> None:
    [first, second] = rows_of(workbook([["x"] * 51, ["x"]]), "people.xlsx")
    assert first == Row(1, fault=Problem.TOO_MANY_CELLS)
    assert second.cells[0] == "x"


def test_an_empty_workbook_is_refused() -> None:
    assert refusal_of(workbook([[]])) == NOTHING_IN_IT


def test_an_archive_of_something_else_is_the_wrong_type() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("photo.jpg", b"\xff\xd8")
    assert refusal_of(out.getvalue()) == WRONG_TYPE


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_half_a_workbook_is_damaged(part: float) -> None:
    assert refusal_of(LIST[: int(part * len(LIST))]) == BROKEN_WORKBOOK


def test_a_workbook_with_nonsense_in_its_cells_is_damaged() -> None:
    assert refusal_of(sheet('<row r="1"><c r="A1"><v>many</v></c></row>')) == BROKEN_WORKBOOK
    assert refusal_of(sheet('<row r="1"><c r="A1" t="s"><v>99</v></c></row>')) == BROKEN_WORKBOOK


def test_no_document_type_is_read_and_so_no_entity() -> None:
    secret = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row>'
    text = f'{secret}<worksheet xmlns="{NAMESPACE}"><sheetData>{row}</sheetData></worksheet>'
    assert refusal_of(repacked(LIST, {SHEET: text.encode()})) == BROKEN_WORKBOOK


def test_a_document_type_is_refused_even_where_it_does_no_harm() -> None:
    text = f'<!DOCTYPE x><worksheet xmlns="{NAMESPACE}"><sheetData><row/></sheetData></worksheet>'
    assert refusal_of(repacked(LIST, {SHEET: text.encode()})) == BROKEN_WORKBOOK
    assert refusal_of(repacked(LIST, {"xl/unused.xml": b"<!DOCTYPE x><x/>"})) == BROKEN_WORKBOOK


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "MOST_UNPACKED", 1_000_000)
    assert refusal_of(repacked(LIST, {"xl/media/a.bin": bytes(1_000_000)})) == WORKBOOK_TOO_LARGE


def test_an_archive_that_lies_about_its_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "MOST_UNPACKED", 1_000_000)
    large = repacked(LIST, {"xl/media/a.bin": bytes(2_000_000)})
    lying = large.replace((2_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != large
    assert refusal_of(lying) == BROKEN_WORKBOOK


@pytest.mark.parametrize(
    "inside",
    [
        "<row/>" * (weighing.MOST_ROWS_HELD + 1),
        "<x/>" * (weighing.MOST_ELEMENTS + 1),
        '<row r="1"><c><v>'
        + " " * (weighing.MOST_BETWEEN_TAGS + 2 * weighing.CHUNK)
        + "</v></c></row>",
        '<row r="1">' + "<c/>" * weighing.MOST_BETWEEN_TAGS + "</row>",
    ],
    ids=["rows", "other elements", "one text", "one row"],
)
def test_what_would_fill_the_memory_is_refused_before_it_is_read(inside: str) -> None:
    assert refusal_of(sheet(inside)) == WORKBOOK_TOO_LARGE


def test_a_sheet_cannot_be_weighed_as_one_thing_and_read_as_another() -> None:
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{SHEET}" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    )
    assert refusal_of(repacked(LIST, {"[Content_Types].xml": types.encode()})) == BROKEN_WORKBOOK


def test_more_parts_than_any_workbook_has_are_refused() -> None:
    many = {f"xl/media/{number}": b"" for number in range(weighing.MOST_PARTS)}
    assert refusal_of(repacked(LIST, many)) == WORKBOOK_TOO_LARGE
