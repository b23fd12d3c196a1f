from __future__ import annotations

import dataclasses
import json

import pytest

from prosaas.simulator.clips import load
from prosaas.simulator.clock import ManualClock
from prosaas.simulator.model import (
    AUDIO_DELTA,
    INSTANT,
    RATE_LIMITED,
    SLOW,
    Failed,
    Incomplete,
    ModelSession,
    Pacing,
    Reply,
    Say,
    Scenario,
    UseTool,
    say,
    speech,
)
from tests.simulator.realtime_client import (
    ENDLESS,
    SILENCE,
    Json,
    client_of,
    model,
    session,
    with_turns,
)

LONG = "We are open from Sunday to Thursday, from nine in the morning until five in the afternoon."
TOOL = UseTool("end_call", {"reason": "the caller said goodbye"})


def _scripted(*replies: Reply, pacing: Pacing = INSTANT) -> Scenario:
    return Scenario(replies=replies, pacing=pacing)


async def test_a_response_is_told_in_the_documented_order() -> None:
    async with session(_scripted(say("Hello."))) as (client, _):
        await client.reply(metadata={"purpose": "greeting"})
    kinds = [kind for kind in client.types() if not kind.endswith(".delta")]
    assert kinds == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    created, done = client.of("response.created")[0], client.of("response.done")[0]
    assert created["response"]["status"] == "in_progress"
    assert created["response"]["id"] == done["response"]["id"]
    assert done["response"]["status"] == "completed"
    assert done["response"]["metadata"] == {"purpose": "greeting"}
    added = client.of("response.output_item.added")[0]["item"]
    assert added["status"] == "in_progress"
    assert added["content"] == []


async def test_the_words_are_said_completely_and_in_order() -> None:
    async with session(_scripted(say(LONG))) as (client, stand_in):
        response = await client.reply()
    item = response["output"][0]
    assert client.audio() == speech(LONG, "marin") == stand_in.spoken_by_model(item["id"])
    deltas = client.of("response.output_audio_transcript.delta")
    assert "".join(delta["delta"] for delta in deltas) == LONG
    assert item["content"] == [{"type": "output_audio", "transcript": LONG}]


async def _spoken(clock: ManualClock, pacing: Pacing) -> ModelSession:
    """One response, to the tick of a clock that stands still in between."""
    async with session(_scripted(say(LONG), pacing=pacing), clock=clock) as (client, stand_in):
        await client.send("response.create")
        await stand_in.has_received("response.create")
        while not stand_in.server_events("response.done"):
            await clock.advance(0.01)
        await client.finished()
    return stand_in


def _times(stand_in: ModelSession, kind: str) -> list[float]:
    return [event.at for event in stand_in.log.events_sent if event.type == kind]


async def test_deltas_are_odd_bursts_ahead_of_real_time_with_their_words_first() -> None:
    stand_in = await _spoken(ManualClock(), Pacing())
    sizes, times = list(stand_in.log.delta_bytes), _times(stand_in, AUDIO_DELTA)
    assert len(sizes) > 10
    assert all(size % 160 for size in sizes[:-1])
    assert all(800 <= size <= 3300 for size in sizes[:-1])
    assert len(set(times)) < len(times)  # some leave together
    real_time = sum(sizes) / 8000
    assert real_time / 12 < times[-1] - times[0] < real_time / 3
    kinds = [event.type for event in stand_in.log.events_sent]
    assert kinds.index("response.output_audio_transcript.delta") < kinds.index(AUDIO_DELTA)


async def test_the_first_delta_keeps_its_distance() -> None:
    stand_in = await _spoken(ManualClock(), Pacing(first_delta=(1.2, 1.3)))
    [created] = _times(stand_in, "response.created")
    assert 0 < created <= 0.1
    assert 1.2 <= _times(stand_in, AUDIO_DELTA)[0] <= 1.35


async def test_a_slow_model_takes_longer_than_it_is_heard() -> None:
    stand_in = await _spoken(ManualClock(), SLOW)
    times = _times(stand_in, AUDIO_DELTA)
    assert times[-1] - times[0] > sum(stand_in.log.delta_bytes[:-4]) / 8000


