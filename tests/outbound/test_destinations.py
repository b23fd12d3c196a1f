from __future__ import annotations

import pytest

from outbound.destinations import Ban, banned, block_of, country_of

EVERYWHERE = {"IL", "US", "CA", "GB", "DE", "FR", "DO", "JM", "AE", "EG", "JO"}

ORDINARY = [
    "+972501234567",
    "+972521234567",
    "+972541234567",
    "+972581234567",
    "+97221234567",
    "+97231234567",
    "+97241234567",
    "+97281234567",
    "+97291234567",
    "+972721234567",
    "+972771234567",
    "+972731234567",
    "+12025550123",
    "+14155550123",
    "+13125550199",
    "+14165550123",
    "+442079460958",
    "+447400123456",
    "+4930123456",
    "+4915112345678",
    "+33123456789",
    "+33612345678",
    "+18095551234",
    "+18765551234",
    "+971501234567",
    "+201001234567",
    "+962791234567",
]
SPECIAL = [
    "+9721900123456",
    "+9721919123456",
    "+9721956123456",
    "+9721957123456",
    "+19005551234",
    "+19765551234",
    "+449098790000",
    "+449011234567",
    "+448431234567",
    "+448711234567",
    "+447012345678",
    "+499001234567",
    "+491805123456",
    "+33899123456",
    "+33891123456",
    "+870773001234",
    "+881612345678",
    "+881812345678",
    "+882161234567",
    "+883510012345",
    "+979123456789",
    "+80012345678",
    "+80812345678",
    "+88812345678",
]
OTHER_COUNTRIES = [
    "+37112345678",
    "+2347012345678",
    "+5353123456",
    "+79161234567",
    "+8613812345678",
    "+252612345678",
    "+3725123456",
]


@pytest.mark.parametrize("number", ORDINARY)
def test_a_telephone_in_an_allowed_country_may_be_dialled(number: str) -> None:
    assert banned(number, countries=EVERYWHERE) is None


@pytest.mark.parametrize("number", SPECIAL)
def test_what_costs_more_than_a_telephone_is_never_dialled(number: str) -> None:
    assert banned(number, countries=EVERYWHERE) in (Ban.SPECIAL_NUMBER, Ban.NOT_A_NUMBER)


@pytest.mark.parametrize("number", OTHER_COUNTRIES)
def test_a_country_that_is_not_allowed_is_not_dialled(number: str) -> None:
    assert banned(number, countries=EVERYWHERE) == Ban.COUNTRY


@pytest.mark.parametrize("number", ORDINARY)
def test_by_default_no_country_is_allowed(number: str) -> None:
    assert banned(number, countries=()) == Ban.COUNTRY


@pytest.mark.parametrize("number", ["", "+", "*2700", "0501234567", "+972", "+97210", "+1"])
def test_what_is_no_number_is_not_dialled(number: str) -> None:
    assert banned(number, countries=EVERYWHERE) in (Ban.NOT_A_NUMBER, Ban.SHORT_NUMBER)


@pytest.mark.parametrize(
    ("number", "country"),
    [("+972501234567", "IL"), ("+18095551234", "DO"), ("+870773001234", ""), ("nonsense", "")],
)
def test_the_country_of_a_number(number: str, country: str) -> None:
    assert country_of(number) == country


def test_a_block_is_what_is_left_without_the_last_four_digits() -> None:
    assert block_of("+972501234567") == "+97250123"
