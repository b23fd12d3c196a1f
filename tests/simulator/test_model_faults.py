from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from prosaas.simulator.clips import load
from prosaas.simulator.model import (
    AUDIO_DELTA,
    INSTANT,
    QUOTA_EXHAUSTED,
    SESSION_TOO_OLD,
    AbortSocket,
    CloseSocket,
    Incident,
    ModelSession,
    Pacing,
    Repeat,
    Scenario,
    SendError,
    SendEvent,
    SendText,
    Stall,
    mid_reply,
    say,
)
from tests.simulator.realtime_client import SILENCE, client_of, model, session

LONG = "We are open from Sunday to Thursday, from nine in the morning until five in the afternoon."


def _with(*incidents: Incident, **fields: Any) -> Scenario:
    return Scenario(replies=(say(LONG),) * 3, incidents=incidents, **{"pacing": INSTANT, **fields})


def _sent_at(stand_in: ModelSession, kind: str) -> float:
    return next(event.at for event in stand_in.log.events_sent if event.type == kind)


@pytest.mark.parametrize(
    ("action", "code"),
    [(SESSION_TOO_OLD, 1001), (CloseSocket(1011, "keepalive"), 1011), (CloseSocket(1013), 1013)],
)
async def test_the_socket_is_closed_behind_the_nth_delta(action: CloseSocket, code: int) -> None:
    async with session(_with(mid_reply(action, deltas=4))) as (client, stand_in):
        with pytest.raises(ConnectionClosed) as caught:
            await client.reply()
        await stand_in.closed.wait()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == code
    assert caught.value.rcvd.reason == action.reason
    assert len(client.of(AUDIO_DELTA)) == 4
    assert client.types()[-1] == AUDIO_DELTA
    assert stand_in.close_code == code


async def test_nothing_follows_the_event_behind_which_the_socket_is_closed() -> None:
    closing = Incident("response.done", (CloseSocket(1011),))
    async with session(_with(closing)) as (client, _):
        with pytest.raises(ConnectionClosed):
            await client.reply()
    assert client.types()[-1] == "response.done"


async def test_the_connection_is_reset_without_a_goodbye() -> None:
    async with session(_with(mid_reply(AbortSocket(), deltas=2))) as (client, stand_in):
        with pytest.raises(ConnectionClosedError) as caught:
            await client.reply()
        await stand_in.closed.wait()
    assert caught.value.rcvd is None
    assert isinstance(caught.value.__cause__, ConnectionResetError)
    assert len(client.of(AUDIO_DELTA)) <= 2  # a reset may overtake what was sent
    assert stand_in.close_code == 1006


async def test_a_used_up_quota_is_an_error_and_then_the_end() -> None:
    async with session(_with(Incident("response.created", QUOTA_EXHAUSTED))) as (client, _):
        with pytest.raises(ConnectionClosed):
            await client.reply()
    assert client.types() == ["response.created", "error"]
    assert client.events[-1]["error"]["code"] == "insufficient_quota"


async def test_a_stall_holds_every_event_back_and_loses_none() -> None:
    stall = Incident("input_audio_buffer.speech_stopped", (Stall(30),))
    async with session(_with(stall), speed=100) as (client, stand_in):
        await client.speak(load("he_yes").audio + SILENCE)
        await client.until("input_audio_buffer.speech_stopped")
        await client.receive()
        assert stand_in.log.clock.now() - _sent_at(stand_in, client.types()[-2]) > 29
        await client.until("conversation.item.input_audio_transcription.completed")
    sent = [event["event_id"] for event in stand_in.server_events()]
    assert sent[-len(client.events) :] == [event["event_id"] for event in client.events]


async def test_a_deaf_stall_reads_nothing_meanwhile() -> None:
    stall = Incident("response.created", (Stall(100, deaf=True),))
    async with session(_with(stall), speed=100) as (client, stand_in):
        await client.send("response.create")
        await stand_in.has_sent("response.created")
        await client.speak(SILENCE)
        await client.send("input_audio_buffer.clear")
        assert stand_in.written_ms == 0
        await client.until("input_audio_buffer.cleared")
    assert stand_in.written_ms == 1000


