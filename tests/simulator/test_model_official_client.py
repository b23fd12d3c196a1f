"""The official client and the product's own codec, against the stand-in."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from calls.engine import commands
from calls.engine.limits import Limits
from calls.tools.offer import END_CALL
from calls.wire import realtime as wire
from calls.wire.fields import Ignored
from prosaas.simulator.clips import load
from prosaas.simulator.model import (
    INSTANT,
    ModelSession,
    Reply,
    Say,
    Scenario,
    UseTool,
    say,
    speech,
)
from tests.simulator.realtime_client import KEY, SESSION, SILENCE, model, session, validate


class Official:
    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection
        self.events: list[Any] = []

    async def until(self, kind: str) -> Any:
        async with asyncio.timeout(10):
            while True:
                event = self.connection.parse_event(await self.connection.recv_bytes())
                validate(event.to_dict())
                self.events.append(event)
                if event.type == kind:
                    return event


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@asynccontextmanager
async def _connected(scenario: Scenario) -> AsyncIterator[tuple[Official, ModelSession]]:
    async with (
        model(scenario) as running,
        AsyncOpenAI(api_key=KEY, websocket_base_url=running.url) as openai,
        openai.realtime.connect(model="gpt-realtime-2.1") as connection,
    ):
        yield Official(connection), await running.session()


async def test_the_official_client_holds_a_conversation() -> None:
    scenario = Scenario(replies=(say("Hello."), say("From nine to five.")), pacing=INSTANT)
    async with _connected(scenario) as (alice, stand_in):
        await alice.until("session.created")
        settings: Any = SESSION
        await alice.connection.session.update(session=settings, event_id="cfg_1")
        updated = await alice.until("session.updated")
        assert updated.session.audio.input.format.type == "audio/pcmu"

        await alice.connection.response.create(response={"metadata": {"purpose": "greeting"}})
        done = await alice.until("response.done")
        assert done.response.metadata == {"purpose": "greeting"}

        audio = load("he_opening_hours").audio + SILENCE
        for start in range(0, len(audio), 160):
            frame = base64.b64encode(audio[start : start + 160]).decode()
            await alice.connection.input_audio_buffer.append(audio=frame)
        completed = await alice.until("conversation.item.input_audio_transcription.completed")
        assert completed.transcript == load("he_opening_hours").text

        await alice.connection.response.create()
        done = await alice.until("response.done")
        item = done.response.output[0]
        assert item.content[0].transcript == "From nine to five."
        await alice.connection.conversation.item.truncate(
            item_id=item.id, content_index=0, audio_end_ms=500
        )
        await alice.until("conversation.item.truncated")
        await alice.connection.conversation.item.retrieve(item_id=item.id)
        shown = await alice.until("conversation.item.retrieved")
        heard = base64.b64decode(shown.item.content[0].audio)
        assert heard == speech("From nine to five.", "marin")[: 500 * 8]

        await alice.connection.conversation.item.delete(item_id=item.id)
        await alice.until("conversation.item.deleted")
        await alice.connection.response.cancel()
        error = await alice.until("error")
        assert error.error.code == "response_cancel_not_active"
    assert stand_in.flags == []
    assert len(stand_in.items()) == 2


# The product's own codec

SETTINGS = wire.SessionSettings(
    voice="marin",
    transcription_model="gpt-4o-mini-transcribe",
    transcription_prompt="a clinic",
    tools=(END_CALL,),
    limits=Limits(),
)


async def test_the_product_and_the_stand_in_understand_each_other() -> None:
    goodbye = Reply((Say("Goodbye for now."), UseTool("end_call", {"reason": "done"})))
    scenario = Scenario(replies=(goodbye, say("Hello.")), pacing=INSTANT)
    async with session(scenario) as (client, stand_in):
        send = client.connection.send
        await send(wire.session_update(SETTINGS, "Be brief.", "compact"), text=True)
        await client.until("session.updated")
        audio = load("en_goodbye").audio + SILENCE
        for start in range(0, len(audio), 160):
            payload = base64.b64encode(audio[start : start + 160]).decode()
            await send(wire.append(payload), text=True)
        await client.until("conversation.item.input_audio_transcription.completed")
        request = commands.RequestResponse("answer_1", commands.Purpose.ANSWER)
        await send(wire.request_response(request), text=True)
        response = await client.finished()
        spoken, call = response["output"]
        tool = commands.AnswerTool(call["call_id"], call["name"], call["arguments"], "{}", True)
        for made in (
            wire.answer_tool(tool),
            wire.truncate_item(commands.TruncateItem(spoken["id"], 100)),
            wire.add_note(commands.AddNote("Be brief.")),
            wire.clear_input_audio(commands.ClearInputAudio()),
            wire.delete_item(commands.DeleteItem(spoken["id"])),
        ):
            await send(made, text=True)
        await client.until("conversation.item.deleted")
        assert client.of("error") == []
        await send(wire.cancel_response(commands.CancelResponse(response["id"])), text=True)
        await client.until("error")
    passed_over = {Ignored("")}
    for event in stand_in.server_events():
        decoded = wire.decode(orjson.dumps(event))
        assert not isinstance(decoded, Ignored) or decoded in passed_over, event
