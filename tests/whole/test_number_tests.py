"""A number of the list of people who take over is tested: a real ring, the sentence, the end."""

from __future__ import annotations

import pytest

from calls.models import TransferTarget
from calls.phrases import Phrase
from outbound.actions import begin_number_test
from outbound.models import NumberTest, NumberTestState
from outbound.wording import of_test
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.phone_call import PhoneCall
from tenants.models import Business
from tests.product import Product, a_business, in_database, rows_of, someone_to_transfer_to

RINGS = 0.2


async def a_test_of_bob(product: Product, callee: Callee) -> tuple[Business, PhoneCall]:
    """The carrier has rung his telephone, and told us all that there was to tell."""
    flowers, _ = await a_business("flowers", language="he")
    number = await someone_to_transfer_to(flowers, "Bob")
    product.carrier.callees[number] = callee
    [bob] = await rows_of(TransferTarget, flowers)
    await in_database(lambda: begin_number_test(business=flowers, target_id=bob.pk, by=None))
    [call] = product.carrier.calls.values()
    await call.settled()
    return flowers, call


async def the_test_of(business: Business) -> NumberTest:
    [test] = await rows_of(NumberTest, business)
    return test


async def test_whoever_picks_up_hears_the_sentence_and_is_hung_up(product: Product) -> None:
    flowers, call = await a_test_of_bob(product, Callee(ring_s=RINGS))
    test = await the_test_of(flowers)
    assert test.state == NumberTestState.COMPLETED
    assert test.spoken_at is not None
    assert Phrase.NUMBER_TEST.in_language("he") in call.spoken
    assert product.used_sessions() == [], "no agent talks to them"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("busy", NumberTestState.BUSY),
        ("no-answer", NumberTestState.NO_ANSWER),
        ("failed", NumberTestState.FAILED),
    ],
)
async def test_whoever_is_not_reached_is_said_to_be_so(
    product: Product, outcome: str, state: str
) -> None:
    flowers, _ = await a_test_of_bob(product, Callee(outcome=outcome, ring_s=RINGS))  # type: ignore[arg-type]
    test = await the_test_of(flowers)
    assert test.state == state
    assert await in_database(lambda: of_test(test))
