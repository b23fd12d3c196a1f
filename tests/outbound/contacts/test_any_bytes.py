"""Whatever somebody uploads, it is a table or one clear sentence."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outbound.contacts.problems import FileUnreadableError
from outbound.contacts.proposing import propose_mapping
from outbound.contacts.rows import Contact, RowError, read_contacts
from outbound.contacts.tables import open_table
from tests.outbound.contacts.files import repacked, workbook

LIST = workbook([["phone", "name"], ["0501234567", "דנה"], [501234567, 1.5]])
SHEET = "xl/worksheets/sheet1.xml"
# What CSV is made of, and what breaks it.
TEXT = st.text(alphabet="a0,;\t|\"'\r\n =+אء\x00\ufeff\u2028", max_size=200)
PIECES = st.sampled_from(
    ["<row>", "</row>", '<c r="A1">', '<c r="ZZ9" t="s">', '<c t="b">', '<c t="d" s="99">', "</c>"]
    + ["<v>", "</v>", "1e999", "501234567", "x", '<row r="0">', '<row r="x">', "<is><t>", "&e;"]
)


def read(content: bytes, filename: str) -> None:
    with suppress(FileUnreadableError):
        table = open_table(io.BytesIO(content), filename)
        sample = list(table.rows())
        mapping = propose_mapping(sample, "IL")
        found = list(read_contacts(table, mapping, "IL"))
        assert all(isinstance(each, Contact | RowError) for each in found)
        assert len(found) == sum(row.number >= mapping.first_row for row in sample)


@given(st.binary(max_size=500) | st.binary().map(lambda rest: b"PK\x03\x04" + rest))
def test_any_bytes(content: bytes) -> None:
    read(content, "people.csv")


@given(TEXT, st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_any_text(text: str, encoding: str) -> None:
    read(text.encode(encoding), "people.csv")


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=15).map("".join))
def test_any_sheet(inside: str) -> None:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = f'<worksheet xmlns="{namespace}"><sheetData>{inside}</sheetData></worksheet>'
    read(repacked(LIST, {SHEET: text.encode()}), "people.xlsx")


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
@given(st.integers(0, len(LIST) - 1), st.binary(min_size=1, max_size=4))
def test_any_damage_to_a_workbook(place: int, damage: bytes) -> None:
    read(LIST[:place] + damage + LIST[place + len(damage) :], "people.xlsx")


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
@given(
    st.sampled_from(["xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", SHEET])
    | st.sampled_from(["[Content_Types].xml", "xl/sharedStrings.xml", "_rels/.rels"]),
    st.binary(max_size=50) | st.sampled_from([b"<a/>", b"<?xml version='1.0'?><b x='1'/>"]),
)
def test_any_part_of_a_workbook(name: str, content: bytes) -> None:
    read(repacked(LIST, {name: content}), "people.xlsx")