async def test_without_any_pause_the_sessions_still_take_turns() -> None:
    long = say(" ".join([LONG] * 20))
    async with (
        model(_scripted(long)) as running,
        client_of(running) as alice,
        client_of(running) as charlie,
    ):
        for client in (alice, charlie):
            await client.until("session.created")
            await client.configure()
        await alice.send("response.create")
        await charlie.send("response.create")
        await alice.finished()
        await charlie.finished()
        first, second = (each.log.delta_times for each in running.sessions)
    assert first[0] < second[-1]
    assert second[0] < first[-1]


# One at a time


async def test_a_second_response_is_refused_and_nothing_else_happens() -> None:
    async with session(_scripted(say(LONG), say("Again."), pacing=SLOW), speed=50) as (client, _):
        await client.send("response.create")
        event_id = await client.send("response.create")
        error = await client.until("error")
        assert error["error"]["code"] == "conversation_already_has_active_response"
        assert error["error"]["event_id"] == event_id
        await client.until("response.done")
        assert len(client.of("response.created")) == 1
        response = await client.reply()
        assert response["output"][0]["content"][0]["transcript"] == "Again."


async def test_an_answer_to_a_turn_may_fail_to_start() -> None:
    settings = with_turns(create_response=True)
    scenario = _scripted(say(LONG), pacing=ENDLESS)
    async with session(scenario, settings=settings) as (client, stand_in):
        await client.send("response.create")
        await client.until(AUDIO_DELTA)
        await client.speak(load("he_yes").audio + SILENCE)
        error = await client.until("error")
        assert error["error"]["code"] == "conversation_already_has_active_response"
        assert error["error"]["event_id"] is None
        assert stand_in.server_events("response.done") == []


async def test_a_response_out_of_band_runs_beside_the_other_and_leaves_no_trace() -> None:
    replies = (say(LONG, pacing=ENDLESS),)
    scenario = Scenario(replies=replies, asides=(say("voicemail"),), pacing=INSTANT)
    async with session(scenario) as (client, stand_in):
        await client.send("response.create")
        await client.until(AUDIO_DELTA)
        aside = await client.reply(
            conversation="none", output_modalities=["text"], metadata={"purpose": "classify"}
        )
        assert aside["conversation_id"] is None
        assert aside["metadata"] == {"purpose": "classify"}
        assert aside["output"][0]["content"] == [{"type": "output_text", "text": "voicemail"}]
        await client.send("response.cancel")
        spoken = await client.finished()
    assert spoken["conversation_id"].startswith("conv_")
    in_conversation = [event["item"]["id"] for event in client.of("conversation.item.added")]
    assert in_conversation == [spoken["output"][0]["id"]]
    assert [item["id"] for item in stand_in.items()] == in_conversation
    assert {event["item_id"] for event in client.of(AUDIO_DELTA)} == set(in_conversation)


# Cancelling


async def test_nothing_to_cancel_is_an_error_of_its_own() -> None:
    async with session() as (client, _):
        error = await client.refused("response.cancel")
        assert error["code"] == "response_cancel_not_active"
        error = await client.refused("response.cancel", response_id="resp_unknown")
        assert error["code"] == "response_cancel_not_active"


async def test_a_cancelled_response_ends_as_cancelled_with_what_was_said() -> None:
    scenario = _scripted(say(LONG, pacing=ENDLESS), say(LONG, pacing=SLOW))
    async with session(scenario, speed=50) as (client, stand_in):
        await client.send("response.create")
        created = await client.until("response.created")
        delta = await client.until(AUDIO_DELTA)
        await client.send("response.cancel", response_id=created["response"]["id"])
        response = await client.finished()
        assert response["status"] == "cancelled"
        assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
        assert response["output"][0]["status"] == "incomplete"
        assert len(client.audio()) < len(speech(LONG, "marin"))
        for kind in ("response.output_audio.done", "response.content_part.done"):
            assert client.of(kind)[0]["item_id"] == delta["item_id"]
        assert stand_in.items()[0]["status"] == "incomplete"

        client.events.clear()
        await client.reply()
    # Nothing of the first one comes while the second one is spoken.
    assert delta["item_id"] not in {event.get("item_id") for event in client.events}


@pytest.mark.parametrize("late", [0, 3])
async def test_some_deltas_are_on_their_way_already_when_it_is_cancelled(late: int) -> None:
    pacing = dataclasses.replace(ENDLESS, late_deltas=(late, late))
    async with session(_scripted(say(LONG), pacing=pacing)) as (client, _):
        await client.send("response.create")
        await client.until(AUDIO_DELTA)
        await client.send("response.cancel")
        await client.until("response.done")
    assert len(client.of(AUDIO_DELTA)) == 1 + late


