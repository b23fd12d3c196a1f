"""Nothing that a client sends may end a session, and everything is answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prosaas.simulator.model.client_events import EVENTS
from tests.simulator.realtime_client import SESSION, Client, session

SCALARS = st.none() | st.booleans() | st.integers(-10, 10**20) | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
IDS = st.sampled_from(["item_1", "item_2", "root", "nowhere", "call_1", ""])
TEXTS = st.sampled_from(["Hello.", "", "x" * 600, "<<<GREETING\nHi\nGREETING>>>"])
AUDIO = st.sampled_from(["", "AAAA", "f39/fw==", "/w==" * 2, "not base64", "A" * 6400])
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["input_text", "input_audio", "output_text", "output_audio", "text"])},
    optional={"text": TEXTS, "audio": AUDIO, "transcript": TEXTS, "more": JSON},
)
ITEMS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["message", "function_call", "function_call_output", "item_reference"]
        )
    },
    optional={
        "id": IDS,
        "role": st.sampled_from(["system", "user", "assistant", "tool"]),
        "content": st.lists(PARTS, max_size=2),
        "call_id": IDS,
        "name": TEXTS,
        "arguments": TEXTS,
        "output": TEXTS,
    },
)
SESSIONS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["realtime", "transcription"]),
        "instructions": TEXTS,
        "audio": st.sampled_from([SESSION["audio"], {"input": {"turn_detection": None}}, {}])
        | JSON,
        "tools": st.lists(
            st.fixed_dictionaries(
                {"type": st.just("function")}, optional={"name": TEXTS, "parameters": JSON}
            )
        ),
        "tool_choice": JSON,
        "max_output_tokens": st.sampled_from([1, "inf", 0]) | JSON,
        "output_modalities": st.lists(st.sampled_from(["audio", "text"]), max_size=2),
    },
)
RESPONSES = st.fixed_dictionaries(
    {},
    optional={
        "conversation": st.sampled_from(["auto", "none"]),
        "output_modalities": st.lists(st.sampled_from(["audio", "text"]), max_size=2),
        "instructions": TEXTS,
        "input": st.lists(ITEMS, max_size=2),
        "metadata": JSON,
        "max_output_tokens": st.sampled_from([1, "inf", 0]),
    },
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "session": SESSIONS | JSON,
    "audio": AUDIO | JSON,
    "item": ITEMS | JSON,
    "previous_item_id": IDS | JSON,
    "item_id": IDS | JSON,
    "content_index": st.sampled_from([0, 1]) | JSON,
    "audio_end_ms": st.integers(0, 3000) | JSON,
    "response": RESPONSES | JSON,
    "response_id": IDS | JSON,
    "event_id": st.just("fuzz") | JSON,
}
EVENT = st.sampled_from(sorted(EVENTS)).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"type": st.just(kind)},
        optional={name: FIELDS[name] for name in EVENTS[kind].fields if name in FIELDS},
    )
)
MESSAGES = st.lists(
    EVENT.map(json.dumps) | JSON.map(json.dumps) | st.text(max_size=20) | st.binary(max_size=20),
    max_size=12,
)
_DEEP_TOOL = '{"type":"function","name":"save","parameters":' + '{"a":' * 260 + "1" + "}" * 261
# Valid as far as its form goes, but deeper than the answer could be written.
DEEP = '{"type":"session.update","session":{"type":"realtime","tools":[' + _DEEP_TOOL + "]}}"


async def _survives(messages: list[str | bytes]) -> None:
    async with session() as (client, stand_in):
        for message in messages:
            await client.connection.send(message)
        await _answers_still(client)
        assert stand_in.close_code is None


async def _answers_still(client: Client) -> None:
    event_id = await client.send("conversation.item.delete", item_id="surely unknown")
    while True:
        event = await client.receive()
        if event["type"] == "error" and event["error"]["event_id"] == event_id:
            return


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages=MESSAGES)
def test_whatever_a_client_sends_the_session_goes_on(messages: list[str | bytes]) -> None:
    asyncio.run(_survives(messages))


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type":7}',
        '{"type":"response.cancelled"}',
        "{" * 5000,
        DEEP,
        b"\x00",
    ],
)
async def test_what_is_no_event_is_an_error(message: str | bytes) -> None:
    async with session() as (client, _):
        await client.connection.send(message)
        assert (await client.receive())["type"] == "error"
        await _answers_still(client)


def test_there_are_the_eleven_events_of_the_protocol() -> None:
    assert len(EVENTS) == 11
