"""The carrier may say everything twice and in any order: one call, and its own last word."""

from __future__ import annotations

import pytest

from calls.models import Call, CallbackEvent, CallStatus
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.callbacks import CallbackFaults
from prosaas.simulator.people import impatient
from tenants.scoping import business_scope
from tests.product import Product, a_business, ended_row_of, in_database


@pytest.mark.parametrize("how", ["in turn", "at once"])
async def test_a_webhook_delivered_twice_is_one_call(product: Product, how: str) -> None:
    flowers, number = await a_business("flowers", greeting="Hello " * 20)
    faults = CallFaults(webhook_twice=how)  # type: ignore[arg-type]

    call = await product.call(flowers, number, impatient(), faults)
    row = await ended_row_of(call)

    def count() -> int:
        with business_scope(flowers):
            return Call.objects.for_business(flowers).count()

    assert await in_database(count) == 1
    incoming = [answer.body for answer in call.exchanges if "/twiml/incoming/" in answer.url]
    assert len(incoming) == 2
    assert incoming[0] == incoming[1]
    assert row.status == CallStatus.COMPLETED
    assert len(product.used_sessions()) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_callbacks_shuffled_and_repeated(product: Product, seed: int) -> None:
    flowers, number = await a_business("flowers", greeting="Hello " * 20)
    disorder = CallbackFaults(shuffle_s=1.5, repeat_chance=0.5, seed=seed)

    call = await product.call(flowers, number, impatient(), CallFaults(callbacks=disorder))
    row = await ended_row_of(call)

    assert (call.status, row.status) == ("completed", CallStatus.COMPLETED)
    assert row.duration_s == call.duration_s

    def stored() -> list[int | None]:
        with business_scope(flowers):
            events = CallbackEvent.objects.for_business(flowers).exclude(sequence=None)
            return list(events.values_list("sequence", flat=True))

    sequences = await in_database(stored)
    assert len(sequences) == len(set(sequences))
