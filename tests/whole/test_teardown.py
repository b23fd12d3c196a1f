"""However a call ends, both sockets are closed within a second and nothing of it is left."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
from itertools import cycle

import pytest

from calls.models import EndReason
from calls.phrases import Phrase
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.model import AbortSocket, CloseSocket, Incident, mid_reply
from prosaas.simulator.people import impatient, silent_caller
from prosaas.simulator.phone_call import PhoneCall
from tests.product import QUICK, Product, a_business, ended_row_of, eventually

WITHIN_S = 1.0
AT_ONCE = 20
# A leak of one thing a call shows in any number; ENDED_CALLS=200 looks for rarer ones.
CALLS = int(os.environ.get("ENDED_CALLS", "60"))


async def model_closed(product: Product) -> float:
    """How long until no session that was used is open any more."""
    return await eventually(lambda: all(s.closed.is_set() for s in product.used_sessions()))


async def test_the_caller_hangs_up_during_the_greeting(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting="Hello " * 40)

    call = await product.call(flowers, number, impatient())
    await call.ended()

    assert await model_closed(product) < WITHIN_S
    row = await ended_row_of(call)
    assert row.end_reason == EndReason.CALLER_HANGUP
    assert row.ended_at is not None
    [session] = product.used_sessions()
    assert session.close_code == 1000


@pytest.mark.parametrize(
    "incident",
    [
        mid_reply(AbortSocket(), deltas=2),
        mid_reply(CloseSocket(1001, "maximum duration"), deltas=2),
        mid_reply(CloseSocket(1000), deltas=2),
        mid_reply(CloseSocket(1011, "internal"), deltas=2),
    ],
)
async def test_the_models_socket_dies(product: Product, incident: Incident) -> None:
    product.model.scenario = dataclasses.replace(QUICK, incidents=(incident,))
    flowers, number = await a_business("flowers", greeting="Hello " * 40)

    call = await product.call(flowers, number)
    stream = await call.agent_speaks()
    await eventually(lambda: product.used_sessions()[0].closed.is_set())

    assert await eventually(lambda: stream.closed_at is not None) < WITHIN_S
    row = await ended_row_of(call)
    assert row.end_reason == EndReason.MODEL_LOST
    assert call.spoken == [Phrase.SORRY.in_language("en")]


async def test_the_carriers_socket_dies_without_a_stop(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting="Hello " * 40)
    call = await product.call(flowers, number)
    await call.agent_speaks()

    call.lose_network()

    assert await model_closed(product) < WITHIN_S
    row = await ended_row_of(call)
    assert row.end_reason == EndReason.CARRIER


def tasks_of_calls() -> set[str]:
    names = {task.get_name() for task in asyncio.all_tasks()}
    ours = {"connect-model", "transmit", "write-records", "read-carrier", "hear-hints"}
    return names & (ours | {"finish-call", "watch-live-calls"})


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.slow
async def test_many_calls_leave_nothing_behind(product: Product) -> None:
    product.model.scenarios = [
        dataclasses.replace(QUICK, incidents=incidents)
        for incidents, _ in zip(
            cycle([(), (), (mid_reply(AbortSocket(), deltas=2),)]), range(CALLS)
        )
    ]
    flowers, number = await a_business("flowers", greeting="Hello " * 40)

    async def one(fate: int) -> None:
        person = impatient() if fate % 2 else silent_caller()
        call = await product.call(flowers, number, person)
        await _until_spoken_or_over(call)
        if fate % 4 == 0:
            call.lose_network()
        elif fate % 4 == 2:
            call.hang_up()
        await call.settled()

    await asyncio.gather(*(one(fate) for fate in range(AT_ONCE)))  # pools and threads fill up
    files, threads = open_files(), threading.active_count()
    for _ in range(AT_ONCE, CALLS, AT_ONCE):
        await asyncio.gather(*(one(fate) for fate in range(AT_ONCE)))

    await eventually(lambda: not tasks_of_calls())
    await eventually(lambda: open_files() <= files + 4)
    assert threading.active_count() <= threads + 2
    assert await model_closed(product) < WITHIN_S


async def _until_spoken_or_over(call: PhoneCall) -> None:
    speaking = asyncio.create_task(call.agent_speaks())
    over = asyncio.create_task(call.ended())
    await asyncio.wait({speaking, over}, return_when=asyncio.FIRST_COMPLETED)
    for task in (speaking, over):
        task.cancel()
    await asyncio.gather(speaking, over, return_exceptions=True)


async def test_completed_is_told_before_the_socket_closes(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting="Hello " * 40)
    faults = CallFaults(completed_first=True, socket_lingers_s=10.0)
    call = await product.call(flowers, number, faults=faults)
    stream = await call.agent_speaks()

    call.hang_up()

    assert await eventually(lambda: stream.closed_at is not None) < WITHIN_S
    assert stream.closed_by == "application"
    assert await model_closed(product) < WITHIN_S
    row = await ended_row_of(call)
    assert row.status == call.status
