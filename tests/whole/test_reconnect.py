"""The model's socket breaks in the middle of a call: the caller hears a short pause, and no more."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from django.conf import settings
from django.utils import timezone

from calls.models import (
    CallStatus,
    EndReason,
    Lead,
    ToolCall,
    Transfer,
    TransferStatus,
    TransferTarget,
)
from calls.phrases import Phrase
from prosaas.simulator import people
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.model import (
    QUOTA_EXHAUSTED,
    RATE_LIMITED,
    AbortSocket,
    CloseSocket,
    Failed,
    Incident,
    ModelSession,
    Reply,
    Say,
    Scenario,
    SendError,
    UseTool,
    mid_reply,
    say,
)
from prosaas.simulator.model.scenario import Action
from prosaas.simulator.people import AfterAgentEnds, Person, Silent
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.playback import Playback
from tenants.credentials import limited_until
from tenants.models import Business, RefusedKey
from tests.product import (
    QUICK,
    Product,
    a_business,
    an_agent,
    ended_row_of,
    eventually,
    in_database,
    measured,
    padded,
    rows_of,
    someone_to_transfer_to,
    words,
)

GREETING = "Hello, this is Flowers."
ANSWER = "We are open from nine to five, every day but Saturday, and on Fridays until two."
REST = "On Fridays we close at two."
# What a new session may cost, beside the time that the model itself takes to speak.
BACK_WITHIN_S = 1.5
MODELS_DELAY_S = 0.4


def asker() -> Person:
    return Person("asker", (AfterAgentEnds(), people.Say("en_opening_hours"), Silent()), "en")


def breaks(
    *actions: Action, after: Incident | None = None, answer: Reply | None = None
) -> Scenario:
    """Greets, and is lost in the middle of its answer: behind its item, before its last sound."""
    incident = after or Incident("response.output_audio_transcript.delta", actions, nth=8)
    slow = dataclasses.replace(
        QUICK.pacing, times_real_time=(3, 3), burst=(1, 1), delta_ms=(100, 100)
    )
    return dataclasses.replace(
        QUICK,
        replies=(say(GREETING), answer or say(ANSWER, pacing=slow)),
        incidents=(incident,),
    )


def found_again(*replies: Reply) -> Scenario:
    late = dataclasses.replace(QUICK.pacing, first_delta=(MODELS_DELAY_S, MODELS_DELAY_S))
    return dataclasses.replace(QUICK, replies=replies or (say(REST),), pacing=late)


async def lost_and_found(
    product: Product, lost: Scenario, *found: Scenario
) -> tuple[Business, PhoneCall]:
    product.model.scenarios = [lost, *found]
    flowers, number = await a_business("flowers", greeting=GREETING)
    call = await product.call(flowers, number, asker())
    await call.agent_speaks()
    return flowers, call


async def second_session(product: Product) -> ModelSession:
    await eventually(lambda: len(product.used_sessions()) == 2, within_s=20)
    return product.used_sessions()[1]


def lost_at(session: ModelSession) -> float:
    """The last thing that it said, by the clock of both stand-ins."""
    return session.log.events_sent[-1].at


def end_of_what_was_there(playback: Playback, back_at: float) -> float:
    """When the last of the lost session's audio had been heard."""
    return max(min(part.end, back_at) for part in playback.segments if part.start < back_at)


@pytest.mark.parametrize(
    "end",
    [
        (AbortSocket(),),
        (CloseSocket(1011, "internal"),),
        (SendError("session_expired"), CloseSocket(1001, "maximum duration")),
        (SendError("session_expired"),),
    ],
    ids=["reset", "closed", "expired and closed", "expired"],
)
async def test_the_agent_goes_on_where_it_was_cut_off(
    product: Product,
    end: tuple[Action, ...],
) -> None:
    flowers, call = await lost_and_found(product, breaks(*end), found_again())
    now = await second_session(product)
    before = product.used_sessions()[0]
    await now.has_sent("response.done")
    rest = padded(now.spoken_by_model())
    await asyncio.sleep(len(rest) / 8000 + 0.5)
    call.hang_up()
    row = await ended_row_of(call)

    assert call.stream is not None
    playback = call.stream.playback
    assert playback.heard_bytes().endswith(rest)
    back_at = playback.segments[-1].end - len(rest) / 8000
    silent_from = max(lost_at(before), end_of_what_was_there(playback, back_at))
    measured("silent after the loss", [back_at - silent_from])
    assert back_at - silent_from < product.within(BACK_WITHIN_S + MODELS_DELAY_S)
    greeting, asked, cut, note, answer = words(now)
    assert greeting == f"assistant: {GREETING}"
    assert asked == "user: What are your opening hours?"
    said = cut.removeprefix("assistant: ").removesuffix("…")
    assert ANSWER.startswith(said)
    assert note.startswith("system: A technical fault has cut you off")
    assert answer == f"assistant: {REST}"
    assert row.reconnects == 1
    assert row.end_reason == EndReason.CALLER_HANGUP
    assert len(product.used_sessions()) == 2
    assert now.server_events("error") == []


