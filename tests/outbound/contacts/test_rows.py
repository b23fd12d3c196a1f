from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.leads import counts_of, write_csv, write_workbook
from outbound.contacts.cells import Row
from outbound.contacts.columns import MOST_FACTS, Mapping
from outbound.contacts.decoding import UNDECODED
from outbound.contacts.fields import date_of, email_of, gender_of, tidy
from outbound.contacts.problems import Problem, Remark
from outbound.contacts.proposing import propose_mapping
from outbound.contacts.rows import Contact, RowError, merge, read_contact, read_contacts
from outbound.contacts.tables import open_table
from prompts.render import clean
from tests.outbound.contacts.files import rows

HEADER = ("שם", "טלפון", "טלפון נוסף", "מייל", "מין", "הערות", "הסכמה", "עיר")


def mapping_of(*header: str) -> Mapping:
    return propose_mapping(rows(header), "IL")


def read(**cells: str) -> Contact | RowError:
    return read_contact(Row(7, tuple(cells.values())), mapping_of(*cells), "IL")


def contact(**cells: str) -> Contact:
    found = read(**cells)
    assert isinstance(found, Contact)
    return found


def test_a_row_becomes_the_person_in_it() -> None:
    cells = (
        "דנה לוי",
        "050-1234567",
        "03-1234567",
        "Dana@Example.com",
        "נקבה",
        "להתקשר בערב",
        "1.3.2026",
        "חיפה",
    )
    assert read_contact(Row(2, cells), mapping_of(*HEADER), "IL") == Contact(
        row_no=2,
        phone_e164="+972501234567",
        name="דנה לוי",
        facts={"עיר": "חיפה", "טלפון נוסף": "+97231234567"},
        gender="female",
        email="Dana@Example.com",
        consent_on=date(2026, 3, 1),
        notes="להתקשר בערב",
    )


def test_a_short_row_lacks_what_its_columns_would_have_held() -> None:
    found = read_contact(Row(2, ("דנה", "0501234567")), mapping_of(*HEADER), "IL")
    assert found == Contact(2, "+972501234567", "דנה")


def test_first_and_last_name_make_a_name_where_there_is_none() -> None:
    parts = {"first_name": "Dana", "last_name": " Levi ", "phone": "0501234567"}
    assert contact(**parts).name == "Dana Levi"
    assert contact(name="D. Levi", **parts).name == "D. Levi"


def test_a_name_keeps_no_mark_that_hides_or_turns_text() -> None:
    assert contact(phone="0501234567", name="\u202eDana\x00\n \u200fLevi\ufeff").name == "Dana Levi"
    assert len(contact(phone="0501234567", name="x" * 9_999).name) == 200


def test_a_name_whose_letters_were_lost_is_not_spoken() -> None:
    assert contact(phone="0501234567", name=f"Ren{UNDECODED}").name == ""


def test_a_row_that_cannot_be_called_says_where_and_why() -> None:
    assert read(name="Dana", phone="*2700") == RowError(7, Problem.SHORT_CODE, "phone", "*2700")
    assert read(name="Dana", phone="") == RowError(7, Problem.MISSING, "phone", "")
    assert read(name="Dana") == RowError(7, Problem.MISSING)


def test_what_is_shown_of_a_wrong_cell_is_short_and_clean() -> None:
    found = read(phone="\u202e" + "=" * 5_000)
    assert isinstance(found, RowError)
    assert found.value == "=" * 40


def test_a_row_with_a_fault_stays_an_error() -> None:
    row = Row(3, fault=Problem.ROW_TOO_LONG)
    assert read_contact(row, mapping_of("phone"), "IL") == RowError(3, Problem.ROW_TOO_LONG)


def test_the_second_telephone_stands_in_for_one_that_cannot_be_called() -> None:
    found = contact(phone="*2700", phone_2="0521234567")
    assert found.phone_e164 == "+972521234567"
    assert found.remarks == (Remark.SECOND_PHONE_USED,)
    assert "phone_2" not in found.facts


