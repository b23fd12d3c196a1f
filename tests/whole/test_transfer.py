"""A caller is put through to a person, or comes back to the agent as if nothing had been in between."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from calls.engine.notes import RESUMED
from calls.engine.profile import Resumption
from calls.models import Call, CallStatus, EndReason, Transfer, TransferStatus
from prosaas.simulator import people
from prosaas.simulator.call_plan import Callee, CallFaults
from prosaas.simulator.model import Reply, Say, UseTool, say
from prosaas.simulator.people import AfterAgentEnds, Person, Silent
from prosaas.simulator.phone_call import PhoneCall
from tenants.models import Business
from tests.product import (
    QUICK,
    Product,
    a_business,
    an_agent,
    ended_row_of,
    eventually,
    padded,
    rows_of,
    someone_to_transfer_to,
    words,
)

GREETING = "Hello, this is Flowers."
CONNECTING = "I am putting you through."
BACK = "Nobody can take the call now. What else can I do for you?"
SUMMARY = "wants roses for Friday"
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
RINGS = 0.3
TALKS = 0.8

ASKS = Reply((Say(CONNECTING), UseTool("transfer_to_human", {"summary": SUMMARY})))
BEFORE = dataclasses.replace(QUICK, replies=(say(GREETING), ASKS))
AFTERWARDS = dataclasses.replace(QUICK, replies=(say(BACK),))


def asker(*steps: people.Step) -> Person:
    asks: tuple[people.Step, ...] = (
        AfterAgentEnds(),
        people.Say("en_question"),
        *steps,
        Silent(),
    )
    return Person("asker", asks, "en")


async def to_bob(
    product: Product,
    callee: Callee,
    *,
    warm: bool,
    ring_s: int = 20,
    person: Person | None = None,
    faults: CallFaults | None = None,
) -> tuple[Business, PhoneCall]:
    """A caller who asks for a person, and Bob's telephone."""
    product.model.scenarios = [BEFORE, AFTERWARDS]
    flowers, number = await a_business("flowers", greeting=GREETING)
    bob = await someone_to_transfer_to(flowers, "Bob")
    await an_agent(flowers, may_transfer=True, warm_transfer=warm, transfer_ring_s=ring_s)
    product.carrier.callees[bob] = callee
    return flowers, await product.call(flowers, number, person or asker(), faults)


async def transfer_of(business: Business) -> Transfer:
    [transfer] = await rows_of(Transfer, business)
    return transfer


def assert_said_before_it_rang(product: Product, call: PhoneCall) -> None:
    first, *_ = product.used_sessions()
    assert (
        call.streams[0]
        .playback.heard_bytes()
        .endswith(padded(first.spoken_by_model(first.log.delta_items[-1])))
    )


