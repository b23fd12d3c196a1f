"""What the agent does in the middle of a conversation: done once, and there before the call is over."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from calls.models import Appointment, DoNotCall, DoNotCallVia, Lead, OpeningHours, ToolCall
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.model import ModelSession, Reply, Scenario, UseTool, say
from prosaas.simulator.people import AfterAgentEnds, Person, Press, Say, Silent
from prosaas.simulator.phone_call import PhoneCall
from tenants.models import Business
from tenants.scoping import business_scope
from tests.product import (
    QUICK,
    Product,
    a_business,
    an_agent,
    ended_row_of,
    eventually,
    in_database,
    padded,
    rows_of,
    someone_to_transfer_to,
    turns_of,
)

GREETING = "Hello, this is Flowers."
OUTPUT = "function_call_output"


def using(tool: UseTool) -> Scenario:
    """Greets, uses the tool after the caller's first words, then says what came of it."""
    return dataclasses.replace(QUICK, replies=(say(GREETING), Reply((tool,))))


def asker(*steps: Say | Press) -> Person:
    asks = steps or (Say("en_question"),)
    return Person("asker", (AfterAgentEnds(), *asks, Silent()), "en")


async def tool_outputs(session: ModelSession, times: int = 1) -> list[dict[str, Any]]:
    """What the model was told, once it was."""
    await session.has_sent("conversation.item.added", times=3 + times)
    created = session.client_events("conversation.item.create")
    outputs = [each["item"] for each in created if each["item"]["type"] == OUTPUT]
    return [json.loads(each["output"]) for each in outputs]


async def spoken_to_again(call: PhoneCall, session: ModelSession) -> None:
    """The agent has said what came of it, and he has heard it."""
    await session.has_sent("response.done", 3)
    answer = padded(session.spoken_by_model(session.log.delta_items[-1]))
    await asyncio.sleep(len(answer) / 8000 + 0.3)
    assert call.heard_bytes().endswith(answer)


async def test_who_called_is_written_down_while_they_speak(product: Product) -> None:
    details = {"name": "Dana Levi", "request": "Roses for Friday", "facts": {"colour": "red"}}
    product.model.scenario = using(UseTool("save_lead_details", details))
    flowers, number = await a_business("flowers", greeting=GREETING)

    call = await product.call(flowers, number, asker(Say("en_name")))
    await call.agent_speaks()
    [session] = product.used_sessions()
    [output] = await tool_outputs(session)
    assert call.status == "in-progress"
    [lead] = await rows_of(Lead, flowers)
    await spoken_to_again(call, session)
    call.hang_up()
    await ended_row_of(call)

    assert output == {"saved": True}
    assert (lead.phone_e164, lead.name) == (call.from_, "Dana Levi")
    assert lead.facts == {"request": "Roses for Friday", "colour": "red"}
    [tool_call] = await rows_of(ToolCall, flowers)
    assert (tool_call.name, tool_call.status) == ("save_lead_details", "succeeded")


async def test_who_wants_no_more_calls_is_noted_before_the_call_is_over(product: Product) -> None:
    product.model.scenario = using(UseTool("mark_do_not_call"))
    flowers, number = await a_business("flowers", greeting=GREETING)

    call = await product.call(flowers, number, asker(Say("en_no")))
    await call.agent_speaks()
    [session] = product.used_sessions()
    [output] = await tool_outputs(session)
    assert call.status == "in-progress"
    [listed] = await rows_of(DoNotCall, flowers)
    call.hang_up()
    row = await ended_row_of(call)

    assert output["done"] is True
    assert (listed.via, listed.call_id) == (DoNotCallVia.VOICE, row.pk)
    assert row.ended_at is not None
    assert listed.since < row.ended_at


def open_every_day(business: Business) -> None:
    with business_scope(business):
        OpeningHours.objects.bulk_create(
            OpeningHours(business=business, weekday=day, opens=time(9), closes=time(17))
            for day in range(7)
        )


