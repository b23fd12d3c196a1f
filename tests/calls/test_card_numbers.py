from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.card_numbers import masked, masked_in


# The test numbers that card companies publish.
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("4580458045804580", "••••4580"),
        ("My card is 4242 4242 4242 4242, thanks", "My card is ••••4242, thanks"),
        ("4242-4242-4242-4242", "••••4242"),
        ("4242, 4242, 4242, 4242.", "••••4242."),
        ("4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2", "••••4242"),
        ("42 42 42 42 42 42 42 42", "••••4242"),
        ("3782 822463 10005", "••••0005"),
        ("המספר הוא 5555 5555 5555 4444, תודה", "המספר הוא ••••4444, תודה"),
        ("٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢", "••••٤٢٤٢"),
        ("number 7, 4242 4242 4242 4242", "number 7, ••••4242"),
        ("4242424242424242 and 5555555555554444", "••••4242 and ••••4444"),
    ],
)
def test_of_the_number_of_a_card_four_digits_are_kept(said: str, kept: str) -> None:
    assert masked(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "",
        "4242 4242 4242 4243",  # the check digit is another one
        "050-123-4567 052-765-4221",
        "call +972 50 123 4567 or 03-9999999",
        "000000000000",  # too short
        "0" * 20,
        "the order of 12.11.2026, 14:30 to 15:45, 120 pieces",
        "my identity number is 123456782",
    ],
)
def test_other_numbers_stay(said: str) -> None:
    assert masked(said) == said


def test_two_telephone_numbers_whose_digits_would_check_are_no_card() -> None:
    assert masked("050-123-4567 052-765-42") == "050-123-4567 052-765-42"


@given(st.text(max_size=60))
def test_what_has_no_number_in_it_stays(text: str) -> None:
    if sum(each.isdecimal() for each in text) < 13:
        assert masked(text) == text
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"note": ["4242424242424242", 7]}, {"note": ["••••4242", 7]}),
        ({"card": 4242424242424242, "valid": True}, {"card": "••••4242", "valid": True}),
        ({"4242424242424242": None, "price": 12.5}, {"••••4242": None, "price": 12.5}),
        ("no card", "no card"),
    ],
)
def test_wherever_it_stands_in_json(value: Any, kept: Any) -> None:
    assert masked_in(value) == kept
