from __future__ import annotations

import base64
from typing import Any

import pytest

from prosaas.simulator.clips import load
from prosaas.simulator.model import INSTANT, Scenario, say
from tests.simulator.realtime_client import Client, Json, session

CREATE = "conversation.item.create"


def _note(text: str, **fields: Any) -> Json:
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "system", "content": content, **fields}


async def _create(client: Client, item: Json, **fields: Any) -> Json:
    await client.send(CREATE, item=item, **fields)
    return await client.until("conversation.item.done")


async def test_an_item_is_added_and_done_under_the_id_that_the_client_chose() -> None:
    async with session() as (client, stand_in):
        await _create(client, _note("Be brief.", id="note_1"))
    assert client.types() == ["conversation.item.added", "conversation.item.done"]
    assert [event["item"]["id"] for event in client.events] == ["note_1", "note_1"]
    assert [item["id"] for item in stand_in.items()] == ["note_1"]


async def test_an_item_without_an_id_is_given_one() -> None:
    async with session() as (client, _):
        done = await _create(client, _note("Be brief."))
    assert done["item"]["id"].startswith("item_")
    assert done["item"]["status"] == "completed"
    assert done["previous_item_id"] is None


async def test_items_stand_where_they_were_put() -> None:
    async with session() as (client, stand_in):
        await _create(client, _note("one", id="one"))
        third = await _create(client, _note("three", id="three"))
        second = await _create(client, _note("two", id="two"), previous_item_id="one")
        first = await _create(client, _note("zero", id="zero"), previous_item_id="root")
    assert [item["id"] for item in stand_in.items()] == ["zero", "one", "two", "three"]
    assert third["previous_item_id"] == "one"
    assert second["previous_item_id"] == "one"
    assert first["previous_item_id"] is None


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "message", "role": "system"}, "item.content"),
        ({"type": "message", "role": "narrator", "content": []}, "item.role"),
        ({"type": "message", "content": []}, "item.role"),
        ({"type": "thought"}, "item.type"),
        ({"type": "function_call_output", "call_id": "call_1"}, "item.output"),
        (_note("a note", mood="glad"), "item.mood"),
        (
            {"type": "message", "role": "user", "content": [{"type": "text", "text": "beta"}]},
            "item.content[0].type",
        ),
        (
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_audio", "audio": "not base64!"}],
            },
            "audio",
        ),
    ],
)
async def test_an_item_of_the_wrong_form_is_refused(item: Json, param: str) -> None:
    async with session() as (client, stand_in):
        error = await client.refused(CREATE, item=item)
        assert error["param"] == param
        assert stand_in.items() == []


async def test_nobody_puts_audio_into_the_models_mouth() -> None:
    spoken = {"type": "output_audio", "audio": "", "transcript": "I said so."}
    async with session() as (client, stand_in):
        item = {"type": "message", "role": "assistant", "content": [spoken]}
        error = await client.refused(CREATE, item=item)
        assert error["param"] == "item.content[0].type"
        assert stand_in.items() == []


async def test_words_may_be_put_into_the_models_mouth() -> None:
    written = {"type": "output_text", "text": "Hello, this is Alice's clinic."}
    async with session() as (client, stand_in):
        await _create(client, {"type": "message", "role": "assistant", "content": [written]})
        response = await client.reply()
    # It has greeted already, so it does not greet again.
    assert "Hello" not in response["output"][0]["content"][0]["transcript"]
    assert stand_in.items()[0]["content"] == [written]


async def test_an_id_is_given_once() -> None:
    async with session() as (client, stand_in):
        await _create(client, _note("one", id="one"))
        error = await client.refused(CREATE, item=_note("again", id="one"))
        assert error["param"] == "item.id"
        assert len(stand_in.items()) == 1


async def test_an_item_cannot_stand_behind_an_unknown_one() -> None:
    async with session() as (client, stand_in):
        error = await client.refused(CREATE, item=_note("x"), previous_item_id="nowhere")
        assert error["param"] == "previous_item_id"
        assert stand_in.items() == []


async def test_a_deleted_item_is_gone() -> None:
    async with session() as (client, stand_in):
        await _create(client, _note("one", id="one"))
        await client.send("conversation.item.delete", item_id="one")
        deleted = await client.until("conversation.item.deleted")
        assert deleted["item_id"] == "one"
        assert stand_in.items() == []
        error = await client.refused("conversation.item.delete", item_id="one")
        assert error["code"] == "item_delete_invalid_item_id"
        error = await client.refused("conversation.item.retrieve", item_id="one")
        assert error["code"] == "item_retrieve_invalid_item_id"


async def test_audio_that_a_user_item_brings_along_is_kept() -> None:
    audio = load("he_yes").audio
    part = {"type": "input_audio", "audio": base64.b64encode(audio).decode()}
    async with session() as (client, stand_in):
        item = {"type": "message", "role": "user", "id": "user_1", "content": [part]}
        done = await _create(client, item)
        assert "audio" not in done["item"]["content"][0]
        await client.send("conversation.item.retrieve", item_id="user_1")
        shown = await client.until("conversation.item.retrieved")
    assert base64.b64decode(shown["item"]["content"][0]["audio"]) == audio
    assert "audio" not in stand_in.items()[0]["content"][0]


async def test_a_response_may_have_a_context_of_its_own() -> None:
    scenario = Scenario(asides=(say("human"), say("nothing")), pacing=INSTANT)
    async with session(scenario) as (client, _):
        await _create(client, _note("A note of some length.", id="note_1"))
        aside = {"conversation": "none", "output_modalities": ["text"]}
        some = await client.reply(**aside, input=[{"type": "item_reference", "id": "note_1"}])
        none = await client.reply(**aside, input=[])
        assert some["usage"]["input_tokens"] > none["usage"]["input_tokens"]
        reference = {"type": "item_reference", "id": "unknown"}
        error = await client.refused("response.create", response={**aside, "input": [reference]})
        assert error["code"] == "item_reference_invalid_item_id"
