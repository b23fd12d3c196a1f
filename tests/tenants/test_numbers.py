from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tenants.actions import claim_number
from tenants.models import AuditEvent, Business, PhoneNumber, User
from tenants.numbers import validate_e164
from tenants.scoping import business_scope
from tests.people import NOW, make_number

NUMBER = "+97231234567"


@pytest.mark.parametrize("number", ["+97231234567", "+972501234567", "+12025550123", "+4930901820"])
def test_a_number_in_international_form_is_taken(number: str) -> None:
    validate_e164(number)


@pytest.mark.parametrize(
    "number",
    ["*2700", "2700", "0501234567", "+972 50 123 4567", "+9725", "+", "", "97231234567", "+٩٧٢٣"],
)
def test_anything_else_is_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        validate_e164(number)


def test_the_owner_claims_a_number(flowers: Business, alice: User) -> None:
    number = claim_number(business=flowers, e164=NUMBER, by=alice, now=NOW)
    with business_scope(flowers):
        assert PhoneNumber.objects.get() == number
        assert AuditEvent.objects.get(action="number.claimed").by == alice


def test_a_number_claimed_twice_is_there_once(flowers: Business) -> None:
    first = make_number(flowers, NUMBER)
    assert make_number(flowers, NUMBER) == first
    with business_scope(flowers):
        assert AuditEvent.objects.filter(action="number.claimed").count() == 1


def test_a_number_that_was_switched_off_is_switched_on_again(flowers: Business) -> None:
    number = make_number(flowers, NUMBER)
    with business_scope(flowers):
        PhoneNumber.objects.update(active=False)
    assert make_number(flowers, NUMBER) == number
    with business_scope(flowers):
        assert PhoneNumber.objects.get().active


def test_the_number_of_another_business_is_refused_and_stays_there(
    flowers: Business, garage: Business, charlie: User
) -> None:
    number = make_number(flowers, NUMBER)
    with pytest.raises(ValidationError) as refusal:
        claim_number(business=garage, e164=NUMBER, by=charlie, now=NOW)
    assert refusal.value.code == "number_taken"
    with business_scope(garage):
        assert not PhoneNumber.objects.exists()
    with business_scope(flowers):
        assert PhoneNumber.objects.get() == number


def test_a_manager_and_a_stranger_claim_nothing(
    flowers: Business, garage: Business, bob: User, charlie: User
) -> None:
    for person in (bob, charlie):
        with pytest.raises(PermissionDenied):
            claim_number(business=flowers, e164=NUMBER, by=person, now=NOW)
    with business_scope(flowers):
        assert not PhoneNumber.objects.exists()


def test_a_short_code_is_no_number(flowers: Business) -> None:
    with pytest.raises(ValidationError, match=r"\*2700"):
        make_number(flowers, "*2700")
