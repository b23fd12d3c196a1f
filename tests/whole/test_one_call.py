from __future__ import annotations

from calls.models import CallStatus, EndReason
from prosaas.simulator.people import polite_caller
from tests.product import Product, a_business, row_of, turns_of


async def test_a_caller_is_greeted_answered_and_let_go(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")

    call = await product.call(flowers, number, polite_caller("en"))
    await call.settled()

    row = await row_of(call)
    assert row is not None
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT_GOODBYE)
    turns = await turns_of(row)
    assert turns[0].text == "Hello, this is Flowers."
    assert [turn.speaker for turn in turns[:3]] == ["agent", "caller", "agent"]
