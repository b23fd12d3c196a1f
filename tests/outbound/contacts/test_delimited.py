from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from outbound.contacts.cells import MOST_COLUMNS, MOST_OF_A_CELL, MOST_OF_A_ROW, MOST_ROWS, Row
from outbound.contacts.problems import (
    NOTHING_IN_IT,
    TOO_MANY_ROWS,
    WRONG_TYPE,
    FileUnreadableError,
    Problem,
)
from outbound.contacts.tables import open_table
from tests.outbound.contacts.files import cells_of, rows_of


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = "name,phone,city\nDana,0501234567,Haifa\n".replace(",", delimiter)
    assert cells_of(text.encode()) == [["name", "phone", "city"], ["Dana", "0501234567", "Haifa"]]


def test_commas_in_every_address_do_not_outvote_the_words_of_the_header() -> None:
    text = "טלפון;כתובת\n0501234567;הרצל 1, דירה 2, חיפה\n0521234567;הרצל 3, דירה 4, חיפה\n"
    assert [len(cells) for cells in cells_of(text.encode())] == [2, 2, 2]


def test_a_list_of_numbers_alone_has_one_column() -> None:
    assert cells_of(b"0501234567\n0521234567\n") == [["0501234567"], ["0521234567"]]


def test_the_line_that_excel_hides_names_the_delimiter_and_is_not_counted() -> None:
    assert rows_of(b"sep=;\r\nphone;a,b\r\n") == [Row(1, ("phone", "a,b"))]


def test_a_cell_in_quotation_marks_may_hold_delimiters_marks_and_line_ends() -> None:
    text = 'phone,notes\n0501234567,"a, ""b""\r\nc"\n0521234567,d\n'
    assert rows_of(text.encode())[1:] == [
        Row(2, ("0501234567", 'a, "b"\r\nc')),
        Row(3, ("0521234567", "d")),
    ]


def test_a_mark_inside_a_word_is_a_letter_like_any_other() -> None:
    assert cells_of('name,phone\nכהן בע"מ,0501234567\n'.encode())[1] == ['כהן בע"מ', "0501234567"]


def test_a_mark_that_is_never_closed_costs_one_row_and_not_the_rest() -> None:
    text = 'name,phone\n"Dana,0501234567\nAvi,0521234567\nRuth,0541234567\n'
    assert rows_of(text.encode())[1:] == [
        Row(2, fault=Problem.QUOTE_OPEN),
        Row(3, ("Avi", "0521234567")),
        Row(4, ("Ruth", "0541234567")),
    ]


def test_a_mark_left_open_does_not_swallow_a_long_file() -> None:
    text = '"Dana,0501234567\n' + "Avi,0521234567\n" * 1_000
    first, *rest = rows_of(text.encode())
    assert first.fault is Problem.QUOTE_OPEN
    assert len(rest) == 1_000


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_ends_a_line(line_end: str) -> None:
    text = line_end.join(["phone,name", "0501234567,Dana", ""])
    assert len(rows_of(text.encode())) == 2


def test_blank_rows_are_left_out_but_counted_as_the_spreadsheet_does() -> None:
    assert [row.number for row in rows_of(b"phone,name\n\n , \n0501234567,Dana\n")] == [1, 4]


def test_reading_begins_where_it_is_told_to() -> None:
    text = b'a,"b\nc"\n\nd,e\nf,g\n'
    assert rows_of(text, start=3) == [row for row in rows_of(text) if row.number >= 3]
    assert rows_of(text, start=9) == []


def test_the_table_can_be_read_again_and_left_in_the_middle() -> None:
    table = open_table(io.BytesIO(b"a,b\nc,d\n"), "people.csv")
    assert next(iter(table.rows())) == Row(1, ("a", "b"))
    assert len(list(table.rows())) == 2


def test_an_upload_of_django_s_is_a_file_like_any_other() -> None:
    upload = SimpleUploadedFile("people.csv", "phone,name\n0501234567,דנה\n".encode("cp1255"))
    assert list(open_table(upload, "people.csv").rows(2)) == [Row(2, ("0501234567", "דנה"))]
    assert not upload.closed


class Counting(io.BytesIO):
    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.largest = max(self.largest, len(content))
        return content

    read1 = read


def test_a_line_of_ten_megabytes_is_one_error_and_is_never_held() -> None:
    file = Counting(b"name,phone\n" + b"x" * 10_000_000 + b"\nDana,0501234567\n")
    table = open_table(file, "people.csv")
    assert list(table.rows(2)) == [
        Row(2, fault=Problem.ROW_TOO_LONG),
        Row(3, ("Dana", "0501234567")),
    ]
    assert file.largest <= MOST_OF_A_ROW


def test_a_cell_that_is_too_long_is_an_error_of_its_row() -> None:
    text = b"phone,notes\n0501234567," + b"x" * (MOST_OF_A_CELL + 1) + b"\n0521234567,y\n"
    assert [row.fault for row in rows_of(text)] == [None, Problem.ROW_TOO_LONG, None]


def test_cells_beyond_the_fiftieth_are_an_error_unless_they_are_empty() -> None:
    full, empty = b"x," * MOST_COLUMNS + b"x\n", b"x," * MOST_COLUMNS + b"\n"
    assert [row.fault for row in rows_of(full + empty)] == [Problem.TOO_MANY_CELLS, None]


def test_more_rows_than_can_be_read_are_refused() -> None:
    table = open_table(io.BytesIO(b"0501234567\n" * (MOST_ROWS + 1)), "people.csv")
    with pytest.raises(FileUnreadableError) as refused:
        list(table.rows(MOST_ROWS))
    assert refused.value.sentence == TOO_MANY_ROWS


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n ,,\n"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(FileUnreadableError) as refused:
        rows_of(content)
    assert refused.value.sentence == NOTHING_IN_IT


@pytest.mark.parametrize("name", ["people.xls", "people.pdf", "people", "people.csv.exe"])
def test_a_file_of_another_kind_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(FileUnreadableError) as refused:
        rows_of(b"phone\n0501234567\n", name)
    assert refused.value.sentence == WRONG_TYPE