async def test_events_of_the_future_come_among_the_known_ones() -> None:
    strange = Incident(AUDIO_DELTA, (SendEvent("response.output_smell.delta", {"delta": "rose"}),))
    async with session(_with(strange, extra_fields=True), checks=False) as (client, _):
        response = await client.reply()
    assert response["status"] == "completed"
    assert client.of("response.output_smell.delta")[0]["delta"] == "rose"
    assert all("x_from_the_future" in event for event in client.events)


async def test_what_is_no_json_can_be_sent() -> None:
    broken = Incident("response.created", (SendText('{"type": "response.'),))
    async with session(_with(broken)) as (client, _):
        await client.send("response.create")
        await client.until("response.created")
        with pytest.raises(orjson.JSONDecodeError):
            await client.receive()
        assert (await client.finished())["status"] == "completed"


async def test_errors_and_repetitions_strike_where_they_are_told() -> None:
    scenario = _with(
        Incident(AUDIO_DELTA, (Repeat(),), nth=2),
        Incident("response.done", (SendError("server_error"),)),
    )
    async with session(scenario) as (client, _):
        await client.reply()
    deltas = [event["event_id"] for event in client.of(AUDIO_DELTA)]
    assert deltas[1] == deltas[2]
    assert len(set(deltas)) == len(deltas) - 1
    kinds = client.types()
    assert kinds[kinds.index("response.done") + 1] == "error"


async def test_an_incident_may_strike_later() -> None:
    later = Incident("session.updated", (CloseSocket(1001),), delay=5)
    async with session(_with(later), speed=100) as (client, stand_in):
        with pytest.raises(ConnectionClosed):
            await client.receive()
    assert stand_in.log.clock.now() - _sent_at(stand_in, "session.updated") >= 5


async def test_deltas_may_be_huge() -> None:
    huge = Pacing(first_delta=(0, 0), delta_ms=(8000, 9000), times_real_time=None)
    scenario = Scenario(replies=(say(" ".join([LONG] * 5)),), pacing=huge)
    async with session(scenario) as (client, _):
        await client.reply()
    assert len(client.audio()) / len(client.of(AUDIO_DELTA)) > 40_000


async def test_each_session_that_is_used_takes_the_next_scenario() -> None:
    scenarios = [Scenario(replies=(say(text),), pacing=INSTANT) for text in ("First.", "Second.")]
    async with (
        model(scenarios=scenarios) as running,
        client_of(running) as kept_ready,
        client_of(running) as bob,
        client_of(running) as charlie,
    ):
        await kept_ready.until("session.created")
        said = []
        for client in (bob, charlie):
            await client.configure()
            response = await client.reply()
            said.append(response["output"][0]["content"][0]["transcript"])
        assert said == ["First.", "Second."]
        assert running.sessions[0].scenario is None


async def test_a_session_may_be_cast_by_the_first_thing_that_its_client_says() -> None:
    def cast(_session: ModelSession, first_event: dict[str, Any]) -> Scenario:
        name = first_event["session"]["instructions"]
        return Scenario(replies=(say(f"This is {name}."),), pacing=INSTANT)

    async with (
        model(casting=cast) as running,
        client_of(running) as bob,
        client_of(running) as charlie,
    ):
        said = []
        for client, name in ((charlie, "Charlie"), (bob, "Bob")):
            await client.configure({"type": "realtime", "instructions": name})
            response = await client.reply()
            said.append(response["output"][0]["content"][0]["transcript"])
    assert said == ["This is Charlie.", "This is Bob."]


async def test_a_client_that_leaves_takes_everything_with_it() -> None:
    before = len(asyncio.all_tasks())
    never = Pacing(first_delta=(1e9, 1e9))
    async with asyncio.timeout(20), model(_with(pacing=never)) as running:
        for _ in range(20):
            async with client_of(running) as client:
                await client.configure()
                await client.speak(load("he_yes").audio + SILENCE)
                await client.send("response.create")
                await client.until("response.created")
        for session in running.sessions:
            await session.closed.wait()
            assert session.close_code == 1000
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before
