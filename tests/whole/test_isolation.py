"""No business in another's call: not on a wire, not in a row, not in a log line."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from collections import Counter
from typing import Any

import pytest

from calls.models import (
    Call,
    EndReason,
    Lead,
    PromptBinding,
    ToolCall,
    Transfer,
    TransferStatus,
    Turn,
)
from prompts.models import Direction
from prosaas.simulator import model
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.model import ModelSession, Reply, Scenario, UseTool
from prosaas.simulator.people import (
    AfterAgentEnds,
    HangUp,
    Interrupt,
    Person,
    Say,
    Silent,
    Wait,
)
from prosaas.simulator.phone_call import PhoneCall
from tenants.models import Business
from tenants.scoping import business_scope
from tests.people import make_business, make_number, make_published
from tests.product import (
    QUICK,
    Product,
    a_business,
    a_stored_greeting,
    an_agent,
    ended_row_of,
    in_database,
    rows_of,
    someone_to_transfer_to,
)

CANARY = {"flowers": "CANARY-ROSE-4711", "garage": "CANARY-PISTON-0815"}
PEOPLE = {"flowers": "Bob", "garage": "Dan"}
CALLS_EACH = 20
AT_ONCE = 4  # of each business; all of them stay until the last one has come


def everything_of(business: Business) -> str:
    """All rows of this business's calls, as text."""
    with business_scope(business):
        rows = [
            list(owned.objects.for_business(business).values())
            for owned in (Call, PromptBinding, Turn, ToolCall, Transfer, Lead)
        ]
    return json.dumps(rows, default=str, ensure_ascii=False)