async def test_a_new_response_right_behind_a_cancel_loses_the_race() -> None:
    pacing = dataclasses.replace(ENDLESS, cut=(5, 5))
    async with session(_scripted(say(LONG), pacing=pacing), speed=20) as (client, _):
        await client.send("response.create")
        await client.until(AUDIO_DELTA)
        await client.send("response.cancel")
        await client.send("response.create")
        error = await client.until("error")
        assert error["error"]["code"] == "conversation_already_has_active_response"
        await client.until("response.done")


async def test_a_response_that_is_cancelled_twice_ends_once() -> None:
    pacing = dataclasses.replace(ENDLESS, cut=(5, 5))
    two = Reply((Say("Two."),), pacing=INSTANT)
    async with session(_scripted(say(LONG), two, pacing=pacing), speed=20) as (client, _):
        await client.send("response.create")
        await client.until(AUDIO_DELTA)
        await client.send("response.cancel")
        await client.send("response.cancel")
        first = await client.finished()
        second = await client.reply()
    assert (first["status"], second["status"]) == ("cancelled", "completed")
    done = [event["response"]["id"] for event in client.of("response.done")]
    assert done == [first["id"], second["id"]]


async def test_a_cancel_before_the_response_was_created_cancels_nothing() -> None:
    pacing = Pacing(created_by_client=(0.05, 0.05), times_real_time=None)
    async with session(_scripted(say("Hello."), pacing=pacing), speed=1) as (client, _):
        await client.send("response.create")
        await client.send("response.cancel")
        error = await client.receive()
        assert error["error"]["code"] == "response_cancel_not_active"
        done = await client.until("response.done")
    assert done["response"]["status"] == "completed"


async def test_a_cancel_without_an_id_does_nothing_when_two_responses_run() -> None:
    scenario = Scenario(replies=(say(LONG),), asides=(say(LONG),), pacing=ENDLESS)
    async with session(scenario) as (client, stand_in):
        await client.send("response.create")
        await client.send("response.create", response={"conversation": "none"})
        await client.until(AUDIO_DELTA, times=2)
        await client.send("response.cancel")
        error = await client.refused("response.cancel", response_id="resp_unknown")
        assert error["code"] == "response_cancel_not_active"
        assert stand_in.server_events("response.done") == []


# Endings


async def test_a_failed_response_has_an_error_inside_and_no_item() -> None:
    async with session(_scripted(Reply((Say("Hi."),), ending=RATE_LIMITED))) as (client, stand_in):
        response = await client.reply()
    assert response["status"] == "failed"
    assert response["status_details"]["error"]["code"] == "rate_limit_exceeded"
    assert response["output"] == []
    assert "error" not in client.types()
    assert stand_in.items() == []


async def test_a_response_may_fail_in_the_middle_of_a_word() -> None:
    reply = Reply((Say(LONG),), ending=Failed(after_ms=700))
    async with session(_scripted(reply)) as (client, _):
        response = await client.reply()
    assert response["status"] == "failed"
    assert response["output"][0]["status"] == "incomplete"
    assert client.audio() == speech(LONG, "marin")[: 700 * 8]


async def test_an_incomplete_response_says_why() -> None:
    reply = Reply((Say(LONG),), ending=Incomplete("content_filter", after_ms=300))
    async with session(_scripted(reply)) as (client, _):
        response = await client.reply()
    assert response["status"] == "incomplete"
    assert response["status_details"]["reason"] == "content_filter"
    assert len(client.audio()) == 300 * 8


async def test_max_output_tokens_cut_the_speech() -> None:
    async with session(_scripted(say(LONG))) as (client, _):
        response = await client.reply(max_output_tokens=20)
    assert response["status"] == "incomplete"
    assert response["status_details"]["reason"] == "max_output_tokens"
    assert len(client.audio()) == 20 * 50 * 8


# Tools


