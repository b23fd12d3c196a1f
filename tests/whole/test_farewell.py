"""The last words: heard to their last frame, and the line is closed behind them, not into them."""

from __future__ import annotations

import dataclasses
import json

import pytest

from calls.models import CallStatus, EndReason
from prosaas.simulator import people
from prosaas.simulator.model import ModelSession, Reply, Say, UseTool, say
from prosaas.simulator.people import AfterAgentEnds, Interrupt, Person, Silent, Step
from prosaas.simulator.phone_call import PhoneCall
from tests.product import (
    QUICK,
    Product,
    a_business,
    an_agent,
    ended_row_of,
    measured,
    padded,
    turns_of,
)

GREETING = "Hello, this is Flowers."
HUNG_UP_WITHIN_S = 0.5
# He says goodbye, and the agent begins to.
LEAVES = (AfterAgentEnds(), people.Say("en_goodbye"))


def caller(*steps: Step) -> Person:
    return Person("caller", (*LEAVES, *steps, Silent()), "en")


def last_words(session: ModelSession) -> bytes:
    return padded(session.spoken_by_model(session.log.delta_items[-1]))


def hung_up_after_s(call: PhoneCall) -> float:
    """From the last frame that he heard to the end of the call."""
    assert call.stream is not None
    assert call.stream.playback.last_frame_at is not None
    assert call.ended_at is not None
    after_s = call.ended_at - call.stream.playback.last_frame_at
    measured("last frame to hang-up", [after_s])
    return after_s


async def test_a_farewell_is_heard_to_its_end_and_then_the_line_is_closed(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)

    call = await product.call(flowers, number, caller())
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    assert call.heard_bytes().endswith(last_words(session))
    assert 0 <= hung_up_after_s(call) < product.within(HUNG_UP_WITHIN_S)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT_GOODBYE)
    [*_, farewell] = await turns_of(row)
    assert (farewell.speaker, farewell.heard_ms) == ("agent", farewell.generated_ms)


@pytest.mark.parametrize("clip", ["en_goodbye", "en_filler_mmhm"])
async def test_who_says_goodbye_into_the_farewell_hears_it_out_all_the_same(
    product: Product, clip: str
) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)

    call = await product.call(flowers, number, caller(Interrupt(clip, after_ms=700)))
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    farewell = last_words(session)
    assert call.stream is not None
    [clear] = call.stream.playback.clears
    after = call.stream.playback.heard_between(clear.at, 1e9)
    assert farewell.endswith(after)
    assert call.heard_bytes().endswith(after)
    assert session.client_events("conversation.item.truncate") == []
    assert len(session.client_events("response.create")) == 2, "no answer to a goodbye"
    assert 0 <= hung_up_after_s(call) < product.within(HUNG_UP_WITHIN_S)
    assert row.end_reason == EndReason.AGENT_GOODBYE


async def test_a_question_into_the_farewell_is_answered_and_the_call_goes_on(
    product: Product,
) -> None:
    goodbye = Reply((Say("Thank you for calling, goodbye!"), UseTool("end_call")))
    answer = say("From nine to five, every day but Saturday.")
    product.model.scenario = dataclasses.replace(
        QUICK, replies=(say(GREETING), goodbye, answer, goodbye)
    )
    flowers, number = await a_business("flowers", greeting=GREETING)
    asks = (Interrupt("en_opening_hours", after_ms=700), AfterAgentEnds(), people.Say("en_goodbye"))

    call = await product.call(flowers, number, caller(*asks))
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    greeted, cut, answered, farewell = (
        padded(bytes(audio)) for audio in session.log.spoken.values()
    )
    assert cut == farewell
    played = call.heard_bytes()
    assert played.startswith(greeted)
    assert played.endswith(answered + farewell)
    broken_off = played[len(greeted) : -len(answered + farewell)]
    assert 0.6 < len(broken_off) / 8000 < 1.2
    assert farewell.startswith(broken_off)
    assert "not over" in json.dumps(session.client_events("conversation.item.create"))
    assert 0 <= hung_up_after_s(call) < product.within(HUNG_UP_WITHIN_S)
    assert row.end_reason == EndReason.AGENT_GOODBYE
    assert row.barge_ins == 1


async def test_a_caller_who_stays_silent_is_told_before_the_line_is_closed(
    product: Product,
) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await an_agent(flowers, silence_prompt_s=1, silence_prompts=1)

    call = await product.call(flowers, number)
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    greeting, asked, farewell = (padded(bytes(audio)) for audio in session.log.spoken.values())
    assert call.heard_bytes() == greeting + asked + farewell
    assert 0 <= hung_up_after_s(call) < product.within(HUNG_UP_WITHIN_S)
    assert row.end_reason == EndReason.SILENCE
