"""The first words: at once where they are stored, once in every call, and heard to their end."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import statistics
from collections.abc import Callable
from itertools import cycle, islice

import pytest

from calls.engine.audio import FRAME_BYTES, SILENCE
from calls.engine.notes import GO_ON
from calls.models import Call
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.model import (
    AbortSocket,
    CloseSocket,
    Incident,
    ModelSession,
    Scenario,
    UpdateAnswer,
    mid_reply,
    speech,
)
from prosaas.simulator.model.server import Json
from prosaas.simulator.people import AfterAgentEnds, HangUp, Interrupt, Person, Say, Wait
from prosaas.simulator.phone_call import PhoneCall
from tests.product import (
    QUICK,
    Product,
    a_business,
    a_stored_greeting,
    an_agent,
    ended_row_of,
    measured,
    padded,
    rows_of,
    words,
)

GREETING = "Hello, this is Flowers. How can I help you today?"
# A model that takes its time to begin.
SLOW_TO_SPEAK = dataclasses.replace(
    QUICK, pacing=dataclasses.replace(QUICK.pacing, first_delta=(1.5, 1.5))
)
# More of them take longer: GREETED_CALLS=250 tries 500 in five minutes, stored and live.
CALLS = int(os.environ.get("GREETED_CALLS", "40"))
AT_ONCE = 20
BRIEFLY = "Hello, this is Flowers."
# So much of a greeting is heard of one that breaks off, and is like no other stretch of it.
OPENING_BYTES = 3 * FRAME_BYTES
FIRST_FRAME_WITHIN_S = 0.100


def first_frame_after_s(call: PhoneCall) -> float:
    stream = call.stream
    assert stream is not None
    assert stream.playback.first_frame_at is not None
    assert stream.start_sent_at is not None
    return stream.playback.first_frame_at - stream.start_sent_at


async def test_a_stored_greeting_does_not_wait_for_the_model(product: Product) -> None:
    product.model.scenario = SLOW_TO_SPEAK
    flowers, number = await a_business("flowers", greeting=GREETING)
    greeting = await a_stored_greeting(flowers)

    call = await product.call(flowers, number, Person("listener", (AfterAgentEnds(), HangUp())))
    await ended_row_of(call)

    waited_s = first_frame_after_s(call)
    measured("start to first frame", [waited_s])
    assert waited_s < product.within(FIRST_FRAME_WITHIN_S)
    assert call.heard_bytes() == greeting
    [session] = product.used_sessions()
    assert session.client_events("response.create") == []
    assert words(session) == [f"assistant: {GREETING}"], "the model knows that it was said"


async def test_a_caller_who_asks_after_a_stored_greeting_is_answered(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    greeting = await a_stored_greeting(flowers)
    steps = (AfterAgentEnds(), Say("en_opening_hours"), AfterAgentEnds(), HangUp())

    call = await product.call(flowers, number, Person("asker", steps, "en"))
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    assert call.heard_bytes() == greeting + padded(session.spoken_by_model())
    assert row.full_confirmed is True


async def test_of_an_interrupted_stored_greeting_the_model_knows_what_was_heard(
    product: Product,
) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await a_stored_greeting(flowers)
    person = Person("interrupter", (Interrupt("en_opening_hours", after_ms=1200),), "en")

    call = await product.call(flowers, number, person)
    await call.agent_speaks()
    [session] = product.used_sessions()
    await session.has_sent("response.done")
    call.hang_up()
    await ended_row_of(call)

    first, *_ = words(session)
    said = first.removeprefix("assistant: ").removesuffix("…")
    assert first.endswith("…")
    assert GREETING.startswith(said)
    assert said != GREETING
    assert session.server_events("error") == []


async def test_a_protected_greeting_is_heard_out_and_the_caller_answered(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await an_agent(flowers, greeting_protected=True)
    greeting = await a_stored_greeting(flowers)
    steps = (Interrupt("en_opening_hours", after_ms=600), AfterAgentEnds(), Wait(2500), HangUp())

    call = await product.call(flowers, number, Person("interrupter", steps, "en"))
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    assert call.heard_bytes() == greeting + padded(session.spoken_by_model())
    assert len(session.client_events("response.create")) == 1
    assert row.barge_ins == 0


def troubled(*incidents: Incident, update_s: float = 0.0) -> Scenario:
    updates = (UpdateAnswer(delay=update_s),) if update_s else ()
    return dataclasses.replace(QUICK, incidents=incidents, updates=updates)


# What befalls a call while it is greeted, in turn.
FAULTS: tuple[Callable[[], tuple[Scenario, CallFaults]], ...] = (
    lambda: (QUICK, CallFaults()),
    lambda: (QUICK, CallFaults(webhook_twice="at once")),
    lambda: (QUICK, CallFaults(webhook_twice="in turn", every_webhook_twice=True)),
    lambda: (troubled(mid_reply(AbortSocket(), deltas=2)), CallFaults()),
    lambda: (troubled(mid_reply(CloseSocket(1011), deltas=1)), CallFaults()),
    lambda: (troubled(Incident("session.updated", (AbortSocket(),))), CallFaults()),
    lambda: (troubled(update_s=1.2), CallFaults(webhook_twice="at once")),
    lambda: (troubled(Incident("response.created", (AbortSocket(),)), update_s=0.4), CallFaults()),
)


@dataclasses.dataclass
class Troubles:
    """One for every call; the session that takes the place of a lost one has none."""

    left: list[Scenario] = dataclasses.field(default_factory=list)

    def __call__(self, _session: ModelSession, first_event: Json) -> Scenario:
        takes_a_place = first_event["event_id"].startswith("cfg_again_")
        return QUICK if takes_a_place else self.left.pop(0)


@pytest.mark.slow
@pytest.mark.parametrize("stored", [True, False], ids=["stored", "live"])
async def test_every_caller_is_greeted_once_whatever_goes_wrong(
    product: Product, stored: bool
) -> None:
    flowers, number = await a_business("flowers", greeting=BRIEFLY)
    if stored:
        await a_stored_greeting(flowers)
    faults = [fault() for fault in islice(cycle(FAULTS), CALLS)]
    product.model.casting = Troubles([scenario for scenario, _ in faults])

    async def one(position: int) -> PhoneCall:
        _, call_faults = faults[position]
        person = Person("listener", (AfterAgentEnds(quiet_ms=1200), HangUp()))
        caller = f"+9725055{position:05d}"
        call = await product.call(flowers, number, person, call_faults, from_=caller)
        return await call.settled()

    calls: list[PhoneCall] = []
    for first in range(0, CALLS, AT_ONCE):
        calls += await asyncio.gather(*map(one, range(first, min(first + AT_ONCE, CALLS))))

    greeting = padded(speech(BRIEFLY))
    opening = greeting[:OPENING_BYTES]
    for call in calls:
        played = call.heard_bytes()
        assert played.startswith(opening)
        assert played.count(opening) == 1, "nobody is greeted twice"
        if stored:
            assert played.startswith(greeting), "and everybody to the end"
    assert len(await rows_of(Call, flowers)) == CALLS
    if stored:
        waited = [first_frame_after_s(call) for call in calls]
        measured("start to first frame", waited)
        assert statistics.median(waited) < product.within(FIRST_FRAME_WITHIN_S)


async def test_a_greeting_that_is_cut_off_is_gone_on_with_and_not_begun_again(
    product: Product,
) -> None:
    product.model.scenarios = [troubled(mid_reply(AbortSocket(), deltas=2))]
    flowers, number = await a_business("flowers", greeting=GREETING)

    call = await product.call(
        flowers, number, Person("listener", (AfterAgentEnds(quiet_ms=1500), HangUp()))
    )
    row = await ended_row_of(call)

    lost, found = product.used_sessions()
    went_on = padded(found.spoken_by_model())
    assert call.heard_bytes().endswith(went_on)
    first = call.heard_bytes().removesuffix(went_on).rstrip(SILENCE)
    assert first
    assert lost.spoken_by_model().startswith(first)
    assert call.heard_bytes().count(first[:OPENING_BYTES]) == 1
    assert f"system: {GO_ON}" in words(found), "it is told not to greet"
    assert GREETING not in " ".join(words(found)[:-1]), "only as much of it as was heard"
    assert row.reconnects == 1