async def test_a_tool_is_called_behind_the_words_and_waits_for_its_answer() -> None:
    reply = Reply((Say("Goodbye."), TOOL))
    async with session(_scripted(reply, say("That is done."))) as (client, stand_in):
        response = await client.reply()
        spoken, call = response["output"]
        assert spoken["type"] == "message"
        assert call["name"] == "end_call"
        assert json.loads(call["arguments"]) == dict(TOOL.arguments)
        deltas = client.of("response.function_call_arguments.delta")
        assert len(deltas) == 4
        assert "".join(delta["delta"] for delta in deltas) == call["arguments"]
        done = client.of("response.function_call_arguments.done")[0]
        assert (done["name"], done["call_id"]) == ("end_call", call["call_id"])
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "{}"}
        await client.send("conversation.item.create", item=output)
        await client.until("conversation.item.done")
        assert len(stand_in.server_events("response.created")) == 1
        await client.reply()
    assert stand_in.items()[-1]["content"][0]["transcript"] == "That is done."


async def test_an_answer_to_an_unknown_call_is_an_error() -> None:
    output = {"type": "function_call_output", "call_id": "call_unknown", "output": "{}"}
    async with session() as (client, stand_in):
        error = await client.refused("conversation.item.create", item=output)
        assert error["param"] == "item.call_id"
        assert stand_in.items() == []


async def test_a_call_that_is_cut_has_broken_arguments_which_are_done_all_the_same() -> None:
    pacing = dataclasses.replace(ENDLESS, late_deltas=(0, 0))
    async with session(_scripted(Reply((TOOL,)), pacing=pacing)) as (client, _):
        await client.send("response.create")
        await client.until("response.function_call_arguments.delta")
        await client.send("response.cancel")
        done = await client.until("response.function_call_arguments.done")
        response = await client.finished()
    with pytest.raises(json.JSONDecodeError):
        json.loads(done["arguments"])
    assert response["output"][0]["status"] == "incomplete"


async def test_a_storm_of_calls_and_one_delivered_twice() -> None:
    same = [UseTool("save", {"n": 1}, call_id="call_same")] * 2
    storm = [UseTool("save", {"n": number}) for number in range(30)]
    async with session(_scripted(Reply((*same, *storm)))) as (client, _):
        response = await client.reply()
    ids = [item["call_id"] for item in response["output"]]
    assert len(ids) == 32
    assert ids.count("call_same") == 2


# What it costs


def _usage(stand_in: ModelSession) -> list[Json]:
    return [event["response"]["usage"] for event in stand_in.server_events("response.done")]


async def test_usage_grows_with_the_history_and_is_cached_from_the_second_turn() -> None:
    async with session(_scripted(say(LONG), say(LONG), say(LONG))) as (client, stand_in):
        for _ in range(3):
            await client.speak(load("he_question").audio + SILENCE)
            await client.until("input_audio_buffer.committed")
            await client.reply()
    first, second, third = _usage(stand_in)
    assert first["input_token_details"]["cached_tokens"] == 0
    assert second["input_token_details"]["cached_tokens"] == first["input_tokens"]
    assert third["input_token_details"]["cached_tokens"] == second["input_tokens"]
    assert first["input_tokens"] < second["input_tokens"] < third["input_tokens"]
    heard_ms = len(load("he_question").audio) // 8 + 600
    assert first["input_token_details"]["audio_tokens"] == -(-heard_ms // 100)
    spoken_ms = len(speech(LONG, "marin")) // 8
    assert first["output_token_details"]["audio_tokens"] == -(-spoken_ms // 50)


async def test_new_instructions_break_the_cache() -> None:
    async with session(_scripted(say("One."), say("Two."))) as (client, stand_in):
        await client.reply()
        await client.configure({"type": "realtime", "instructions": "Something else."})
        await client.reply()
    assert _usage(stand_in)[1]["input_token_details"]["cached_tokens"] == 0


@pytest.mark.parametrize("when", ["early", "late", "never"])
async def test_rate_limits_come_early_late_or_not_at_all(when: str) -> None:
    scenario = Scenario(replies=(say("Hi."), say("Ho.")), pacing=INSTANT, rate_limits=when)  # type: ignore[arg-type]
    async with session(scenario) as (client, _):
        for _ in range(2):
            await client.send("response.create")
            await client.until("response.done")
    kinds = [kind for kind in client.types() if kind in ("rate_limits.updated", "response.done")]
    assert (
        kinds
        == {
            "early": ["rate_limits.updated", "response.done"] * 2,
            "late": ["response.done", "rate_limits.updated", "response.done"],
            "never": ["response.done"] * 2,
        }[when]
    )