async def assert_back_with_the_agent(product: Product, call: PhoneCall, why: Resumption) -> Call:
    """The agent speaks first, knows what was said, does not greet, and goes on listening."""
    stream = await call.agent_speaks(number=2)
    before, now = product.used_sessions()
    await now.has_sent("response.done")
    assert before.closed.is_set()
    *history, note, answer = words(now)
    assert history == [
        f"assistant: {GREETING}",
        "user: I would like to book an appointment",
        f"assistant: {CONNECTING}",
        *history[3:],
    ]
    [told] = history[3:]
    assert told.startswith("system: You called transfer_to_human")
    assert SUMMARY in told
    assert note == f"system: {RESUMED[why]}"
    assert answer == f"assistant: {BACK}"
    back = padded(now.spoken_by_model())
    await asyncio.sleep(len(back) / 8000 + 0.3)
    assert stream.playback.heard_bytes() == back, "all of it, and nothing else"

    call.say("en_opening_hours")
    await now.has_sent(TRANSCRIBED)
    await now.has_sent("response.done", 2)
    assert words(now)[-2] == "user: What are your opening hours?"
    call.hang_up()
    row = await ended_row_of(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.CALLER_HANGUP)
    return row


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
async def test_a_caller_is_put_through(product: Product, warm: bool) -> None:
    presses = "1" if warm else ""
    bob = Callee(ring_s=RINGS, presses=presses, presses_after_s=0.2, talks_s=TALKS)

    flowers, call = await to_bob(product, bob, warm=warm)
    row = await ended_row_of(call)

    [leg] = call.legs
    assert leg.joined_at is not None
    assert_said_before_it_rang(product, call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.TRANSFER)
    transfer = await transfer_of(flowers)
    assert (transfer.status, transfer.warm) == (TransferStatus.COMPLETED, warm)
    assert (transfer.accepted_at is not None) is warm
    announced = " ".join(leg.spoken)
    assert (SUMMARY in announced) is warm, "Bob alone is told who it is"
    assert SUMMARY not in " ".join(call.spoken)
    assert len(product.used_sessions()) == 1


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize(
    ("bob", "status"),
    [
        (Callee(outcome="busy", ring_s=RINGS), TransferStatus.BUSY),
        (Callee(ring_s=30), TransferStatus.NO_ANSWER),
        (Callee(outcome="failed", ring_s=RINGS), TransferStatus.FAILED),
    ],
    ids=["busy", "no answer", "failed"],
)
async def test_nobody_is_reached(
    product: Product, bob: Callee, status: TransferStatus, warm: bool
) -> None:
    flowers, call = await to_bob(product, bob, warm=warm, ring_s=1)

    await assert_back_with_the_agent(product, call, Resumption(status))

    transfer = await transfer_of(flowers)
    assert transfer.status == status
    assert transfer.ended_at is not None
    assert call.legs[0].joined_at is None


@pytest.mark.parametrize(
    "bob",
    [
        Callee(ring_s=RINGS, presses="2", presses_after_s=0.2),
        Callee(ring_s=RINGS, hangs_up_after_s=0.5),
    ],
    ids=["another key", "hangs up"],
)
async def test_bob_picks_up_and_does_not_take_the_call(product: Product, bob: Callee) -> None:
    flowers, call = await to_bob(product, bob, warm=True)

    await assert_back_with_the_agent(product, call, Resumption.REFUSED)

    transfer = await transfer_of(flowers)
    assert transfer.status == TransferStatus.REFUSED
    assert (transfer.answered_at is not None, transfer.accepted_at) == (True, None)
    assert call.legs[0].joined_at is None


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
async def test_the_caller_hangs_up_while_it_rings(product: Product, warm: bool) -> None:
    flowers, call = await to_bob(product, Callee(ring_s=20), warm=warm)
    await eventually(lambda: bool(call.legs) and call.legs[0].status == "ringing", within_s=20)

    call.hang_up()
    row = await ended_row_of(call)

    assert call.legs[0].status in ("no-answer", "canceled"), "Bob's telephone rings no longer"
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.CALLER_HANGUP)
    assert (await transfer_of(flowers)).status == TransferStatus.CALLER_HANGUP
    assert len(product.used_sessions()) == 1


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
async def test_the_caller_hangs_up_while_they_talk(product: Product, warm: bool) -> None:
    presses = "1" if warm else ""
    bob = Callee(ring_s=RINGS, presses=presses, presses_after_s=0.2, talks_s=None)
    flowers, call = await to_bob(product, bob, warm=warm)
    await eventually(lambda: bool(call.legs) and call.legs[0].joined_at is not None, within_s=20)

    call.hang_up()
    row = await ended_row_of(call)

    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.TRANSFER)
    assert (await transfer_of(flowers)).status == TransferStatus.COMPLETED


async def test_every_webhook_comes_twice_and_bobs_telephone_rings_once(product: Product) -> None:
    bob = Callee(outcome="busy", ring_s=RINGS)
    faults = CallFaults(every_webhook_twice=True, webhook_twice="in turn")

    flowers, call = await to_bob(product, bob, warm=True, faults=faults)
    await assert_back_with_the_agent(product, call, Resumption.BUSY)

    assert len(call.legs) == 1
    assert len(call.streams) == 2
    assert (await transfer_of(flowers)).status == TransferStatus.BUSY
