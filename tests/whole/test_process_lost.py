"""The process that carries the calls is killed: another one takes all of them up."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
import pytest_asyncio
from pytest_django import Settings

from calls.engine.notes import RESUMED
from calls.engine.profile import Resumption
from calls.models import Call, CallStatus, EndReason
from prosaas.simulator import people
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.model import ModelSession, RealtimeModel
from prosaas.simulator.people import AfterAgentEnds, Person, Silent
from prosaas.simulator.phone_call import PhoneCall
from tenants.models import Business
from tests.product import (
    QUICK,
    OthersTime,
    Product,
    a_business,
    eventually,
    measured,
    rows_of,
    words,
)
from tests.settings import ENVIRONMENT
from tests.whole.processes import HOST, free_port, one_address, web_server

CANARY = {"flowers": "CANARY-ROSE-4711", "garage": "CANARY-PISTON-0815"}
# Of two businesses. LOST_CALLS=20 is what one process of a busy installation carries.
CALLS_EACH = int(os.environ.get("LOST_CALLS", "8")) // len(CANARY)
TALK_AGAIN_WITHIN_S = 3.0
# What was said so long before is in the rows.
WRITTEN_WITHIN_S = 1.0
SURELY_OVER_S = 40.0
INTERRUPTED = f"system: {RESUMED[Resumption.PROCESS_LOST]}"


def asker() -> Person:
    return Person("asker", (AfterAgentEnds(), people.Say("en_opening_hours"), Silent()), "en")


async def called_by_many(
    product: Product, made: dict[str, tuple[Business, str]]
) -> list[PhoneCall]:
    """All of them have been greeted, have asked, and have their answer."""
    calls = [
        await product.call(business, number, asker(), from_=f"+97250{position}{each:06d}")
        for position, (business, number) in enumerate(made.values())
        for each in range(CALLS_EACH)
    ]
    await asyncio.gather(*(call.agent_speaks() for call in calls))
    await eventually(lambda: len(product.used_sessions()) == len(calls), within_s=20)
    await asyncio.gather(
        *(session.has_sent("response.done", 2) for session in product.used_sessions())
    )
    await asyncio.sleep(WRITTEN_WITHIN_S)
    return calls


@pytest_asyncio.fixture
async def model_and_carrier(
    settings: Settings, transactional_db: None
) -> AsyncIterator[tuple[RealtimeModel, Carrier]]:
    model = RealtimeModel(scenario=QUICK, key=settings.OPENAI_API_KEY)
    carrier = Carrier(
        account_sid=settings.TWILIO_ACCOUNT_SID,
        auth_token=settings.TWILIO_AUTH_TOKEN,
        allow_insecure_ws=True,
    )
    async with model, carrier:
        yield model, carrier


async def has_served(port: int) -> None:
    """Nothing is left to be done for the first time."""
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://{HOST}:{port}/readyz") as answer,
    ):
        assert answer.status == 200


def environment(url: str, model: RealtimeModel, carrier: Carrier) -> dict[str, str]:
    return ENVIRONMENT | {
        "DJANGO_SETTINGS_MODULE": "prosaas.settings",
        "REDIS_URL": os.environ["REDIS_URL"],
        "PUBLIC_URL": url,
        "OPENAI_WEBSOCKET_BASE_URL": model.url,
        "TWILIO_API_BASE_URL": carrier.base_url,
        "WARM_REALTIME_SESSIONS": "2",
    }


def is_of(slug: str, session: ModelSession) -> bool:
    """Whose prompt it was told, which is never another's as well."""
    exchanged = json.dumps([session.client_events(), session.server_events()])
    found = [each for each, canary in CANARY.items() if canary in exchanged]
    assert len(found) == 1
    return found == [slug]


@pytest.mark.slow
async def test_calls_survive_the_death_of_their_process(
    model_and_carrier: tuple[RealtimeModel, Carrier],
) -> None:
    model, carrier = model_and_carrier
    made = {
        slug: await a_business(
            slug, text=f"Speak of {canary} only.", greeting=f"Hello from {slug} {canary}."
        )
        for slug, canary in CANARY.items()
    }
    port, servers = free_port(), [free_port(), free_port()]
    url = f"http://{HOST}:{port}"
    product = Product(url, carrier, model)
    async with AsyncExitStack() as stack:
        lost, heir = [
            await stack.enter_async_context(web_server(each, environment(url, model, carrier)))
            for each in servers
        ]
        await stack.enter_async_context(one_address(port, servers))
        await stack.enter_async_context(asyncio.timeout(SURELY_OVER_S))
        await has_served(servers[-1])
        calls = await called_by_many(product, made)
        before = product.used_sessions()

        others = OthersTime(heir.pid)
        killed_at = carrier.clock.now()
        lost.kill()
        streams = await asyncio.gather(*(call.agent_speaks(number=2) for call in calls))

        slowdown = others.slowdown()
        after = [session for session in product.used_sessions() if session not in before]
        await asyncio.gather(*(session.has_sent("response.done") for session in after))
        for call in calls:
            call.hang_up()
        await asyncio.gather(*(call.settled() for call in calls))

    silent_s = [(stream.playback.first_frame_at or 0.0) - killed_at for stream in streams]
    assert len(after) == len(calls) == 2 * CALLS_EACH
    for slug, (business, _number) in made.items():
        sessions = [session for session in after if is_of(slug, session)]
        assert len(sessions) == CALLS_EACH
        for session in sessions:
            greeting, asked, *_, note, _answer = words(session)
            assert CANARY[slug] in greeting
            assert asked == "user: What are your opening hours?"
            assert note == INTERRUPTED
        rows = await rows_of(Call, business)
        assert {row.counters["taken_up"] for row in rows} <= {1, 2}
        assert {row.status for row in rows} == {CallStatus.COMPLETED}
        # They hang up at once: the carrier's callback may be there before the end of the stream.
        assert {row.end_reason for row in rows} <= {EndReason.CALLER_HANGUP, EndReason.CARRIER}
    measured("silent after the kill", silent_s)
    measured("silent on a machine of our own", [each / slowdown for each in silent_s])
    assert max(silent_s) < TALK_AGAIN_WITHIN_S * slowdown
