from __future__ import annotations

from datetime import timedelta

import pytest

from calls.models import Lead, ToolCall
from calls.models.lead import MOST_FACTS
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.tools.rig import OnTheLine
from tests.people import NOW


@pytest.fixture
def dana(flowers: Business) -> OnTheLine:
    """Dana calls Alice's shop."""
    return OnTheLine.of(flowers)


def test_what_dana_says_is_written_down(dana: OnTheLine) -> None:
    told = dana.asks(
        "save_lead_details",
        {"name": "Dana Levi", "email": "dana@roses.test", "facts": {"colour": "red"}},
    )
    assert told.succeeded
    assert dana.lead.name == "Dana Levi"
    assert dana.lead.facts == {"colour": "red", "email": "dana@roses.test"}


def test_more_is_added_to_what_is_known(dana: OnTheLine) -> None:
    dana.asks("save_lead_details", {"name": "Dana", "company": "Roses", "notes": "calls early"})
    dana.asks("save_lead_details", {"name": " ", "notes": "calls late", "company": None})
    assert dana.lead.name == "Dana"
    assert dana.lead.facts == {"company": "Roses", "notes": "calls late"}


def test_invisible_characters_and_too_much_of_it_are_left_out(dana: OnTheLine) -> None:
    dana.asks("save_lead_details", {"name": "Da\u202ena\x07", "notes": "x" * 2000})
    assert dana.lead.name == "Dana"
    assert len(dana.lead.facts["notes"]) == 500


def test_the_number_of_a_card_is_written_down_nowhere(dana: OnTheLine) -> None:
    number = "4242 4242 4242 4242"
    dana.asks(
        "save_lead_details",
        {"name": f"Dana {number}", "notes": f"pays with {number}", "facts": {"card": number}},
    )
    assert dana.lead.name == "Dana ••••4242"
    assert dana.lead.facts == {"notes": "pays with ••••4242", "card": "••••4242"}
    with business_scope(dana.call.business_id):
        assert "4242 " not in str(ToolCall.objects.get().arguments)


def test_there_is_an_end_to_facts(dana: OnTheLine) -> None:
    dana.asks("save_lead_details", {"facts": {f"fact {n}": "yes" for n in range(MOST_FACTS)}})
    told = dana.asks("save_lead_details", {"facts": {"fact 1": "no", "one more": "yes"}})
    assert told.content["no_room_for"] == ["one more"]
    assert len(dana.lead.facts) == MOST_FACTS
    assert dana.lead.facts["fact 1"] == "no"


def test_the_model_cannot_name_another_lead(dana: OnTheLine, flowers: Business) -> None:
    other = OnTheLine.of(flowers, "+972507654321")
    told = dana.asks("save_lead_details", {"name": "Eve", "lead_id": str(other.lead.pk)})
    assert not told.succeeded
    assert "unknown" in told.content["error"]
    assert (dana.lead.name, other.lead.name) == ("", "")


def test_a_caller_of_two_businesses_is_two_people(dana: OnTheLine, garage: Business) -> None:
    at_the_garage = OnTheLine.of(garage)
    dana.asks("save_lead_details", {"name": "Dana"})
    assert at_the_garage.lead.name == ""


def test_what_a_withheld_number_says_stays_with_the_call(flowers: Business) -> None:
    nobody = OnTheLine.of(flowers, None)
    told = nobody.asks("save_lead_details", {"name": "Dana"})
    assert "withheld" in told.content["next"]
    assert nobody.rows[0].arguments == {"name": "Dana"}
    with business_scope(flowers):
        assert not Lead.objects.filter(name="Dana").exists()


def test_who_does_not_want_to_be_called_is_marked_at_once(dana: OnTheLine) -> None:
    told = dana.asks("mark_do_not_call")
    assert told.content["done"] is True
    assert dana.not_to_be_called == (NOW, "voice")


def test_the_first_word_counts(dana: OnTheLine) -> None:
    dana.asks("mark_do_not_call", tool_call_id="key_9")
    dana.now = NOW + timedelta(minutes=1)
    assert dana.asks("mark_do_not_call").succeeded
    assert dana.not_to_be_called == (NOW, "key")


def test_a_withheld_number_cannot_be_called_anyway(flowers: Business) -> None:
    assert OnTheLine.of(flowers, None).asks("mark_do_not_call").content["done"] is True
