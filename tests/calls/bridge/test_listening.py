"""The caller's frames are looked into while the agent speaks, and then alone."""

from __future__ import annotations

import asyncio

import pytest

from calls.wire import twilio
from tests.calls.bridge.rig import CALLER, VOICE, Rig


@pytest.fixture
def looked_into(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The payloads of which the bytes were wanted."""
    payloads: list[str] = []

    def decoded(payload: str) -> bytes:
        payloads.append(payload)
        return real(payload)

    real = twilio.decoded
    monkeypatch.setattr("calls.bridge.twilio.decoded", decoded)
    return payloads


async def says(rig: Rig, payload: str, ms: int) -> None:
    for _ in range(ms // 20):
        rig.caller_sends(payload)
        await asyncio.sleep(0.02)


async def speaks_on(rig: Rig) -> None:
    """The agent is in the middle of a long answer; the line has been quiet for half a second."""
    await rig.greets()
    rig.model.commits()
    rig.model.understands("Tell me about roses")
    rig.model.starts_response("resp_2")
    rig.model.speaks(20_000, "item_2", "resp_2")
    await says(rig, CALLER, 500)


async def test_no_frame_is_looked_into_while_the_agent_is_silent(
    rig: Rig, looked_into: list[str]
) -> None:
    await says(rig, VOICE, 200)  # nobody is there yet
    await rig.greets()
    await says(rig, VOICE, 1000)
    assert looked_into == []
    assert len(rig.forwarded) == 60


async def test_every_frame_is_looked_into_once_while_the_agent_speaks(
    rig: Rig, looked_into: list[str]
) -> None:
    await speaks_on(rig)
    looked_into.clear()
    await says(rig, CALLER, 1000)
    assert looked_into == [CALLER] * 50


async def test_a_voice_of_200_ms_stops_the_agent_before_the_model_has_noticed_it(rig: Rig) -> None:
    await speaks_on(rig)
    await says(rig, VOICE, 180)
    assert clears(rig) == 0
    await says(rig, VOICE, 20)
    assert clears(rig) == 1

    taken = rig.frames_taken
    await says(rig, VOICE, 200)
    assert rig.frames_taken == taken
    assert rig.model.heard_of("response.cancel") == []  # nothing is lost yet


async def test_what_was_nothing_lets_the_agent_go_on_where_they_were(rig: Rig) -> None:
    await speaks_on(rig)
    await says(rig, VOICE, 200)
    taken = rig.frames_taken
    await says(rig, CALLER, 600)
    await says(rig, CALLER, 400)
    assert rig.frames_taken >= taken + 20
    assert rig.model.heard_of("conversation.item.truncate") == []
    assert not rig.running.done()


async def test_a_frame_goes_to_the_model_whatever_it_sounds_like(rig: Rig) -> None:
    await speaks_on(rig)
    before = len(rig.forwarded)
    await says(rig, VOICE, 300)
    await says(rig, CALLER, 300)
    assert rig.forwarded[before:] == [VOICE] * 15 + [CALLER] * 15


def clears(rig: Rig) -> int:
    return sum(message["event"] == "clear" for _at, message in rig.carrier_took)
