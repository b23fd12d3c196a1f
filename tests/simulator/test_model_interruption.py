from __future__ import annotations

import base64
import dataclasses

import pytest

from prosaas.simulator.clips import load
from prosaas.simulator.model import (
    AUDIO_DELTA,
    INSTANT,
    SLOW,
    Incident,
    Pacing,
    Repeat,
    Scenario,
    say,
    speech,
)
from tests.simulator.realtime_client import ENDLESS, SILENCE, Client, session, with_turns

LONG = "We are open from Sunday to Thursday, from nine in the morning until five in the afternoon."
SLOWLY = dataclasses.replace(ENDLESS, late_deltas=(2, 2))
INTERRUPTIBLE = with_turns(create_response=True, interrupt_response=True)
TRUNCATED = "conversation.item.truncated"


async def _interrupt(client: Client) -> str:
    """The caller speaks while the model does; returns the model's item."""
    await client.send("response.create")
    delta = await client.until(AUDIO_DELTA)
    await client.speak(load("he_question").audio)
    await client.until("response.done")
    await client.until("rate_limits.updated")
    item: str = delta["item_id"]
    return item


async def test_speech_cuts_the_response_behind_a_few_late_deltas() -> None:
    scenario = Scenario(replies=(say(LONG),), pacing=SLOWLY)
    async with session(scenario, settings=INTERRUPTIBLE, speed=20) as (client, _):
        item = await _interrupt(client)
    kinds = client.types()
    behind = kinds[kinds.index("input_audio_buffer.speech_started") :]
    assert [kind for kind in behind if kind != "response.output_audio_transcript.delta"] == [
        "input_audio_buffer.speech_started",
        AUDIO_DELTA,
        AUDIO_DELTA,
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    response = client.of("response.done")[0]["response"]
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert [each["id"] for each in response["output"]] == [item]
    assert TRUNCATED not in kinds


async def test_speech_after_the_response_is_over_cuts_nothing() -> None:
    scenario = Scenario(replies=(say(LONG),), pacing=INSTANT)
    settings = with_turns(interrupt_response=True)
    async with session(scenario, settings=settings) as (client, _):
        await client.reply()
        client.events.clear()
        await client.speak(load("he_question").audio)
        await client.until("input_audio_buffer.speech_started")
        await client.refused("response.cancel")
    assert client.types() == ["input_audio_buffer.speech_started", "error"]


async def test_without_interrupt_response_the_model_talks_on() -> None:
    scenario = Scenario(replies=(say(LONG),), pacing=SLOW)
    async with session(scenario, speed=20) as (client, _):
        await client.send("response.create")
        await client.until(AUDIO_DELTA)
        await client.speak(load("he_question").audio + SILENCE)
        response = await client.finished()
    assert response["status"] == "completed"
    assert client.audio() == speech(LONG, "marin")


async def test_the_interrupting_turn_is_answered_when_the_cut_is_over() -> None:
    pacing = dataclasses.replace(ENDLESS, cut=(5, 5))
    replies = (say(LONG), say("Yes?", pacing=INSTANT))
    scenario = Scenario(replies=replies, pacing=pacing)
    async with session(scenario, settings=INTERRUPTIBLE, speed=20) as (client, _):
        await client.send("response.create")
        await client.until(AUDIO_DELTA)
        await client.speak(load("he_yes").audio + SILENCE)
        cut, answer = await client.finished(), await client.finished()
    assert cut["status"] == "cancelled"
    assert answer["output"][0]["content"][0]["transcript"] == "Yes?"
    assert "error" not in client.types()


async def test_a_response_that_was_not_yet_created_is_created_and_cut() -> None:
    pacing = Pacing(first_delta=(1e6, 1e6), created_by_client=(1e6, 1e6))
    scenario = Scenario(replies=(say(LONG),), pacing=pacing)
    settings = with_turns(interrupt_response=True)
    async with session(scenario, settings=settings, speed=10) as (client, _):
        await client.send("response.create")
        await client.speak(load("he_question").audio)
        response = await client.finished()
    assert response["status"] == "cancelled"
    assert response["output"] == []
    assert client.of(AUDIO_DELTA) == []


async def test_some_claim_that_the_service_truncates_by_itself() -> None:
    scenario = Scenario(replies=(say(LONG),), pacing=SLOWLY, truncates_itself=True)
    async with session(scenario, settings=INTERRUPTIBLE, speed=20) as (client, _):
        item = await _interrupt(client)
        truncated = await client.until(TRUNCATED)
        assert truncated["item_id"] == item
        too_late = truncated["audio_end_ms"] + 1
        error = await client.refused(
            "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=too_late
        )
        assert "already shorter" in error["message"]


# Truncating


async def _spoken_item(client: Client) -> str:
    response = await client.reply()
    item: str = response["output"][0]["id"]
    return item


async def test_a_truncated_item_is_really_shorter_and_has_lost_its_words() -> None:
    async with session(Scenario(replies=(say(LONG),), pacing=INSTANT)) as (client, stand_in):
        item = await _spoken_item(client)
        await client.send(
            "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=1234
        )
        truncated = await client.until(TRUNCATED)
        assert (truncated["item_id"], truncated["audio_end_ms"]) == (item, 1234)
        await client.send("conversation.item.retrieve", item_id=item)
        shown = (await client.until("conversation.item.retrieved"))["item"]["content"][0]
    assert base64.b64decode(shown["audio"]) == speech(LONG, "marin")[: 1234 * 8]
    assert shown["transcript"] is None
    assert LONG not in str(stand_in.items())
    # What was generated is still known, since it was sent.
    assert stand_in.spoken_by_model(item) == speech(LONG, "marin")


async def test_nobody_can_have_heard_more_than_there_is() -> None:
    async with session(Scenario(replies=(say(LONG),), pacing=INSTANT)) as (client, stand_in):
        item = await _spoken_item(client)
        length = len(speech(LONG, "marin")) // 8
        place = {"item_id": item, "content_index": 0}
        error = await client.refused(
            "conversation.item.truncate", **place, audio_end_ms=length + 60
        )
        expected = f"Audio content of {length}ms is already shorter than {length + 60}ms"
        assert error["message"] == expected
        assert error["code"] is None
        assert LONG in str(stand_in.items())
        await client.send("conversation.item.truncate", **place, audio_end_ms=length)
        await client.until(TRUNCATED)


async def test_a_second_cut_can_only_be_shorter() -> None:
    async with session(Scenario(replies=(say(LONG),), pacing=INSTANT)) as (client, _):
        item = await _spoken_item(client)
        place = {"item_id": item, "content_index": 0}
        await client.send("conversation.item.truncate", **place, audio_end_ms=900)
        await client.until(TRUNCATED)
        error = await client.refused("conversation.item.truncate", **place, audio_end_ms=1000)
        assert error["message"] == "Audio content of 900ms is already shorter than 1000ms"


async def test_at_zero_there_is_no_audio_to_cut() -> None:
    async with session(Scenario(replies=(say(LONG),), pacing=INSTANT)) as (client, stand_in):
        item = await _spoken_item(client)
        error = await client.refused(
            "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=0
        )
        assert error["code"] == "unsupported_content_type"
        assert LONG in str(stand_in.items())


async def test_only_what_the_model_spoke_can_be_cut() -> None:
    async with session() as (client, _):
        content = [{"type": "input_text", "text": "a note"}]
        note = {"type": "message", "role": "system", "id": "note_1", "content": content}
        await client.send("conversation.item.create", item=note)
        await client.until("conversation.item.done")
        await client.speak(load("he_yes").audio + SILENCE)
        caller = (await client.until("input_audio_buffer.committed"))["item_id"]
        await client.until("conversation.item.input_audio_transcription.completed")
        for item in ("note_1", caller):
            error = await client.refused(
                "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=20
            )
            assert error["code"] == "unsupported_content_type"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"item_id": "item_unknown"}, "item_truncate_invalid_item_id"),
        ({"content_index": 1}, "invalid_value"),
        ({"audio_end_ms": -1}, "invalid_value"),
        ({"audio_end_ms": 1.5}, "invalid_type"),
    ],
)
async def test_a_cut_in_the_wrong_place_is_refused(change: dict[str, object], code: str) -> None:
    async with session(Scenario(replies=(say(LONG),), pacing=INSTANT)) as (client, stand_in):
        item = await _spoken_item(client)
        wanted = {"item_id": item, "content_index": 0, "audio_end_ms": 100, **change}
        error = await client.refused("conversation.item.truncate", **wanted)
        assert error["code"] == code
        assert LONG in str(stand_in.items())


