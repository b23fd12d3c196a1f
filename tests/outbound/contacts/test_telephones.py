from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calls.telephones import readable
from outbound.contacts.problems import Problem, Remark
from outbound.contacts.telephones import (
    PLAIN_ISRAELI_MOBILE,
    Telephone,
    any_telephone,
    telephone,
)
from tenants.numbers import validate_e164

MOBILE = "+972501234567"
REGIONS = st.sampled_from(["IL", "US", "GB", "DE", "IT", "JO", "MX", "ZZ"])
# What people type into a cell for a telephone, in any order.
TYPED = st.text(alphabet="0123456789٠٥۵+-(). /,;*#xe'\u200f\u202a\u00a0\nאA", max_size=30)


@pytest.mark.parametrize(
    "written",
    [
        "0501234567",
        "050-123-4567",
        "050-1234567",
        readable("+972501234567"),
        "050.123.4567",
        "(050) 123 4567",
        "+972501234567",
        "+972 50-123-4567",
        "+972 (0)50 123 4567",
        "00972501234567",
        "972-50-1234567",
        "9720501234567",
        "tel:+972501234567",
        "٠٥٠-١٢٣-٤٥٦٧",
        "۰۵۰۱۲۳۴۵۶۷",
        "＋972501234567",
        "\u200f050-1234567\u200e",
        "\u2066+972\u2069 50\u00a01234567",
        "\ufeff0501234567",
        "050\u20111234567",
        "נייד: 050-1234567",
        "050-1234567 (דנה)",
        "هاتف ٠٥٠١٢٣٤٥٦٧",
        "'0501234567",
        '="0501234567"',
        "501234567",
        "501234567.0",
        "9.72501234567E+11",
        "5.01234567e8",
    ],
)
def test_one_person_has_one_number_however_it_is_spelled(written: str) -> None:
    assert telephone(written, "IL") == Telephone(MOBILE)


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("03-1234567", "+97231234567"),
        ("31234567", "+97231234567"),
        ("97231234567", "+97231234567"),
        ("077-1234567", "+972771234567"),
        ("1-800-123-123", "+9721800123123"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("001 212 555 0123", "+12125550123"),
        ("+962 7 9012 3456", "+962790123456"),
    ],
)
def test_other_numbers_are_read_as_well(written: str, e164: str) -> None:
    assert telephone(written, "IL") == Telephone(e164)


def test_a_number_without_a_country_is_one_of_the_region() -> None:
    assert telephone("(212) 555-0123", "US") == Telephone("+12125550123")
    assert telephone("0791234567", "JO") == Telephone("+962791234567")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", Problem.MISSING),
        (" \u200f ", Problem.MISSING),
        ("*2700", Problem.SHORT_CODE),
        ("2700*", Problem.SHORT_CODE),
        ("100", Problem.SHORT_CODE),
        ("1-800-FLOWERS", Problem.LETTERS),
        ("050-CALLNOW", Problem.LETTERS),
        ("050-123-456", Problem.TOO_SHORT),
        ("050-123-45678", Problem.TOO_LONG),
        ("05012345670521234567", Problem.TOO_LONG),
        ("9" * 1_000, Problem.TOO_LONG),
        ("9.72501E+11", Problem.ROUNDED),
        ("03/11/1982", Problem.NOT_A_NUMBER),
        ("2026-03-01 00:00:00", Problem.NOT_A_NUMBER),
        ("0000000000", Problem.NOT_A_NUMBER),
        ("אין", Problem.NOT_A_NUMBER),
        ("-", Problem.NOT_A_NUMBER),
    ],
)
def test_what_cannot_be_called_says_why(written: str, problem: Problem) -> None:
    assert telephone(written, "IL") == problem


@pytest.mark.parametrize(
    "written",
    ["050-1234567 ext. 5", "050-1234567 x5", "0501234567#12", "050-1234567 שלוחה 5"],
)
def test_an_extension_is_cut_and_it_is_said_so(written: str) -> None:
    assert telephone(written, "IL") == Telephone(MOBILE, Remark.EXTENSION_CUT)


@pytest.mark.parametrize(
    "written",
    [
        "050-1234567, 052-7654321",
        "050-1234567/052-7654321",
        "050-1234567\n052-7654321",
        "דנה 050-1234567 אבי 052-7654321",
        "0501234567 0527654321",
        "050 123 4567 052 765 4321",
        "050-1234567-052-7654321",
        "+972501234567+972527654321",
        "050-1234567/8",
    ],
)
def test_of_two_numbers_in_a_cell_the_first_is_taken_and_it_is_said_so(written: str) -> None:
    assert telephone(written, "IL") == Telephone(MOBILE, Remark.OTHER_NUMBER_LEFT_OUT)


def test_the_same_number_twice_is_one_number() -> None:
    assert telephone("050-1234567, +972501234567", "IL") == Telephone(MOBILE)


def test_where_one_number_ends_is_not_guessed() -> None:
    assert telephone("030 901820 030 9018 2030", "DE") == Problem.AMBIGUOUS
    assert telephone("050+1234567", "IL") == Problem.AMBIGUOUS


@given(st.from_regex(PLAIN_ISRAELI_MOBILE, fullmatch=True))
def test_the_short_way_comes_to_what_the_long_way_does(written: str) -> None:
    assert telephone(written, "IL") == any_telephone(written, "IL")


@given(st.text() | TYPED, REGIONS)
@example("+" * 300, "IL")
@example("²⑤Ⅴ", "IL")
def test_no_text_breaks_it(written: str, region: str) -> None:
    assert isinstance(telephone(written, region), Telephone | Problem)


@given(TYPED, REGIONS)
@example("000000", "DE")
def test_a_number_that_was_read_is_read_again_as_itself(written: str, region: str) -> None:
    found = telephone(written, region)
    if isinstance(found, Telephone):
        assert telephone(found.e164, region) == Telephone(found.e164)
        validate_e164(found.e164)


@given(st.from_regex(r"0[23489][0-9]{7}|07[0-9]{8}", fullmatch=True), st.sampled_from(" -.\u200f"))
def test_marks_between_the_digits_change_nothing(written: str, mark: str) -> None:
    assert telephone(mark.join(written), "IL") == telephone(written, "IL")