async def test_a_tool_that_was_asked_for_is_run_once(product: Product) -> None:
    note = UseTool("save_lead_details", {"name": "Dana Levi"}, call_id="call_once")
    dies = Incident("response.function_call_arguments.done", (AbortSocket(),), delay=0.05)
    flowers, call = await lost_and_found(
        product,
        breaks(after=dies, answer=Reply((note,))),
        found_again(Reply((note,)), say("It is noted.")),
    )
    now = await second_session(product)
    await now.has_sent("response.done", 2)
    call.hang_up()
    await ended_row_of(call)

    [tool_call] = await rows_of(ToolCall, flowers)
    assert (tool_call.tool_call_id, tool_call.status) == ("call_once", "succeeded")
    [lead] = await rows_of(Lead, flowers)
    assert lead.name == "Dana Levi"


async def test_an_account_without_credit_is_not_tried_again(product: Product) -> None:
    product.model.scenario = breaks(*QUOTA_EXHAUSTED)
    flowers, number = await a_business("flowers", greeting=GREETING)

    call = await product.call(flowers, number, asker())
    await call.agent_speaks()
    [session] = product.used_sessions()
    await session.closed.wait()
    closed_at = lost_at(session)
    refused = None
    while refused is None:
        refused = await in_database(lambda: RefusedKey.objects.first())
        assert product.carrier.clock.now() - closed_at < product.within(1.0)
    row = await ended_row_of(call)
    second = await product.call(flowers, number)
    second_row = await ended_row_of(second)

    assert refused.code == "insufficient_quota"
    assert call.spoken == [Phrase.SORRY.in_language("en")]
    assert row.end_reason == EndReason.MODEL_LOST
    assert second.spoken == [Phrase.NOT_NOW.in_language("en")]
    assert second_row.end_reason == EndReason.REJECTED_KEY_REFUSED
    assert len(product.used_sessions()) == 1


@pytest.mark.parametrize("has_fallback", [False, True], ids=["nobody", "Bob"])
async def test_a_model_that_is_lost_three_times(product: Product, has_fallback: bool) -> None:
    product.model.scenario = dataclasses.replace(
        QUICK, incidents=(mid_reply(AbortSocket(), deltas=2),)
    )
    flowers, number = await a_business("flowers", greeting="Hello " * 40)
    if has_fallback:
        bob = await someone_to_transfer_to(flowers, "Bob")
        [target] = await rows_of(TransferTarget, flowers)
        await an_agent(flowers, fallback=target)
        product.carrier.callees[bob] = Callee(ring_s=0.2, talks_s=0.5)

    call = await product.call(flowers, number)
    row = await ended_row_of(call)

    assert len(product.used_sessions()) == 3
    assert row.reconnects == 2
    assert row.status == CallStatus.COMPLETED
    assert row.end_reason == EndReason.MODEL_LOST
    if has_fallback:
        assert call.spoken == [Phrase.ONE_MOMENT.in_language("en")]
        assert call.legs[0].joined_at is not None
        [transfer] = await rows_of(Transfer, flowers)
        assert transfer.status == TransferStatus.COMPLETED
    else:
        assert call.spoken == [Phrase.SORRY.in_language("en")]
        assert call.legs == []


@pytest.mark.parametrize(
    "failure", [Failed(), RATE_LIMITED], ids=["server error", "r06 rate limit"]
)
async def test_a_response_that_fails_is_asked_for_once_more(
    product: Product, failure: Failed
) -> None:
    failed = Reply((Say(ANSWER),), ending=failure)
    product.model.scenario = dataclasses.replace(
        QUICK, replies=(say(GREETING), failed, say(ANSWER))
    )
    flowers, number = await a_business("flowers", greeting=GREETING)
    call = await product.call(flowers, number, asker())
    await call.agent_speaks()
    [session] = product.used_sessions()

    await session.has_sent("response.done", 3)
    await asyncio.sleep(len(session.spoken_by_model()) / 8000 + 0.3)
    call.hang_up()
    row = await ended_row_of(call)

    greeting, answer = (padded(bytes(audio)) for audio in session.log.spoken.values())
    assert call.heard_bytes() == greeting + answer
    assert len(product.used_sessions()) == 1
    assert row.counters["response_recreated"] == 1
    limited = await in_database(lambda: limited_until(settings.OPENAI_API_KEY, now=timezone.now()))
    assert (limited is not None) is (failure is RATE_LIMITED), "nobody else is called into it"