def test_what_cannot_be_read_beside_the_number_is_left_out_and_it_is_said_so() -> None:
    cells = {"phone": "0501234567 x5", "email": "at home", "gender": "?", "consent": "31.2.2026"}
    found = contact(**cells)
    assert (found.email, found.gender, found.consent_on) == ("", "", None)
    assert set(found.remarks) == {
        Remark.EXTENSION_CUT,
        Remark.EMAIL_UNREADABLE,
        Remark.GENDER_UNREADABLE,
        Remark.CONSENT_UNREADABLE,
    }


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        ("2026-03-01", "IL", date(2026, 3, 1)),
        ("2026-03-01 00:00:00", "IL", date(2026, 3, 1)),
        ("01/03/2026", "IL", date(2026, 3, 1)),
        ("1.3.26", "IL", date(2026, 3, 1)),
        ("01/03/2026 14:05", "IL", date(2026, 3, 1)),
        ("03/01/2026", "US", date(2026, 3, 1)),
        ("05/31/2026", "IL", None),
        ("2026-02-30", "IL", None),
        ("0000-00-00", "IL", None),
        ("yes", "IL", None),
    ],
)
def test_dates_are_read_the_way_of_the_region(
    written: str, region: str, expected: date | None
) -> None:
    assert date_of(written, region) == expected


@pytest.mark.parametrize("address", ["a@b.co", "mailto:a@b.co", " דנה@דואר.ישראל "])
def test_an_address_is_taken(address: str) -> None:
    assert email_of(address) == address.strip().removeprefix("mailto:")


@pytest.mark.parametrize(
    "address", ["", "a", "a@b", "a@b.co, c@d.co", "a b@c.co", "a@" + "b" * 300]
)
def test_what_is_no_address_is_not_taken(address: str) -> None:
    assert email_of(address) is None


def test_a_gender_is_known_in_three_languages() -> None:
    assert [gender_of(word) for word in ("נקבה", "F", "أنثى", "Mrs.")] == ["female"] * 4
    assert [gender_of(word) for word in ("זכר", "male", "ذكر", "Mr")] == ["male"] * 4


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_the_short_way_to_clean_text_is_the_long_one(text: str, limit: int) -> None:
    if not text.startswith("'") and UNDECODED not in text:
        assert tidy(text, limit) == clean(text, limit)


def test_two_rows_of_one_person_fill_each_other_and_overwrite_nothing() -> None:
    first = Contact(2, "+972501234567", "דנה", {"עיר": "חיפה"}, consent_on=date(2026, 3, 1))
    second = Contact(
        9, "+972501234567", "Dana", {"עיר": "לוד", "רחוב": "הרצל"}, "female", "d@example.com"
    )
    assert merge(first, second) == Contact(
        2,
        "+972501234567",
        "דנה",
        {"עיר": "חיפה", "רחוב": "הרצל"},
        "female",
        "d@example.com",
        date(2026, 3, 1),
    )
    assert first.facts == {"עיר": "חיפה"}


def test_merging_keeps_no_more_facts_than_there_is_room_for() -> None:
    first = Contact(1, "+972501234567", facts={f"a{n}": "x" for n in range(MOST_FACTS)})
    second = Contact(2, "+972501234567", facts={"b": "x"})
    assert merge(first, second).facts == first.facts


@pytest.mark.parametrize(("ending", "write"), [("csv", write_csv), ("xlsx", write_workbook)])
def test_q01_of_a_mixed_list_every_row_is_a_person_or_an_error(
    tmp_path: Path, ending: str, write: Callable[[Path, int], None]
) -> None:
    file = tmp_path / f"people.{ending}"
    write(file, 1_000)
    table = open_table(io.BytesIO(file.read_bytes()), file.name)
    mapping = propose_mapping(list(islice(table.rows(), 100)), "IL")

    found = list(read_contacts(table, mapping, "IL"))

    people = [each for each in found if isinstance(each, Contact)]
    assert (len(people), len(found) - len(people)) == (counts_of(1_000).good, counts_of(1_000).bad)
    assert [each.row_no for each in found] == list(range(2, 1_002))
    assert len({each.phone_e164 for each in people}) == len(people)


def test_a_row_from_an_older_file_keeps_its_name(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    write_csv(file, 100)
    with file.open("rb") as opened:
        table = open_table(opened, file.name)
        first = next(read_contacts(table, mapping_of("name", "phone"), "IL"))
    assert isinstance(first, Contact)
    assert first.name == "דנה"


def test_reading_goes_on_at_any_row() -> None:
    table = open_table(io.BytesIO(b"phone\n0501234567\n\n0521234567\nx\n"), "people.csv")
    mapping = propose_mapping(list(table.rows()), "IL")
    assert [each.row_no for each in read_contacts(table, mapping, "IL")] == [2, 4, 5]
    assert [each.row_no for each in read_contacts(table, mapping, "IL", start=4)] == [4, 5]
