from __future__ import annotations

import pytest
from pydantic import ValidationError

from outbound.contacts.cells import Row
from outbound.contacts.columns import MOST_FACTS, Mapping
from outbound.contacts.header_words import Role
from outbound.contacts.proposing import propose_mapping
from tests.outbound.contacts.files import rows

DANA = ("דנה", "050-1234567", "dana@example.com")
AVI = ("אבי", "+972521234567", "avi@example.com")


def roles_of(mapping: Mapping) -> list[Role]:
    return [column.role for column in mapping.columns]


@pytest.mark.parametrize(
    "header",
    [
        ("שם מלא", "טלפון נייד", "דוא״ל"),
        ("Full Name", "Phone_No.", "E-Mail"),
        ("الاسم الكامل", "رقم الجوال", "البريد الإلكتروني"),
    ],
)
def test_the_words_above_the_columns_are_known_in_three_languages(header: tuple[str, ...]) -> None:
    mapping = propose_mapping(rows(header, DANA, AVI), "IL")
    assert roles_of(mapping) == [Role.NAME, Role.PHONE, Role.EMAIL]
    assert (mapping.header_row, mapping.first_row, mapping.confidence) == (1, 2, 1.0)


def test_every_other_part_of_a_person_is_known_too() -> None:
    header = ("שם פרטי", "משפחה", "מין", "הערות", "תאריך הסכמה", "נייד", "טלפון נוסף")
    assert roles_of(propose_mapping(rows(header), "IL")) == [
        Role.FIRST_NAME,
        Role.LAST_NAME,
        Role.GENDER,
        Role.NOTES,
        Role.CONSENT,
        Role.PHONE,
        Role.SECOND_PHONE,
    ]


def test_a_column_that_nobody_knows_becomes_a_fact_under_its_header() -> None:
    mapping = propose_mapping(rows(("phone", "City"), ("0501234567", "Haifa")), "IL")
    [_, city] = mapping.columns
    assert (city.role, city.header, city.samples) == (Role.FACT, "City", ("Haifa",))


def test_two_columns_of_one_name_are_two_facts() -> None:
    mapping = propose_mapping(rows(("phone", "City", "City")), "IL")
    assert [fact.header for fact in mapping.facts] == ["City", "City 2"]


def test_more_facts_than_can_be_kept_are_shown_as_ignored() -> None:
    header = ("phone", *(f"fact {number}" for number in range(MOST_FACTS + 1)))
    mapping = propose_mapping(rows(header), "IL")
    assert len(mapping.facts) == MOST_FACTS
    assert mapping.columns[-1].role is Role.IGNORED


def test_a_title_may_stand_above_the_header() -> None:
    mapping = propose_mapping(rows(("לידים מרץ",), ("טלפון", "שם"), ("0501234567", "דנה")), "IL")
    assert mapping.header_row == 2


def test_without_a_header_the_telephone_is_found_by_what_stands_there() -> None:
    mapping = propose_mapping(rows(DANA, AVI), "IL")
    assert mapping.header_row is None
    assert mapping.first_row == 1
    assert roles_of(mapping) == [Role.NAME, Role.PHONE, Role.EMAIL]
    assert 0 < mapping.confidence < 1


def test_a_header_of_words_that_nobody_knows_is_still_no_person() -> None:
    mapping = propose_mapping(rows(("wer", "wohin", "womit"), DANA, AVI), "IL")
    assert mapping.header_row == 1
    assert mapping.by_role[Role.PHONE].header == "wohin"


def test_identity_numbers_and_dates_are_not_taken_for_telephones() -> None:
    people = [("312345678", "21/05/1980", "0501234567"), ("203456789", "03/11/1982", "0521234567")]
    mapping = propose_mapping(rows(*people), "IL")
    assert mapping.by_role[Role.PHONE].index == 2
    assert Role.SECOND_PHONE not in mapping.by_role


def test_a_column_called_telephone_without_one_loses_to_the_one_that_has_them() -> None:
    people = rows(("phone", "whatsup"), ("yes", "0501234567"), ("no", "0521234567"))
    assert propose_mapping(people, "IL").by_role[Role.PHONE].index == 1


def test_of_two_telephones_the_one_that_more_people_have_comes_first() -> None:
    people = rows(("טלפון", "נייד"), ("", "0501234567"), ("03-1234567", "0521234567"))
    mapping = propose_mapping(people, "IL")
    assert roles_of(mapping) == [Role.SECOND_PHONE, Role.PHONE]


@pytest.mark.parametrize("sample", [[], rows(("שם", "עיר"), ("דנה", "חיפה"))])
def test_without_any_telephone_there_is_no_confidence(sample: list[Row]) -> None:
    mapping = propose_mapping(sample, "IL")
    assert mapping.confidence == 0
    assert Role.PHONE not in mapping.by_role


def test_a_mapping_goes_out_as_json_and_comes_back_the_same() -> None:
    mapping = propose_mapping(rows(("שם", "טלפון", "עיר"), ("דנה", "0501234567", "חיפה")), "IL")
    assert Mapping.model_validate_json(mapping.model_dump_json()) == mapping


def test_the_owner_may_decide_otherwise() -> None:
    mapping = propose_mapping(rows(("phone", "office"), ("0501234567", "0521234567")), "IL")
    changed = mapping.assigned(1, Role.PHONE)
    assert roles_of(changed) == [Role.IGNORED, Role.PHONE]
    assert changed.confidence == 1.0
    assert roles_of(mapping)[0] is Role.PHONE


def test_a_fact_without_a_name_is_refused() -> None:
    mapping = propose_mapping(rows(DANA, AVI), "IL")
    with pytest.raises(ValidationError):
        mapping.assigned(0, Role.FACT)


@pytest.mark.parametrize(
    "columns",
    [
        '[{"index": 0, "role": "phone"}, {"index": 1, "role": "phone"}]',
        '[{"index": 0, "role": "phone"}, {"index": 0, "role": "name"}]',
        '[{"index": 50, "role": "phone"}]',
        '[{"index": 0, "role": "owner"}]',
    ],
)
def test_a_mapping_that_cannot_be_is_refused(columns: str) -> None:
    with pytest.raises(ValidationError):
        Mapping.model_validate_json(f'{{"header_row": 1, "columns": {columns}}}')
