from __future__ import annotations

import pytest

from calls.engine.tooling import ToolEffect
from calls.models import Transfer, TransferStatus
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.tools.rig import OnTheLine, permit, target
from tests.people import NOW

WHY = {"summary": "Dana asks about a late delivery."}


@pytest.fixture
def dana(flowers: Business) -> OnTheLine:
    permit(flowers, may_transfer=True, warm_transfer=False, transfer_ring_s=15)
    target(flowers, "Alice", e164="+97231110001", position=1)
    target(flowers, "Bob", e164="+97231110002", position=2)
    return OnTheLine.of(flowers)


def transfers(line: OnTheLine) -> list[Transfer]:
    with business_scope(line.call.business_id):
        return list(Transfer.objects.filter(call=line.call).select_related("target"))


@pytest.mark.parametrize(
    ("asked_for", "name"), [({}, "Alice"), ({"target": "  bOB "}, "Bob"), ({"target": ""}, "Alice")]
)
def test_the_caller_is_put_through_to_somebody_of_the_list(
    asked_for: dict[str, str], name: str, dana: OnTheLine
) -> None:
    told = dana.asks("transfer_to_human", WHY | asked_for)
    assert told.effect is ToolEffect.TRANSFER
    assert "connecting the caller now" in told.content["next"]
    (transfer,) = transfers(dana)
    assert transfer.target.name == name
    assert transfer.e164 == transfer.target.e164
    assert (transfer.warm, transfer.ring_s, transfer.summary) == (False, 15, WHY["summary"])
    assert (transfer.status, transfer.requested_at) == (TransferStatus.REQUESTED, NOW)


@pytest.mark.parametrize("name", ["Charlie", "+97239998877", "Ali"])
def test_nobody_else_is_rung(name: str, dana: OnTheLine) -> None:
    told = dana.asks("transfer_to_human", WHY | {"target": name})
    assert (told.succeeded, told.effect) == (False, ToolEffect.NONE)
    assert told.content["people"] == ["Alice", "Bob"]
    assert transfers(dana) == []


def test_the_model_names_no_number(dana: OnTheLine) -> None:
    assert not dana.asks("transfer_to_human", WHY | {"e164": "+97239998877"}).succeeded
    assert transfers(dana) == []


def test_one_who_was_taken_off_the_list_is_not_rung(dana: OnTheLine, flowers: Business) -> None:
    target(flowers, "Gone", active=False)
    assert not dana.asks("transfer_to_human", WHY | {"target": "Gone"}).succeeded


def test_a_transfer_under_way_is_not_begun_twice(dana: OnTheLine) -> None:
    dana.asks("transfer_to_human", WHY)
    told = dana.asks("transfer_to_human", WHY | {"target": "Bob"})
    assert told.effect is ToolEffect.TRANSFER
    assert [transfer.target.name for transfer in transfers(dana)] == ["Alice"]


def test_after_a_failed_one_another_is_tried_three_times_at_most(dana: OnTheLine) -> None:
    for _ in range(3):
        assert dana.asks("transfer_to_human", WHY).effect is ToolEffect.TRANSFER
        with business_scope(dana.call.business_id):
            live = Transfer.objects.live().get(call=dana.call)
            assert live.move(TransferStatus.BUSY, ended_at=NOW)
    assert dana.asks("transfer_to_human", WHY).effect is ToolEffect.NONE
    assert len(transfers(dana)) == 3


def test_an_old_answer_does_not_begin_a_failed_transfer_again(dana: OnTheLine) -> None:
    dana.asks("transfer_to_human", WHY, tool_call_id="call_old")
    again = dana.asks("transfer_to_human", WHY, tool_call_id="call_old")
    assert again.effect is ToolEffect.TRANSFER
    with business_scope(dana.call.business_id):
        assert (
            Transfer.objects.live().get(call=dana.call).move(TransferStatus.NO_ANSWER, ended_at=NOW)
        )
    again = dana.asks("transfer_to_human", WHY, tool_call_id="call_old")
    assert again.effect is ToolEffect.NONE


def test_a_key_needs_no_words(dana: OnTheLine) -> None:
    told = dana.asks("transfer_to_human", "0", tool_call_id="key_0")
    assert told.effect is ToolEffect.TRANSFER


def test_a_business_that_does_not_permit_it_rings_nobody(
    dana: OnTheLine, flowers: Business
) -> None:
    permit(flowers, may_transfer=False)
    assert not dana.asks("transfer_to_human", WHY).succeeded
    assert transfers(dana) == []


def test_the_summary_is_one_line_without_hidden_characters(dana: OnTheLine) -> None:
    dana.asks("transfer_to_human", {"summary": "late\u202e\nde\x00livery"})
    assert [transfer.summary for transfer in transfers(dana)] == ["late delivery"]