@pytest.mark.slow
async def test_forty_calls_of_two_businesses_at_once(
    product: Product, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    made = {
        slug: await a_business(
            slug, text=f"Speak of {canary} only.", greeting=f"Hello from {slug} {canary}."
        )
        for slug, canary in CANARY.items()
    }
    talker = Person("talker", (Interrupt("en_opening_hours", after_ms=900),), "en")

    calls: list[PhoneCall] = []
    for _ in range(CALLS_EACH // AT_ONCE):
        new = [
            await product.call(business, number, talker)
            for business, number in made.values()
            for _ in range(AT_ONCE)
        ]
        await asyncio.gather(*(call.agent_speaks() for call in new))
        calls += new
    assert [call.status for call in calls] == ["in-progress"] * 2 * CALLS_EACH
    await asyncio.gather(
        *(session.has_received("response.create", 2) for session in product.used_sessions())
    )
    for call in calls:
        call.hang_up()
    await asyncio.gather(*(call.settled() for call in calls))

    sessions = product.used_sessions()
    assert len(sessions) == 2 * CALLS_EACH
    for session in sessions:
        exchanged = json.dumps([session.client_events(), session.server_events()])
        assert sum(canary in exchanged for canary in CANARY.values()) == 1
    for slug, (business, _number) in made.items():
        rows = await in_database(lambda business=business: everything_of(business))  # type: ignore[misc]
        [foreign] = [canary for other, canary in CANARY.items() if other != slug]
        assert rows.count(CANARY[slug]) >= CALLS_EACH
        assert foreign not in rows
    logged = caplog.text + "".join(capfd.readouterr())
    assert not any(canary in logged for canary in CANARY.values())


class OwnWords:
    """A caller's first session notes him down, asks for the other business's person, and then for
    its own. The one after the transfer says what it likes.
    """

    def __init__(self) -> None:
        self._begun: Counter[str] = Counter()

    def __call__(self, _session: ModelSession, first_event: dict[str, Any]) -> Scenario:
        instructions = first_event["session"]["instructions"]
        [slug] = [each for each, canary in CANARY.items() if canary in instructions]
        self._begun[slug] += 1
        return QUICK if self._begun[slug] > AT_ONCE else self._script(slug)

    def _script(self, slug: str) -> Scenario:
        [other] = [each for each in CANARY if each != slug]
        about = {"summary": f"about {CANARY[slug]}"}
        foreign = UseTool("transfer_to_human", about | {"target": PEOPLE[other]})
        own = UseTool("transfer_to_human", about)
        replies = (
            Reply((UseTool("save_lead_details", {"name": CANARY[slug]}),)),
            Reply((foreign,)),
            Reply((model.Say("One moment."), own)),
        )
        return dataclasses.replace(QUICK, replies=replies)


@pytest.mark.slow
async def test_greetings_tools_and_transfers_of_two_businesses_at_once(product: Product) -> None:
    product.model.casting = OwnWords()
    made, greetings, people = {}, {}, {}
    for slug, canary in CANARY.items():
        business, number = made[slug] = await a_business(
            slug, text=f"Speak of {canary} only.", greeting=f"Hello from {slug} {canary}."
        )
        greetings[slug] = await a_stored_greeting(business)
        people[slug] = await someone_to_transfer_to(business, PEOPLE[slug])
        await an_agent(business, may_transfer=True)
        product.carrier.callees[people[slug]] = Callee(ring_s=0.3, presses="2", presses_after_s=0.2)
    asker = Person("asker", (AfterAgentEnds(), Say("en_question"), Silent()), "en")

    calls = [
        (slug, await product.call(business, number, asker, from_=f"+97250{line}{each:06d}"))
        for each in range(AT_ONCE)
        for line, (slug, (business, number)) in enumerate(made.items())
    ]
    await asyncio.gather(*(call.agent_speaks(number=2) for _, call in calls))
    for _, call in calls:
        call.hang_up()
    await asyncio.gather(*(call.settled() for _, call in calls))

    for slug, call in calls:
        assert call.heard_bytes().startswith(greetings[slug])
        [leg] = call.legs
        assert leg.to == people[slug], "who was asked for by the other's name was not rung"
        [foreign] = [canary for other, canary in CANARY.items() if other != slug]
        announced = " ".join(leg.spoken)
        assert CANARY[slug] in announced
        assert foreign not in announced
    sessions = product.used_sessions()
    assert len(sessions) == 2 * len(calls)
    for session in sessions:
        exchanged = json.dumps([session.client_events(), session.server_events()])
        assert sum(canary in exchanged for canary in CANARY.values()) == 1
    for slug, (business, _number) in made.items():
        rows = await in_database(lambda business=business: everything_of(business))  # type: ignore[misc]
        [foreign] = [canary for other, canary in CANARY.items() if other != slug]
        assert foreign not in rows
        assert {lead.name for lead in await rows_of(Lead, business)} == {CANARY[slug]}
        transfers = await rows_of(Transfer, business)
        assert [each.status for each in transfers] == [TransferStatus.REFUSED] * AT_ONCE
        assert {each.e164 for each in transfers} == {people[slug]}


async def test_an_inbound_call_never_runs_on_the_outbound_prompt(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "We are calling to collect your debt CANARY-OUTBOUND"

    def make() -> tuple[Business, str]:
        business = make_business("flowers")
        make_published(business, Direction.OUTBOUND, text=secret, greeting=secret)
        return business, make_number(business).e164

    flowers, number = await in_database(make)

    call = await product.call(flowers, number)
    row = await ended_row_of(call)

    assert row.end_reason == EndReason.REJECTED_NO_PROMPT
    assert row.direction == Direction.INBOUND
    assert product.used_sessions() == []
    said = "".join(
        [*call.documents, *call.spoken, await in_database(lambda: everything_of(flowers))]
    )
    assert "CANARY-OUTBOUND" not in said + caplog.text
    assert call.spoken, "the caller is told something"


async def test_a_change_of_the_prompt_does_not_reach_a_call_that_is_on(product: Product) -> None:
    flowers, number = await a_business("flowers", text="Sell roses.", greeting="Roses here.")
    person = Person("listener", (Wait(2500), HangUp()))
    call = await product.call(flowers, number, person)
    await call.streaming()

    await in_database(lambda: make_published(flowers, text="Sell tulips.", greeting="Tulips."))
    await call.settled()

    [session] = product.used_sessions()
    assert "tulips" not in json.dumps(session.client_events()).casefold()
