"""A model that does not become what we asked for is asked once more, and then done without."""

from __future__ import annotations

import dataclasses
from typing import Literal

import pytest

from calls.models import EndReason
from calls.phrases import Phrase
from prosaas.simulator.model import UpdateAnswer
from tests.people import make_credential
from tests.product import QUICK, Product, a_business, ended_row_of, in_database

Outcome = Literal["error", "other_format", "ignore"]
WHY: dict[Outcome, str] = {
    "error": "error",
    "other_format": "audio/pcm",
    "ignore": "did not confirm",
}


@pytest.mark.slow
@pytest.mark.parametrize("outcome", list(WHY))
async def test_no_confirmation_twice_is_an_apology(product: Product, outcome: Outcome) -> None:
    product.model.scenario = dataclasses.replace(QUICK, updates=(UpdateAnswer(outcome),) * 2)
    flowers, number = await a_business("flowers", language="en")

    call = await product.call(flowers, number)
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    first, second = (e for e in session.log.received if e.type == "session.update")
    assert 2.9 < second.at - first.at < 3.5
    assert session.client_events("response.create") == []
    assert call.heard_bytes() == b""
    assert call.spoken == [Phrase.SORRY.in_language("en")]
    assert row.end_reason == EndReason.MODEL_UNAVAILABLE
    assert WHY[outcome] in row.end_detail


@pytest.mark.slow
async def test_a_confirmation_at_the_second_try_saves_the_call(product: Product) -> None:
    product.model.scenario = dataclasses.replace(QUICK, updates=(UpdateAnswer("error"),))
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")

    call = await product.call(flowers, number)
    stream = await call.agent_speaks()

    assert stream.playback.first_frame_at is not None
    call.hang_up()
    row = await ended_row_of(call)
    assert row.end_reason == EndReason.CALLER_HANGUP


async def test_a_refused_key_is_an_apology_without_delay(product: Product) -> None:
    flowers, number = await a_business("flowers")
    await in_database(lambda: make_credential(flowers, "openai", "sk-nobody-knows-it"))

    call = await product.call(flowers, number)
    row = await ended_row_of(call)

    assert product.used_sessions() == []
    assert call.spoken == [Phrase.SORRY.in_language("en")]
    assert row.end_reason == EndReason.MODEL_UNAVAILABLE
    assert "401" in row.end_detail