async def test_an_item_may_be_cut_while_its_last_deltas_are_on_their_way() -> None:
    pacing = dataclasses.replace(ENDLESS, late_deltas=(3, 3), cut=(5, 5))
    async with session(Scenario(replies=(say(LONG),), pacing=pacing), speed=20) as (client, st):
        await client.send("response.create")
        delta = await client.until(AUDIO_DELTA)
        await client.send("response.cancel")
        place = {"item_id": delta["item_id"], "content_index": 0}
        await client.send("conversation.item.truncate", **place, audio_end_ms=60)
        await client.finished()
        error = await client.refused("conversation.item.truncate", **place, audio_end_ms=61)
    assert error["message"] == "Audio content of 60ms is already shorter than 61ms"
    assert st.items()[0]["content"][0]["transcript"] is None


async def test_a_confirmation_may_come_twice() -> None:
    twice = Incident(TRUNCATED, (Repeat(),), nth=0)
    async with session(Scenario(replies=(say(LONG),), pacing=INSTANT, incidents=(twice,))) as (
        client,
        _,
    ):
        item = await _spoken_item(client)
        await client.send(
            "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=100
        )
        await client.until(TRUNCATED, times=2)
    first, second = client.of(TRUNCATED)
    assert first == second


async def test_a_cut_breaks_the_cache_behind_it_only() -> None:
    scenario = Scenario(replies=(say("One."), say(LONG), say("Three.")), pacing=INSTANT)
    async with session(scenario) as (client, stand_in):
        await client.reply()
        second = await client.reply()
        await client.send(
            "conversation.item.truncate",
            item_id=second["output"][0]["id"],
            content_index=0,
            audio_end_ms=100,
        )
        await client.until(TRUNCATED)
        third = await client.reply()
    details = third["usage"]["input_token_details"]
    assert details["cached_tokens"] == second["usage"]["input_tokens"]
    assert details["audio_tokens"] < 100
    assert len(stand_in.items()) == 3