def in_a_week(business: Business) -> datetime:
    """At ten, by the clock on the business's own wall."""
    today = timezone.now().astimezone(ZoneInfo(business.timezone))
    return (today + timedelta(days=7)).replace(hour=10, minute=0, second=0, microsecond=0)


def booking(at: datetime) -> Scenario:
    return using(UseTool("schedule_appointment", {"starts_at": f"{at:%Y-%m-%dT%H:%M}"}))


async def test_an_appointment_is_booked_and_said_to_be(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await an_agent(flowers, may_schedule=True)
    await in_database(lambda: open_every_day(flowers))
    at = in_a_week(flowers)
    product.model.scenario = booking(at)

    call = await product.call(flowers, number, asker())
    await call.agent_speaks()
    [session] = product.used_sessions()
    [output] = await tool_outputs(session)
    await spoken_to_again(call, session)
    call.hang_up()
    row = await ended_row_of(call)

    assert output["booked"] is True
    [appointment] = await rows_of(Appointment, flowers)
    assert (appointment.starts_at, appointment.call_id) == (at, row.pk)
    assert appointment.lead_id == row.lead_id


async def test_two_callers_for_one_hour_get_one_appointment_and_one_alternative(
    product: Product,
) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await an_agent(flowers, may_schedule=True)
    await in_database(lambda: open_every_day(flowers))
    product.model.scenario = booking(in_a_week(flowers))

    calls = await asyncio.gather(
        *(product.call(flowers, number, asker(), from_=f"+97250123456{each}") for each in (1, 2))
    )
    await asyncio.gather(*(call.agent_speaks() for call in calls))
    sessions = product.used_sessions()
    outputs = [output for session in sessions for output in await tool_outputs(session)]
    await asyncio.gather(*(session.has_sent("response.done", 3) for session in sessions))
    for call in calls:
        call.hang_up()
    await asyncio.gather(*(call.settled() for call in calls))

    booked, refused = sorted(outputs, key=lambda output: not output["booked"])
    assert (booked["booked"], refused["booked"]) == (True, False)
    assert refused["nearest_free"], "there is something else to offer"
    assert booked["starts_at"] not in [each["starts_at"] for each in refused["nearest_free"]]
    assert len(await rows_of(Appointment, flowers)) == 1


async def test_the_key_for_no_more_calls(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await an_agent(flowers, do_not_call_key="9")

    call = await product.call(flowers, number, asker(Press("9")))
    await call.agent_speaks()
    [session] = product.used_sessions()
    await session.has_sent("response.done", 2)
    [listed] = await rows_of(DoNotCall, flowers)
    assert call.status == "in-progress"
    call.hang_up()
    await ended_row_of(call)

    assert listed.via == DoNotCallVia.KEY
    [note] = session.client_events("conversation.item.create")
    assert "mark_do_not_call" in note["item"]["content"][0]["text"]


async def test_the_key_for_a_person(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    bob = await someone_to_transfer_to(flowers, "Bob")
    await an_agent(flowers, may_transfer=True, warm_transfer=False, human_key="0")
    product.carrier.callees[bob] = Callee(ring_s=0.2, talks_s=None)

    call = await product.call(flowers, number, asker(Press("0")))
    await call.agent_speaks()
    await eventually(lambda: bool(call.legs), within_s=20)
    await call.legs[0].answered()
    call.hang_up()
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    assert call.heard_bytes().endswith(padded(session.spoken_by_model(session.log.delta_items[-1])))
    assert call.legs[0].to == bob
    assert row.end_reason == "transfer"


async def test_keys_without_a_meaning_are_told_to_the_model_and_not_to_the_rows(
    product: Product,
) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)

    call = await product.call(
        flowers, number, asker(*(Press(digit) for digit in "4580"), Press("#"))
    )
    await call.agent_speaks()
    [session] = product.used_sessions()
    await session.has_sent("response.done", 2)
    call.hang_up()
    row = await ended_row_of(call)

    assert "4580" in json.dumps(session.items())
    assert "4580" not in json.dumps([turn.text for turn in await turns_of(row)], ensure_ascii=False)
