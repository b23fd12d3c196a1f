"""What is found by a word or a name, and what is not found any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import QuerySet

from calls import searching
from calls.models import Call, Lead, SpokenWord, Turn
from calls.searching import calls_with, leads_called
from calls.telephones import readable
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.conversations import add_turns, make_call, make_lead
from tests.people import NOW, make_number

pytestmark = pytest.mark.django_db


def found(business: Business, text: str) -> set[Call]:
    with business_scope(business):
        calls: QuerySet[Call] = Call.objects.for_business(business)
        return set(calls_with(business, text, calls))


def called(business: Business, text: str) -> set[str]:
    with business_scope(business):
        leads = Lead.objects.for_business(business).filter(pk__in=leads_called(business, text))
        return {lead.name for lead in leads}


def test_a_call_is_found_by_the_words_in_it(flowers: Business) -> None:
    roses = make_call(flowers, "Do you have Roses?", "Yes, from twelve shekels.")
    tulips = make_call(flowers, "Tulips, please.", "Yes, we have them.")
    assert found(flowers, "roses") == {roses}
    assert found(flowers, "yes") == {roses, tulips}
    assert found(flowers, "yes TULIPS") == {tulips}
    assert found(flowers, "roses tulips") == set()
    assert found(flowers, "rose") == set()


@pytest.mark.parametrize("text", ["", " ", "?!", "'", "a", "\0", "roses\0' OR 1=1 --"])
def test_what_is_no_word_finds_nothing(flowers: Business, text: str) -> None:
    make_call(flowers, "a", "b")
    assert found(flowers, text) == set()


@pytest.mark.parametrize(
    ("said", "sought"),
    [
        ("אני רוצה את הפרחים", "פרחים"),
        ("שהפרחים יגיעו", "פרחים"),
        ("אני רוצה את הפרחים", "הפרחים"),
        ("بكم الموعد", "موعد"),
        ("من 9:00 إلى 17:00", "إلى"),
        ("call 050-1234567 back", "1234567"),
    ],
)
def test_a_word_is_found_without_what_is_written_together_with_it(
    flowers: Business, said: str, sought: str
) -> None:
    call = make_call(flowers, said)
    assert found(flowers, sought) == {call}


def test_nobody_finds_the_words_of_another_business(flowers: Business, garage: Business) -> None:
    make_call(garage, "The gearbox is broken")
    make_lead(garage, "+972509999999", "Gideon Gearbox")
    make_number(garage, "+97239999999")
    assert found(flowers, "gearbox") == set()
    assert called(flowers, "gearbox") == set()
    assert called(flowers, "+972509999999") == set()
    assert called(flowers, "0509999999") == set()


def test_a_word_that_was_corrected_or_deleted_is_not_found(flowers: Business) -> None:
    call = make_call(flowers, "flour for Friday", "Friday it is")
    with business_scope(flowers):
        Turn.objects.filter(call=call, position=0).update(text="flowers for Friday")
    assert found(flowers, "flour") == set()
    assert found(flowers, "flowers") == found(flowers, "friday") == {call}
    with business_scope(flowers):
        Turn.objects.filter(call=call, position=0).delete()
    assert found(flowers, "flowers") == set()
    assert found(flowers, "friday") == {call}
    with business_scope(flowers):
        call.turns.all().delete()
        assert not SpokenWord.objects.filter(call=call).exists()


def test_a_turn_that_is_written_twice_is_found_once(flowers: Business) -> None:
    call = make_call(flowers)
    (turn,) = add_turns(call, ["Do you"])
    turn.text = "Do you have roses"
    with business_scope(flowers):
        Turn.objects.bulk_create(
            [turn], update_conflicts=True, unique_fields=["id"], update_fields=["text"]
        )
        assert SpokenWord.objects.filter(call=call, word="do").count() == 1
    assert found(flowers, "roses") == {call}


def test_of_a_common_word_the_newest_calls_are_found(
    flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_CALLS", 2)
    calls = [
        make_call(flowers, "yes", "no", created_at=NOW + timedelta(minutes=minute))
        for minute in range(3)
    ]
    assert found(flowers, "yes") == set(calls[1:])


def test_a_lead_is_found_by_name_and_number(flowers: Business) -> None:
    make_number(flowers, "+97231110001")
    make_lead(flowers, "+972501234567", "Dana Cohen")
    make_lead(flowers, "+972501999999", "דנה כהן-לוי")
    make_lead(flowers, "+13105550000", "Dan Brown")
    assert called(flowers, "dan") == {"Dana Cohen", "Dan Brown"}
    assert called(flowers, "coh dana") == {"Dana Cohen"}
    assert called(flowers, "לוי") == {"דנה כהן-לוי"}
    assert called(flowers, "+97250") == {"Dana Cohen", "דנה כהן-לוי"}
    assert called(flowers, "050-123 4567") == {"Dana Cohen"}
    assert called(flowers, readable("+972501234567")) == {"Dana Cohen"}
    assert called(flowers, "972501") == {"Dana Cohen", "דנה כהן-לוי"}
    assert called(flowers, "ana") == set()
    assert called(flowers, "0") == {"Dana Cohen", "דנה כהן-לוי"}


def test_a_lead_is_found_by_the_new_name_alone(flowers: Business) -> None:
    lead = make_lead(flowers, "+972501234567", "Dana")
    lead.name = "Ruth"
    with business_scope(flowers):
        lead.save(update_fields=["name"])
    assert called(flowers, "ruth") == {"Ruth"}
    assert called(flowers, "dana") == set()
