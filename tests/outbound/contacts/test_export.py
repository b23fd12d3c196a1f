from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from outbound.contacts.export import csv_of, errors_csv
from outbound.contacts.formulas import COMPUTED, defused, restored
from outbound.contacts.problems import SENTENCES, Problem, Remark
from outbound.contacts.rows import RowError
from outbound.contacts.telephones import Telephone, telephone


def read(pieces: Iterable[bytes]) -> list[list[str]]:
    text = b"".join(pieces).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_errors_of_a_list_are_handed_out_with_sentences() -> None:
    error = RowError(7, Problem.SHORT_CODE, "טלפון", "*2700")
    sentence = "A short code such as *2700 cannot be called from here."
    with override("en"):
        assert read(errors_csv([error]))[1:] == [["7", sentence, "טלפון", "*2700"]]


def test_excel_sees_by_the_first_bytes_that_it_is_utf_8() -> None:
    assert next(errors_csv([])).startswith(b"\xef\xbb\xbf")


def test_the_list_is_handed_out_row_by_row() -> None:
    endless = (["x"] for _ in iter(int, 1))
    pieces = csv_of(["a"], endless)
    assert [next(pieces), next(pieces)] == ["\ufeff".encode() + b'"a"\r\n', b'"x"\r\n']


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", "＝1"]
)
def test_no_cell_is_computed(cell: str) -> None:
    assert read(csv_of(["a"], [[cell]]))[1] == ["'" + cell]


def test_a_semicolon_does_not_begin_a_new_cell() -> None:
    assert b'"a;=1+1"' in b"".join(csv_of(["a"], [["a;=1+1"]]))


def test_a_telephone_stays_text_and_is_read_again() -> None:
    [_, [cell]] = read(csv_of(["phone"], [["+972501234567"]]))
    assert cell == "'+972501234567"
    assert telephone(cell, "IL") == Telephone("+972501234567")


@pytest.mark.parametrize("cell", ["", "Dana", "*2700", "050-1234567", "'t Hooft", "דנה"])
def test_other_cells_are_left_as_they_are(cell: str) -> None:
    assert defused(cell) == restored(cell) == cell


@given(st.text())
def test_whatever_is_handed_out_computes_nothing_and_comes_back_as_it_was(cell: str) -> None:
    assert not defused(cell).startswith(COMPUTED)
    assert restored(defused(cell)) == cell


def test_every_problem_and_remark_has_its_sentence() -> None:
    assert set(SENTENCES) == {*Problem, *Remark}
